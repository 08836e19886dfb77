"""Fitting a model to frames: one loop for a CPU, a GPU or many, resumed to the same weights."""
