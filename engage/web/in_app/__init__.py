"""One blueprint for one audience: in-app."""
