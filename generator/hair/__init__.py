"""What grows on a head: scalp hair, beard, brows and lashes as cards rooted on the skin."""
