"""How good predictions are: arrays of labels and predictions to figures, undefined ones as None."""
