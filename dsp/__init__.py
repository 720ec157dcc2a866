"""Sound in, sound out: pure signal code. No sockets, no devices, no files but model bundles; imports no other room."""
