"""The gate: one policy a file, one ordered tuple, pure checks."""
