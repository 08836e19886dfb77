"""The command line: one thin file a job. Nothing imports this folder."""
