"""The audit of a data set: does a picture show each AU where it acts, and more the stronger it is?

Takes a data set's folder, makes some of its people again, each action unit alone, and gives
figures, plots and sheets; of a folder that was not made here, what its frames allow.
"""
