"""What shapes a voice on purpose: gate, tone, level, attack, and the mix of several microphones. Stages of a lane."""
