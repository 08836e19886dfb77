"""What generated faces are worth beside real ones: sharpness, distance, identity, action units.

Takes finished data sets, real and 2D ones of them, gives tables and sheets. Reads shards alone, so
that it judges any picture that lies in them, whoever made it.
"""
