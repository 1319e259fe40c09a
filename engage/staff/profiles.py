"""How a colleague signs: title, department, phone and hours, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from engage.errors import InputError
from engage.staff.tables import StaffMember

PROFILE = ("title", "department", "names", "hours")
LANGUAGES = ("ja", "en")


def set_profile(member: StaffMember, *, phone: str | None = None, **texts: Mapping[str, str]) -> None:
    """Sets what is given, language by language, and leaves the rest."""
    for name, by_language in texts.items():
        if name not in PROFILE or not set(by_language) <= set(LANGUAGES):
            raise InputError("a profile has title, department, names and hours, each in ja and en", where=name)
        said = {language: text for language, text in by_language.items() if text}
        setattr(member, name, {**getattr(member, name), **said})
    if phone:
        member.phone = phone
