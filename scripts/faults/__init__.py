"""What `scripts.fault_campaign` does to commands and files, a file a kind of harm; each part takes
a room to work in and gives a tally of what happened."""
