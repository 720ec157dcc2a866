"""Sound in, sound out: pure signal code. No files, no sockets, no devices; imports none of our other rooms."""
