"""Hair, brows and lashes of the MakeHuman pack that the user added, worn by our heads.

Takes the added files and a person, gives cards that follow the skin and pictures for their charts.
"""
