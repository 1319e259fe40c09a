"""What a template may say, and what it is refused."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from engage.errors import PlaybookError
from engage.messages.sandbox import compile_source, paths_used

REFUSED = [
    "{{ account.name.upper() }}",
    "{{ 'A' * 1000000000 }}",
    "{{ '%999999999d' % 1 }}",
    "{{ 2 ** 99 }}",
    "{{ rows | map('upper') }}",
    "{{ rows | attr('x') }}",
    "{{ html | safe }}",
    "{% set a = 1 %}",
    "{% for i in range(10) %}{% endfor %}",
    "{% for i in rows | sort %}{% endfor %}",
    "{% for a in x %}{% for b in a.y %}{% for c in b.z %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in x recursive %}{% endfor %}",
    "{{ account.__class__ }}",
    "{{ account['__class__'] }}",
    "{{ _private }}",
    "{{ account[key] }}",
    "{{ account[1:2] }}",
    "{% include 'other' %}",
    "{% import 'other' as o %}",
    "{% extends 'other' %}",
    "{% macro m() %}{% endmacro %}",
    "{% block b %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{{ x is callable }}",
    "{{ x | _rows }}",
    "{{ {'a': 1} }}",
]


def fill(source: str, html: bool = False, locale: str = "ja", **facts: object) -> str:
    return compile_source(source, locale=locale, html=html, where="t").render(facts)


@pytest.mark.parametrize("source", REFUSED)
def test_what_could_run_away_or_reach_out_is_refused_with_its_place(source: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        fill("line one\n" + source)

    assert caught.value.problems[0].line == 2


def test_escaping_cannot_be_switched_off() -> None:
    with pytest.raises(PlaybookError, match="not part of the template language"):
        fill("{% autoescape false %}{{ x }}{% endautoescape %}")


def test_broken_syntax_names_the_line() -> None:
    with pytest.raises(PlaybookError, match=r"welcome/ja:2:1: template-syntax"):
        compile_source("fine\n{{ account.", locale="ja", html=True, where="welcome/ja")


def test_methods_and_attributes_of_values_cannot_be_reached() -> None:
    class Secret:
        word = "secret"

    with pytest.raises(UndefinedError):
        fill("{{ thing.word }}", thing=Secret())
    with pytest.raises(UndefinedError):
        fill("{{ account.items }}", account={"name": "x"})


@pytest.mark.parametrize("source", ["{{ csm.name }}", "{{ csm.deep.er }}", "{{ csm }}", "{{ 'a' ~ csm.name }}"])
def test_a_missing_fact_is_never_printed(source: str) -> None:
    with pytest.raises(UndefinedError, match="csm"):
        fill(source)
    with pytest.raises(UndefinedError):
        fill("{{ csm.name }}", csm={"name": None})


def test_a_comparison_with_a_missing_fact_is_false() -> None:
    for comparison in ("<", "<=", ">", ">=", "==", "!="):
        assert fill("{% if usage.users " + comparison + " 3 %}yes{% else %}no{% endif %}") == "no"
    assert fill("{{ 'a' if 'x' in usage.list else 'b' }}") == "b"


def test_missing_can_be_asked_for() -> None:
    source = "{{ 'none' if csm.name is missing else 'there' }} {{ 'there' if account.name is set else 'none' }}"

    assert fill(source, account={"name": "青葉"}) == "none there"
    assert fill("{{ csm.name | default('our team') }}") == "our team"


def test_html_is_escaped_and_text_is_not() -> None:
    assert fill("{{ n }}", html=True, n="<b>A&B</b>") == "&lt;b&gt;A&amp;B&lt;/b&gt;"
    assert fill("{{ n }}", n="<b>A&B</b>") == "<b>A&B</b>"
    assert fill("{{ n | lines }}", html=True, n="<a>\nb") == "&lt;a&gt;<br>b"


def test_a_loop_ends_after_five_hundred_rows_and_takes_lists_only() -> None:
    assert len(fill("{% for x in rows %}.{% endfor %}", rows=[1] * 10_000)) == 500
    assert fill("{% for x in rows %}{{ loop.index }}{{ x.a }} {% endfor %}", rows=[{"a": 1}, {"a": 2}]) == "11 22 "
    with pytest.raises(ValueError, match="list"):
        fill("{% for x in rows %}.{% endfor %}", rows="text")


@pytest.mark.parametrize(
    ("source", "ja", "en"),
    [
        ("{{ '2027-03-31' | date }}", "2027年3月31日", "March 31, 2027"),
        ("{{ '2027-03-31T10:00:00+09:00' | date('weekday') }}", "2027年3月31日(水)", "Wednesday, March 31, 2027"),
        ("{{ '2027-03-31' | date('month') }}", "2027年3月", "March 2027"),
        ("{{ 1234.56 | number }}", "1,234.6", "1,234.6"),
        ("{{ 1200000 | money('JPY') }}", "1,200,000円", "¥1,200,000"),
        ("{{ 120050 | money('USD') }}", "$1,200.50", "$1,200.50"),
        ("{{ 0.256 | percent }}", "26%", "26%"),
        ("{{ 0.256 | percent(1) }}", "25.6%", "25.6%"),
        ("{{ 1 | plural('user', 'users') }}", "user", "user"),
        ("{{ '2027-04-28' | business_days_later(2, 'JP') | date('short') }}", "5月6日", "May 6"),
    ],
)
def test_dates_numbers_and_money_are_written_for_the_reader(source: str, ja: str, en: str) -> None:
    assert (fill(source), fill(source, locale="en")) == (ja, en)


def test_facts_used_are_found_without_loop_names() -> None:
    source = "{% for row in goal.rows %}{{ row.x }}{{ loop.index }}{% endfor %}{{ csm.name | default(team.name) }}"

    assert paths_used(source, locale="ja", where="t") == {("goal", "rows"), ("csm", "name"), ("team", "name")}
