"""ViTPain: a face and a neutral of the same person to PSPI, levels of pain and action units."""
