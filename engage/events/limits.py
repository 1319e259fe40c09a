"""How much one request, one batch and one message may be: Segment's documented limits, and our own for depth."""

from __future__ import annotations

MAX_BODY_BYTES = 500 * 1024
MAX_BATCH_MESSAGES = 2_500
MAX_MESSAGE_BYTES = 32 * 1024
MAX_DEPTH = 32
MAX_ID_CHARS = 255
