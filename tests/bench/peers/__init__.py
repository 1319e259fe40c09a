"""The others: each module is one process that does the same mail its own way."""
