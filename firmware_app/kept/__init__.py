"""Everything that is saved: kept files, presets, scenes, mutes, PIN, backup."""
