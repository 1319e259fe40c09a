"""One provider's URL in `ENGAGE_EMAIL_URL`, with its options; whatever is wrong with it is said with a way out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from engage.errors import InputError

Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class ProviderUrl:
    """A URL whose scheme names the provider; the rest is the provider's business."""

    text: str

    @property
    def scheme(self) -> str:
        """What names the provider."""
        return urlsplit(self.text).scheme

    @property
    def path(self) -> str:
        """What stands behind the scheme and the host."""
        return urlsplit(self.text).path

    @property
    def options(self) -> dict[str, str]:
        """What stands behind the question mark."""
        return dict(parse_qsl(urlsplit(self.text).query, keep_blank_values=True))

    def insist_on(self, known: Collection[str]) -> None:
        """Refuses an option that the provider does not know: a misspelt one would silently do nothing."""
        unknown = sorted(self.options.keys() - known)
        if unknown:
            raise wrong(f"{self.scheme}: has no option {unknown[0]}", hint=", ".join(sorted(known)))

    def number(self, name: str, default: int, *, most: int) -> int:
        """An option that is a whole number from 1 on."""
        said = self.options.get(name, str(default))
        if not said.isdecimal() or not 1 <= int(said) <= most:
            raise wrong(f"{name} must be a number from 1 to {most}")
        return int(said)

    def choice(self, name: str, meanings: Mapping[str, Choice], default: str) -> Choice:
        """An option that is one of a few words."""
        said = self.options.get(name, default)
        if said not in meanings:
            raise wrong(f"{name}={said} is none of {', '.join(sorted(meanings))}")
        return meanings[said]


def wrong(why: str, hint: str | None = None) -> InputError:
    """What is said of a URL that cannot be used."""
    usual = "outbox:, smtp://user:pass@host:587, smtps://user:pass@host:465 or sendgrid:"
    return InputError(f"the email URL cannot be used: {why}", where="ENGAGE_EMAIL_URL", hint=hint or usual)
