"""The part of the reference that tells of `tests:` and `never:`."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from engage.language.examples import Example, Expected, Given, GivenPerson, Happening
from engage.language.invariants import FORMS

MODELS: dict[str, type[BaseModel]] = {
    "an example of tests": Example,
    "given": Given,
    "a person of given": GivenPerson,
    "a row of then": Happening,
    "a row of expect": Expected,
}
TESTS = """\
## Examples: `tests:`

Each example is played by the real engine, on a store and a clock of its own: `engage playbooks test`.

```yaml
tests:
  - name: renewed in the meantime, so no reminder
    given: {contract: {ends_on: 2027-03-31}}
    then:
      - {at: 2026-12-04 14:00, event: contract.renewed, properties: {ends_on: 2028-03-31}}
    expect:
      - {at: 2026-12-01 09:00..17:30 Asia/Tokyo, email: renewal/value-so-far, to: champion}
      - {in_app: renewal/notice}
      - {at: 2026-12-04, ends: goal}
      - {at: 2026-12-05..2027-01-31, nothing: anything}
```

- **Every mail and in-app message that reaches a customer until the example ends must be in `expect`**; one that is not
  fails the example. Tasks, ends and what was held or skipped are looked at only where a row speaks of them.
- An example ends with the last moment that `expect` names, or with `until`.
- What is not given has a default: an account in Japan (ja, Asia/Tokyo, touch model tech, so that nobody is asked); one
  contact for each role that the playbook asks for, called like the role; a contract of one year where the playbook has
  to do with one (with `ends_on` alone it began a year before, with `starts_on` alone it ends a year after, with neither
  it began 60 days before the example; it has no notice deadline unless you say one); colleagues csm, sales, cs_head and
  ceo. Facts of account, contract, goal and hand-over that a template needs come from the samples. All else is missing.
- Answers and use of the product are not given: let them happen (`then`, with `times` for use).
- `at` is a day (`2026-12-01`; in `then`: ten o'clock), a moment (`2026-12-01 09:00`; in `expect`: less than 15 minutes
  from then), a time of a day (`2026-12-01 09:00..17:30`), days (`2026-12-01..2026-12-05`), or from one moment to
  another; then perhaps a zone. Without one it is the account's.
"""
NEVER = """\
## Invariants: `never:`

Sentences about what must not happen, whatever customers do. `engage playbooks test` tries to break them: it invents
histories out of the playbook itself (its dates, events, conditions, recipients) and tells the shortest one that does.
The forms, with numbers, lengths, events, conditions, roles and steps of your own:

{forms}

- Where it says *messages*, *customer messages* (both are mails and in-app messages), *emails*, *in-app messages* or
  *tasks*, each of these words can stand.
- `… to <role> while <condition>` is both at once.
- A *reminder* is a mail of a step whose id or template has `reminder` in its name; it reminds of the mail step before
  it. `<step> without <other step>` says so of any two steps.
- Only what was handed over counts, at the moment when it was.
"""


def forms() -> str:
    """The sentence forms as a list."""
    return "\n".join(f"- `{form}`" for form, *_ in FORMS)


def sections() -> Iterator[str]:
    """The two sections without their tables."""
    yield TESTS
    yield NEVER.format(forms=forms())
