"""Any head mesh laid on the Anny head: takes a mesh file, gives its parts, frame and both maps."""
