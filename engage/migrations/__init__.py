"""Alembic migrations; they travel with the package."""
