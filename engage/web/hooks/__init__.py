"""One blueprint for one audience: hooks."""
