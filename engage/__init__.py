"""Engage: the tech-touch digital engagement engine for customer success."""
