"""One blueprint for one audience: public."""
