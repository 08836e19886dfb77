"""The comparison of training on real, 2D and 3D frames: arms, cells, statistics, report.

Takes registered data sets and a configuration; gives a folder of cells (a model trained and tested
in one arm, fold, seed and share of subjects) and, from their stored predictions alone, a report.
"""
