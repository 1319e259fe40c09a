"""Hostile files and conditions are refused, quickly and with a place; none of them is read half."""

from __future__ import annotations

import time

import pytest

from engage.errors import PlaybookError
from engage.language.catalogue import Catalogue
from engage.language.expressions import ExpressionError, parse_expression
from engage.language.tags import protect, restore
from engage.language.template_facts import TemplateSourceError, facts_named
from engage.language.templates import IncludeError, SourceFile, resolve_includes
from engage.language.yaml_reading import read_yaml

SOON = 10.0  # seconds of processor time; each takes far less, an unbounded one would take minutes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &x [1]\nb: *x", "no-aliases"),
        ("a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]", "no-aliases"),
        ("&a " * 5000, "no-aliases"),
        ("a: 1\n'a': 2", "double-key"),
        ("a: !!python/object:os.system x", "no-tags"),
        ("a: " + "x" * 300_000, "file-too-large"),
        ("[" + "1," * 30_000 + "1]", "file-too-large"),
        ("[" * 3000 + "]" * 3000, "too-deep"),
        ("{a: " * 3000 + "1" + "}" * 3000, "too-deep"),
        ("- " * 3000 + "a", "too-deep"),
        ("\n".join(" " * depth + "a:" for depth in range(100)), "too-deep"),
        ("a: " + "9" * 5000, "bad-number"),
        ("a: 0x" + "f" * 5000, "bad-number"),
        ("a: 1e999999", "bad-number"),
        ("a: .nan", "bad-number"),
        ('a: "\\ud800"', "bad-text"),
        ('a: "\\0"', "bad-text"),
        ("a: 1\n---\nb: 2", "bad-yaml"),
        ("? [a]\n: 1", "bad-key"),
    ],
)
def test_a_hostile_file_is_refused(text: str, code: str) -> None:
    begun = time.process_time()
    with pytest.raises(PlaybookError) as caught:
        read_yaml(text, "x.yaml")
    assert {problem.code for problem in caught.value.problems} == {code}
    assert time.process_time() - begun < SOON


@pytest.mark.parametrize(
    "text",
    [
        "range(10**9) is set",
        "'a' * 1000000000 == 'b'",
        "10 ** 9 > 3",
        "account.name.__class__ == 'x'",
        "''.__class__.__mro__ is set",
        "account['__class__'] is set",
        "account.name.upper() == 'X'",
        "account.name | upper == 'X'",
        "usage.events > " + "9" * 1900,
        "usage.events > 0x" + "f" * 900,
        "1e308 * 1e308 > 1",
        "(" * 900 + "true" + ")" * 900,
        "not " * 450 + "true",
        "-" * 1900 + "1 > 0",
        "[" * 600 + "1" + "]" * 600,
        "(" * 200 + "usage.events" + " + 1)" * 200 + " > 1",
        "lower(" * 250 + "account.name" + ")" * 250 + " == 'x'",
        "account" + ".a" * 900 + " is set",
        "true or " * 400_000 + "true",
        'count("report.created", days=99999999999) > 1',
        "lambda: 1",
        "{1: 2} is set",
        "'a' ~ 'b' == 'c'",
    ],
)
def test_a_hostile_condition_is_refused(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(ExpressionError):
        parse_expression(text, Catalogue.builtin())
    assert time.process_time() - begun < SOON


@pytest.mark.parametrize(
    "text", ["{{ " + "9" * 5000 + " }}", "{{ " + "not " * 5000 + "1 }}", "{{ a" + ".a" * 5000 + " }}"]
)
def test_a_hostile_template_names_no_facts(text: str) -> None:
    with pytest.raises(TemplateSourceError):
        facts_named("{{ " + text + " }}")


def test_tags_that_are_never_closed_are_looked_for_once() -> None:
    begun = time.process_time()
    for text in ("{{" * 60_000, "{#" * 60_000 + "{{ a }}", "{%" * 60_000 + "#}"):
        protected, tags = protect(text)
        assert restore(protected, tags) == text
    assert time.process_time() - begun < SOON


def test_pieces_that_include_pieces_do_not_grow_without_end() -> None:
    layout = {
        ("en", f"_layout/{name}"): SourceFile(name, f'{{% include "_layout/{inner}" %}}' * 2000)
        for name, inner in (("a", "b"), ("b", "c"))
    } | {("en", "_layout/c"): SourceFile("c", "x" * 1000)}
    with pytest.raises(IncludeError) as caught:
        resolve_includes(SourceFile("start", '{% include "_layout/a" %}'), "en", layout)
    assert caught.value.problem.code == "template-too-large"
