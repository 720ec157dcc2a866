"""The rack: parallel chains of processors into one mixer, with the dry path beside them."""
