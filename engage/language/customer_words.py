"""The words by which all departments speak of customers: segments, phases, and what customers use the product for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from engage.language.words import Text, Words

WordKey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=60)]
USE_CASE = "use_case"
"""What conditions and templates call the use case that fits a customer best."""
FITS_BY = {"industries": "account.industry", "departments": "account.department", "problems": "account.problem"}
"""By which facts of the customer a use case fits: the list in the file, and the fact."""


class CustomerWord(Words):
    """A segment or a phase."""

    title: Text = Field(description="what people call it")
    about: Text | None = Field(default=None, description="who belongs there, in a sentence")


class UseCase(Words):
    """What customers of a kind do with the product: for whom, against what, with which feature."""

    title: Text = Field(description="what it is, as the customer reads it")
    text: Text | None = Field(default=None, description="how it is done, in a sentence or two")
    url: str | None = Field(default=None, pattern=r"^https?://\S+$", description="where it is shown in full")
    industries: tuple[WordKey, ...] = Field(default=(), description="for which industries; for any, where absent")
    departments: tuple[WordKey, ...] = Field(default=(), description="for which departments; for any, where absent")
    problems: tuple[WordKey, ...] = Field(default=(), description="against which problems; any, where absent")
    feature: WordKey | None = Field(default=None, description="the feature that does it")


class UseCases(Words):
    """Use cases, and the words that they are made of."""

    industries: dict[WordKey, Text] = Field(default={}, description="what `account.industry` may be")
    departments: dict[WordKey, Text] = Field(default={}, description="what `account.department` may be")
    problems: dict[WordKey, Text] = Field(default={}, description="what `account.problem` may be")
    features: dict[WordKey, Text] = Field(default={}, description="features of the product")
    cases: dict[WordKey, UseCase] = Field(default={}, description="the use cases; of equals the first one fits")

    def fitting(self, account: Mapping[str, Any]) -> str | None:
        """The use case that fits the customer best: with most in common, of equals the first; None when none does."""
        best, most = None, 0
        for key, case in self.cases.items():
            common = self._in_common(case, account)
            if common is not None and (best is None or common > most):
                best, most = key, common
        return best

    @staticmethod
    def _in_common(case: UseCase, account: Mapping[str, Any]) -> int | None:
        common = 0
        for words, path in FITS_BY.items():
            wanted = getattr(case, words)
            if wanted:
                if account.get(path.removeprefix("account.")) not in wanted:
                    return None
                common += 1
        return common

    def facts(self, key: str | None, locale: str) -> dict[str, Any] | None:
        """The use case as `use_case.…` in the reader's language; None where there is none of that name."""
        case = self.cases.get(key or "")
        if case is None:
            return None
        feature = self.features.get(case.feature or "")
        texts = {"title": case.title, "text": case.text, "feature_title": feature}
        said = {name: text.for_locale(locale) for name, text in texts.items() if text is not None}
        plain = {"key": key, "url": case.url, "feature": case.feature}
        return said | {name: value for name, value in plain.items() if value is not None}

    def named(self) -> Iterator[tuple[str, str, int, str]]:
        """Each word that a use case names: the case, the list, the place in it, the word."""
        for key, case in self.cases.items():
            for words in FITS_BY:
                yield from ((key, words, number, word) for number, word in enumerate(getattr(case, words)))
            if case.feature is not None:
                yield key, "features", 0, case.feature


Segments = dict[WordKey, CustomerWord]
Phases = dict[WordKey, CustomerWord]
