"""Training of the neural rig: takes people and topologies, gives weights that carry what made them.

The teacher's displacement fields are computed once for every person and topology and lie on disk;
the loop reads them in an order that the seed decides, so that any kill can be resumed.
"""
