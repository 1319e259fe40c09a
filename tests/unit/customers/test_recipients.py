"""Who a message is for."""

from __future__ import annotations

from engage.customers.recipients import Person, choose

AIKO = Person(id=1, roles=("champion", "end_user"), facts={"id": "con_a"})
BEN = Person(id=2, roles=("sponsor",), facts={"id": "con_b"})
DAN = Person(id=4, roles=("champion",), facts={"id": "con_d"})


def test_the_first_role_that_somebody_has_decides() -> None:
    assert choose(["decision_maker", "sponsor", "champion"], [AIKO, BEN], None) == BEN


def test_of_two_with_a_role_the_first_is_taken() -> None:
    assert choose(["champion"], [AIKO, DAN], None) == AIKO


def test_the_enrolled_contact_is_found_by_person_or_by_facts() -> None:
    assert choose(["contact"], [AIKO, BEN], BEN) == BEN
    assert choose(["contact"], [AIKO, BEN], {"id": "con_b"}) == BEN


def test_nobody_who_left_and_no_colleague_is_chosen() -> None:
    gone = Person(id=5, roles=("champion",), has_left=True, facts={"id": "con_e"})
    own = Person(id=6, roles=("champion",), is_staff=True, facts={"id": "con_f"})

    assert choose(["contact", "champion"], [gone, own], {"id": "con_e"}) is None
    assert choose(["champion"], [gone, own, DAN], None) == DAN


def test_without_anybody_there_is_nobody() -> None:
    assert choose(["contact", "champion"], [], None) is None
