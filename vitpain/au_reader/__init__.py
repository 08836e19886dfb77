"""A small network that reads action units from one picture of a face, to judge what others paint.

Takes shards whose action units are exact (`pain3d generate`), gives a folder with its weights, the
units it reads and how far it is off on people it never saw. It is no pain estimator: it is small,
quick and has seen nothing that it will judge.
"""
