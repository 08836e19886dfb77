"""Pain and action units from pictures, learnt from shards. Sees no renderer and no rig."""
