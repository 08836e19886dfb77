"""Shards to batches: frames of one or several data sets, pairs of face and neutral, folds.

Takes finished data sets and a random seed, gives `Batch`es. Reads tar files; imports no renderer.
"""
