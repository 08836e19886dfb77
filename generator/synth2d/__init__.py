"""The 2D path: people at PSPI 0 painted in pain by networks that never saw them, as shards.

Takes a registered data set and a folder of networks (`generator.gan2d`), gives a balanced data set:
as many pictures a person, fold and PSPI level as are asked for.
"""
