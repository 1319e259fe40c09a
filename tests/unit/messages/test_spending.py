"""Whatever a template asks for, filling it in takes bounded time and memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from engage.errors import PlaybookError
from engage.messages.sandbox import compile_source

ROWS = [{"x": "y" * 100, "rows": list(range(500))} for _ in range(500)]
FACTS = {"account": {"name": "A" * 2000, "n": 5, "rows": ROWS, "long": ["x"] * 100_000}, "big": 10**14}
LOOPS = "{% for a in account.rows %}{% for b in a.rows %}"
ENDS = "{% endfor %}{% endfor %}"


def filled(source: str, *, html: bool = False) -> str:
    return compile_source(source, locale="en", html=html, where="x").render(FACTS)


@pytest.mark.parametrize(
    "source",
    [
        LOOPS + "{{ account.name }}" + ENDS,
        LOOPS + "{{ account.name }}" * 1500 + ENDS,
        LOOPS + "{% if account.n == 3 %}x{% endif %}" * 500 + ENDS,
        LOOPS + "{% if account.name | lower | upper | lower == 'x' %}x{% endif %}" + ENDS,
        LOOPS + "{% if account.rows | join(account.name) == 'x' %}x{% endif %}" + ENDS,
        "{{ account.rows | join(account.name) }}",
        "{% for a in account.rows %}{{ account.rows }}{% endfor %}",
    ],
)
def test_work_and_text_have_an_end(source: str) -> None:
    begun = time.process_time()
    with pytest.raises(ValueError, match=r"too much work|characters"):
        filled(source)
    assert time.process_time() - begun < 20


@pytest.mark.parametrize(
    "source",
    [
        "{{ '%1000000000d' | format(1) }}",
        "{{ 'a' | center(1000000000) }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 10 ** 1000000000 }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% for a in account.rows recursive %}{{ loop(account.rows) }}{% endfor %}",
        LOOPS + "{% for c in a.rows %}x{% endfor %}" + ENDS,
        "{{ account.__class__ }}",
        "{{ account['__class__'] }}",
        "{{ account.name.upper() }}",
        "{{ [" + "1," * 5000 + "] | length }}",
        "{{ " + "~".join(["account.name"] * 5000) + " }}",
        "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}",
        "{{ account.name" + " | upper" * 3000 + " }}",
        "{{ " + "9" * 5000 + " }}",
        "{{ " + "9" * 20 + " }}",
        "{% if account.n %}" * 90 + "x" + "{% endif %}" * 90,
        "{{ 1 }}" * 7_000,
        "{{" * 20_000,
    ],
)
def test_what_could_grow_is_refused_before_it_is_filled_in(source: str) -> None:
    begun = time.process_time()
    with pytest.raises(PlaybookError):
        filled(source)
    assert time.process_time() - begun < 20


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ big | round(-1000000000) }}", "0"),
        ("{{ 1.26 | round(1) }}", "1.3"),
        ("{{ [1, 'a<b', 2.5] | join(', ') }}", "1, a<b, 2.5"),
        ("{% for a in account.rows %}{% if loop.first %}{{ loop.length }}{% endif %}{% endfor %}", "500"),
    ],
)
def test_what_people_write_still_works(source: str, text: str) -> None:
    assert filled(source) == text


def test_a_joined_text_is_escaped_in_html() -> None:
    assert filled("{{ ['<a>', 'b'] | join('<br>') }}", html=True) == "&lt;a&gt;&lt;br&gt;b"


def test_a_text_that_would_be_too_long_is_never_held() -> None:
    tracemalloc.start()
    with pytest.raises(ValueError, match="characters"):
        filled("{{ account.long | join(account.name) }}")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 20_000_000
