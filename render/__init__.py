"""A posed, textured head to a picture and its exact annotation maps, on the same pixel grid."""
