"""Faces of a data set aligned to each other, by a head that is fitted to their landmarks."""
