"""A stand-in for UNBC-McMaster in its raw layout, drawn by our own generator."""
