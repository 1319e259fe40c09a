"""One blueprint for one audience: api."""
