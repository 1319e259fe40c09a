"""Letters to colleagues, in words."""
