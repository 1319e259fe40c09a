"""What a page has its browser send back unseen."""

from __future__ import annotations

import re
from html import unescape


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms, by name."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}
