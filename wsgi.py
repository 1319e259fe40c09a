"""For any WSGI server: `gunicorn wsgi:app`."""

from __future__ import annotations

from engage.web.app import application

app = application()
