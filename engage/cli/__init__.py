"""The `engage` command: one file per noun, verbs as commands."""
