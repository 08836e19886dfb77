"""What is painted on one person: skin and its creases and flush, eyes, mouth and cloth."""
