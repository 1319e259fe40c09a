"""One blueprint for one audience: console."""
