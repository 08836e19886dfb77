"""The 2D path's network (GANimation): shards with action units to networks that paint AUs on faces.

Takes finished data sets and people to leave out, gives a folder of networks, each with the names of
those who trained it. Needs torch.
"""
