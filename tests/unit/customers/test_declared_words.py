"""Values of a customer file that nobody declared, and what was probably meant."""

from __future__ import annotations

import pytest

from engage.customers.declared_words import declared_by, doubtful
from engage.language.customer_words import CustomerWord, UseCases
from engage.language.vocabulary import FactDeclaration, Vocabulary
from engage.language.words import Text

VOCABULARY = Vocabulary(
    segments={"long_tail": CustomerWord(title=Text(ja="ロングテール", en="Small ones"))},
    use_cases=UseCases(industries={"retail": Text(ja="小売", en="Retail")}),
    facts={
        "account.visit_on": FactDeclaration(type="date"),
        "account.seats": FactDeclaration(type="number"),
        "account.vip": FactDeclaration(type="bool"),
    },
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
    assert [("unknown_word", one) for one in remarks] == list(doubtful(declared_by(VOCABULARY), subject, said))


@pytest.mark.parametrize(
    ("said", "remarks"),
    [
        ({"visit_on": "2027年3月31日", "seats": "１,２００", "vip": "はい", "nobody_knows": "2027-02-30"}, []),
        ({"visit_on": "", "seats": None}, []),
        ({"visit_on": "2027/2/30"},
         ["visit_on: '2027/2/30' is no date, so it counts as missing; write it like 2027-03-31"]),
        ({"seats": "many", "vip": "perhaps"},
         ["seats: 'many' is no number, so it counts as missing; write it like 120",
          "vip: 'perhaps' is no bool, so it counts as missing; write it like yes"]),
    ],
)  # fmt: skip
def test_a_value_not_of_its_declared_type_is_remarked_on(said: dict[str, object], remarks: list[str]) -> None:
    assert [("unreadable_value", one) for one in remarks] == list(doubtful(declared_by(VOCABULARY), "account", said))
