"""What lies in front of a face: glasses, caps, tubes, masks, a pacifier, a blanket.

Takes a dressed body and the names of what a person wears in a view; gives meshes, opaque and see
through, that fit every head and follow its expressions, and the pictures of what they are made of.
All of it is built on the mean head from sizes of real products and carried to the others.
"""
