"""Base classes, sessions and bulk statements; knows SQL, knows no table."""
