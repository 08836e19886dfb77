"""Action units to vertex motion: takes a `Head`, AU intensities and gaze, gives posed vertices."""
