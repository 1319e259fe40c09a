"""Words of a customer file that nobody declared, and what was probably meant."""

from __future__ import annotations

import pytest

from engage.customers.declared_words import declared_words, undeclared
from engage.language.customer_words import CustomerWord, UseCases
from engage.language.vocabulary import Vocabulary
from engage.language.words import Text

VOCABULARY = Vocabulary(
    segments={"long_tail": CustomerWord(title=Text(ja="ロングテール", en="Small ones"))},
    use_cases=UseCases(industries={"retail": Text(ja="小売", en="Retail")}),
)


@pytest.mark.parametrize(
    ("subject", "said", "remarks"),
    [
        ("account", {"segment": "long_tail", "industry": "retail", "phase": "whatever", "name": "Acme"}, []),
        ("account", {"segment": "long_tial"}, ["segment: nobody declared 'long_tial' (did you mean long_tail?)"]),
        ("account", {"segment": "ロングテール"}, ["segment: nobody declared 'ロングテール' (did you mean long_tail?)"]),
        ("account", {"industry": "farming"}, ["industry: nobody declared 'farming' (there are: retail)"]),
        ("account", {"segment": "", "industry": None}, []),
        ("contact", {"segment": "x", "roles": ["admin", "champoin"]},
         ["roles: nobody declared 'champoin' (did you mean champion?)"]),
    ],
)  # fmt: skip
def test_a_word_that_nobody_declared_is_remarked_on(subject: str, said: dict[str, object], remarks: list[str]) -> None:
    assert list(undeclared(declared_words(VOCABULARY), subject, said)) == remarks
