"""Data sets of other makers, as they lie on a user's disk, to `Record`s and our shards."""
