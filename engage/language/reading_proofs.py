"""What it means when an example (`tests:`) or an invariant (`never:`) cannot be read."""

from __future__ import annotations

from engage.language.reading_code import ReadingCode

_MAIL = "{at: 2027-03-31, email: welcome/hello}"

OF_PROOFS: dict[str, ReadingCode] = {
    "bad-invariant": ReadingCode(
        "A sentence of `never` cannot be checked.",
        "Write one of the forms that are named.",
        "never: [too much mail]",
        "never: [two emails to one account within 72 hours]",
    ),
    "one-thing": ReadingCode(
        "A row of an example says nothing, or two things.",
        "One row for each thing that happens or is to come.",
        "tests: [{expect: [{at: 2027-03-31, email: welcome/hello, task: Call}]}]",
        f"tests: [{{then: [{{at: 2027-03-31, event: product.opened}}], expect: [{_MAIL}]}}]",
    ),
    "contact-or-contacts": ReadingCode(
        "An example gives one person and a list of persons.",
        "Write contact for one, contacts for several.",
        f"tests: [{{given: {{contact: {{roles: [champion]}}, contacts: [{{roles: [admin]}}]}}, expect: [{_MAIL}]}}]",
        f"tests: [{{given: {{contacts: [{{roles: [champion]}}, {{roles: [admin]}}]}}, expect: [{_MAIL}]}}]",
    ),
    "no-end": ReadingCode(
        "An example does not say when it ends.",
        "Say at in a row of expect, or until.",
        "tests: [{expect: [{email: welcome/hello}]}]",
        "tests: [{until: 2027-03-31, expect: [{email: welcome/hello}]}]",
    ),
}
