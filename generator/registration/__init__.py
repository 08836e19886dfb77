"""Faces of a data set aligned to each other, by a head that is fitted to their landmarks.

Takes a finished data set with landmarks, gives one of square pictures in which every face lies at
the same place, turned in the plane or drawn from the front.
"""
