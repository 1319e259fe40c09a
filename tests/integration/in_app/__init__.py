"""The in-app inbox on real databases."""
