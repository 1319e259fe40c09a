"""Tests of the web edges."""
