"""Append-only facts from outside and inside: intake, problems, timeline."""
