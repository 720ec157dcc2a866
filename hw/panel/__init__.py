"""The running panel: switches, knobs, encoders, lights, pedals over USB."""
