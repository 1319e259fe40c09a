"""Playbooks in motion: match, enrol, decide, advance, exit, explain."""
