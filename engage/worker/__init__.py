"""Processes that do due work; the only user of RQ and Redis."""
