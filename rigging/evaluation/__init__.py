"""How close a rig comes to the teacher: takes a rig and people on topologies, gives figures."""
