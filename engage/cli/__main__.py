"""`python -m engage.cli`, for those who start Engage from a program."""

from __future__ import annotations

from engage.cli.main import main

main()
