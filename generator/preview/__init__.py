"""Looking at a data set: a contact sheet and one gallery page that needs nothing beside it.

Takes the folder of a finished data set, gives `contact.png` and `gallery.html`. Neither is part of
the data set, and their bytes are not promised.
"""
