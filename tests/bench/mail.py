"""The one mail that everybody sends: Engage's own first-use mail, with a person's values as plain placeholders."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class SampleMail:
    """A mail whose subject, HTML and text hold `{{ name }}`-like placeholders that Django and Jinja both read."""

    subject: str
    html: str
    text: str

    @classmethod
    def load_all(cls, path: Path) -> dict[str, SampleMail]:
        """The mail in each locale."""
        return {locale: cls(**parts) for locale, parts in json.loads(path.read_text(encoding="utf-8")).items()}


def save_all(path: Path, mails: dict[str, SampleMail]) -> None:
    """Leaves the mails for the other processes."""
    path.write_text(json.dumps({locale: asdict(mail) for locale, mail in mails.items()}), encoding="utf-8")


def person(number: int) -> dict[str, str]:
    """The n-th contact: every second one reads Japanese."""
    locale = "ja" if number % 2 == 0 else "en"
    family, given = ("山田", f"太郎{number}") if locale == "ja" else ("Miller", f"Ann{number}")
    return {
        "user": f"user-{number}",
        "account": f"account-{number // 4}",
        "address": f"person{number}@customer{number // 4}.example",
        "locale": locale,
        "family_name": family,
        "given_name": given,
        "company": f"株式会社見本{number // 4}" if locale == "ja" else f"Sample {number // 4} Ltd",
    }
