"""The shard: the contract between what makes labelled faces and what learns from them.

Takes `Record`s and encoded members, gives a folder of tar files with an index, a data set card and
checksums, and reads all of it back. Reads and writes files; never makes a picture.
"""
