"""Twelve drills that attack what delivery promises, on real parts: `make drills`."""
