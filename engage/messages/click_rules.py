"""Who followed a link: what gives a machine away, what leaves a doubt, and what only people do. Pure.

One sign of a machine is enough. A doubt alone leaves a click unsure, until something is done that only people do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from engage.messages.user_agents import is_program

Verdict = Literal["human", "machine", "unsure"]

SETTLES: Final = timedelta(seconds=90)  # a click is judged when all that was around it is known
USES_WITHIN: Final = timedelta(minutes=30)  # what a reader does in the product so soon after, the mail brought about
NEARBY: Final = timedelta(seconds=30)  # before and after: the minute around a fetch
TOO_SOON, SOON = timedelta(seconds=2), timedelta(seconds=10)
AT_ONCE: Final = timedelta(seconds=3)
MANY_LINKS, MANY_READERS = 3, 5
NO_SIGN: Final = "no_sign_of_a_machine"


@dataclass(frozen=True, slots=True)
class Fetch:
    """One fetch of a link of a message, by whatever it was."""

    message_id: int
    url: str
    at: datetime
    method: str
    user_agent: str | None
    network: str | None


@dataclass(frozen=True, slots=True)
class Near:
    """A fetch from the same network in the minute around: whose mail it was of."""

    contact_id: int
    account_id: int | None


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of the time around a fetch."""

    arrived_at: datetime | None  # when the mail was delivered; where nobody tells, when it was taken over
    beside: Sequence[Fetch] = ()  # fetches of the same message, itself among them
    near: Iterable[Near] = ()
    done_at: dict[str, datetime] | None = None  # by sign: when the reader first did what only people do


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the codes of its reasons."""

    verdict: Verdict
    reasons: tuple[str, ...]


def judge(fetch: Fetch, around: Around) -> Judgement:
    """Who followed the link, as far as anybody can tell."""
    machine = _holding(MACHINE_SIGNS, fetch, around)
    if machine:
        return Judgement("machine", machine)
    doubts, deeds = _holding(DOUBTS, fetch, around), _deeds(fetch, around)
    if deeds:
        return Judgement("human", (*deeds, *doubts))
    return Judgement("unsure", doubts) if doubts else Judgement("human", (NO_SIGN,))


def is_no_get(fetch: Fetch, _around: Around) -> bool:
    """It asked for something else than the page, as browsers do not."""
    return fetch.method != "GET"


def is_programs(fetch: Fetch, _around: Around) -> bool:
    """It calls itself something else than a browser."""
    return is_program(fetch.user_agent)


def is_before_arrival(fetch: Fetch, around: Around) -> bool:
    """The mail had not arrived, or had been there for less than two seconds."""
    return around.arrived_at is None or fetch.at < around.arrived_at + TOO_SOON


def is_one_of_a_burst(fetch: Fetch, around: Around) -> bool:
    """Three links of the mail or more were fetched within three seconds, this one among them."""
    close = [one for one in around.beside if abs(one.at - fetch.at) <= AT_ONCE]
    if len({one.url for one in close}) < MANY_LINKS:
        return False
    firsts = {one.at for one in close if one.at <= fetch.at}
    return any(len({one.url for one in close if first <= one.at <= first + AT_ONCE}) >= MANY_LINKS for first in firsts)


def is_one_of_a_sweep(_fetch: Fetch, around: Around) -> bool:
    """Mails to five people of more than one customer were fetched from the network in the minute around."""
    readers, accounts = _crowd(around)
    return readers >= MANY_READERS and accounts > 1


def is_from_a_busy_office(_fetch: Fetch, around: Around) -> bool:
    """Mails to five people of one customer were: its gateway, or colleagues who read them together."""
    readers, accounts = _crowd(around)
    return readers >= MANY_READERS and accounts == 1


def is_soon_after_arrival(fetch: Fetch, around: Around) -> bool:
    """The mail had been there for less than ten seconds."""
    return around.arrived_at is not None and fetch.at < around.arrived_at + SOON


Rule = Callable[[Fetch, Around], bool]

MACHINE_SIGNS: Final[dict[str, Rule]] = {
    "not_a_get": is_no_get,
    "program": is_programs,
    "before_arrival": is_before_arrival,
    "burst": is_one_of_a_burst,
    "sweep": is_one_of_a_sweep,
}
DOUBTS: Final[dict[str, Rule]] = {
    "soon_after_arrival": is_soon_after_arrival,
    "busy_office": is_from_a_busy_office,
}
DEEDS: Final = ("used_product", "answered")  # what the reader did so soon after that the mail brought it about


def _holding(rules: dict[str, Rule], fetch: Fetch, around: Around) -> tuple[str, ...]:
    return tuple(code for code, rule in rules.items() if rule(fetch, around))


def _deeds(fetch: Fetch, around: Around) -> tuple[str, ...]:
    done = around.done_at or {}
    return tuple(code for code in DEEDS if code in done and fetch.at <= done[code] <= fetch.at + USES_WITHIN)


def _crowd(around: Around) -> tuple[int, int]:
    """How many readers and customers there were near by; counted no further than matters."""
    readers, accounts = set[int](), set[int | None]()
    for one in around.near:
        readers.add(one.contact_id)
        accounts.add(one.account_id)
        if len(readers) >= MANY_READERS and len(accounts) > 1:
            break
    return len(readers), len(accounts)
