"""Read-only query families."""
