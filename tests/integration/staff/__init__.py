"""Our own people on real databases."""
