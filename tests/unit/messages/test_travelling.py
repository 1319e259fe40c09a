"""Which loser of the touch budget may travel in which mail: a table."""

from __future__ import annotations

from typing import Any, cast

import pytest

from engage.messages.travelling import Deck
from engage.releases.library import Library, TemplateSource
from tests.unit.messages.test_policies import candidate

OPEN, CLOSED = "<p>{% if merged %}{{ merged }}{% endif %}</p>", "<p>Hello</p>"
SAYS, STOPS = "<p>Review</p>", '<p>Review <a href="{{ unsubscribe_url }}">Stop</a></p>'
TEMPLATES = {1: (OPEN, None), 2: (CLOSED, SAYS), 3: (CLOSED, STOPS), 4: (CLOSED, None)}


class Shelf:
    def template(self, _session: Any, key: int) -> TemplateSource:
        html, section = TEMPLATES[key]
        return TemplateSource(key, f"t{key}", "en", "email", "Hello", html, None, {"merged": section}, "sha")


@pytest.mark.parametrize(
    ("carrier", "loser", "travels"),
    [
        ({}, {}, True),
        ({"template": 4}, {}, False),  # no place for it
        ({}, {"template": 4}, False),  # it has nothing to say in another mail
        ({"topic": "contract"}, {}, False),  # nobody could stop its topic there
        ({"topic": "contract"}, {"template": 3}, True),
        ({"purpose": "transactional", "topic": "contract"}, {"purpose": "transactional"}, True),
        ({"purpose": "transactional"}, {}, False),
        ({"sender": 7}, {}, False),
        ({"sender": 7}, {"sender": 7}, True),
        ({"account_id": 2}, {}, False),
        ({"contact_id": 2}, {}, False),
        ({"locale": "ja"}, {}, False),
        ({"is_approved": True}, {}, False),
        ({}, {"is_approved": True}, False),
        ({"copies": (candidate(),)}, {}, False),
        ({}, {"copies": (candidate(),)}, False),
        ({}, {"channel": "in_app"}, False),
        ({"channel": "in_app"}, {}, False),
    ],
)
def test_what_travels_in_what(carrier: dict[str, Any], loser: dict[str, Any], travels: bool) -> None:
    usual: dict[str, Any] = {"account_id": 1, "contact_id": 1, "locale": "en", "topic": "news"}
    deck = Deck(cast(Any, None), cast(Library, Shelf()))
    leaving = candidate(**(usual | {"template": 1} | carrier))
    deck.board([leaving])
    assert deck.carrier_of(candidate(**(usual | {"template": 2} | loser))) == (leaving if travels else None)
