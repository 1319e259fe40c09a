"""Plays an example: who is there, what happens then, and the engine at work in between, under a virtual clock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from itertools import chain, groupby

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engage.calendars.zones import first_zone, instant_of
from engage.customers.tables import Account
from engage.events.tables import Event
from engage.journeys.digesting import digest
from engage.journeys.holding_out import ALL_PLAYBOOKS, CONTROL, HOLDOUT, TREATED, drawn
from engage.journeys.splitting import way_of
from engage.journeys.tables import Enrolment
from engage.language.examples import HELD_BACK, Example, Happening
from engage.language.spec import Playbook, SplitStep, walk
from engage.language.vocabulary import Vocabulary
from engage.messages.tables import Message
from engage.releases.library import Library, LivePlaybook
from engage.rollout.proving.cast import ACCOUNT, Cast, cast_of, hire
from engage.rollout.proving.happenings import CannotHappenError, Scene
from engage.rollout.proving.looking_ahead import Lookout
from engage.rollout.proving.outcomes import SENT, Came, read_outcomes
from engage.rollout.proving.stores import Outbox, ScratchStores
from engage.rollout.stage import Stage, rounded_up
from engage.tasks.tables import Task

BEFORE = timedelta(days=30)  # what is given is known so long before anything is expected or happens
_AT = time(10, 0)
_TRIES = 10_000
_ACCOUNT_ID = "acc_example"  # the same in every play
_SO_FAR = select(
    select(func.count()).where(Message.state == "accepted").scalar_subquery(),
    select(func.count()).select_from(Task).scalar_subquery(),
)
Watch = Callable[[Stage, list[Came]], None]


class _Quiet(Library):
    """Nothing is live: what is learned starts nothing."""

    def live(self, session: Session) -> tuple[LivePlaybook, ...]:
        return ()


@dataclass(frozen=True)
class Played:
    """What came of an example, from when until when, where the customer is; and what of `then` really happened."""

    example: Example
    cast: Cast
    came: tuple[Came, ...]
    since: datetime
    until: datetime
    zone: tzinfo
    happened: tuple[tuple[datetime, Happening], ...] = ()
    heard: Mapping[str, list[datetime]] = field(default_factory=dict)  # when each event was learned, by name
    runs: Mapping[int, tuple[datetime, datetime | None]] = field(default_factory=dict)  # when each began and ended


def play(
    stores: ScratchStores, key: str, example: Example, *, watch: Watch | None = None, lenient: bool = False
) -> Played:
    """Plays it; raises CannotHappenError where a row of `then` is impossible, unless `lenient` leaves such rows out.

    `watch` looks on: after each moment it is shown what has come just then.
    """
    play_ = _Play(stores, key, example, watch)
    with _quietly():
        return play_.play(lenient=lenient)


class _Play:
    def __init__(self, stores: ScratchStores, key: str, example: Example, watch: Watch | None) -> None:
        playbook = stores.playbook(key)
        self.example = example
        self.watch = watch
        self.zone = first_zone(_said_zone(example), stores.defaults.time_zone)
        self.since, self.until = _span(example, self.zone)
        self.stage = stores.stage([key, *example.with_], self.since)
        self.lookout = Lookout(self.stage)
        known_on = self.since.astimezone(self.zone).date()
        self.cast = cast_of(example, playbook, stores.workspace, stores.vocabulary, known_on)
        live = [stores.playbook(one) for one in (key, *example.with_)]
        self.scene = Scene(self.stage, self.cast, playbook, _account_key(stores.vocabulary, live, example))
        self._seen: set[tuple[str, int]] = set()
        self._counted: tuple[int, ...] = ()

    def play(self, *, lenient: bool) -> Played:
        _learn(self.scene, self.since)
        happened = []
        for row, moments in _in_order(self.example.then, self.zone, self.since):
            self._live_until(moments[-1])
            try:
                self.scene.happens(row, moments)
                happened += [(moment, row) for moment in moments]
            except CannotHappenError:
                if not lenient:
                    raise
        self._live_until(self.until)
        return self._played(tuple(happened))

    def _played(self, happened: tuple[tuple[datetime, Happening], ...]) -> Played:
        heard: dict[str, list[datetime]] = {}
        with self.stage.database.reading() as session:
            for name, at in session.execute(select(Event.name, Event.received_at).order_by(Event.id)):
                heard.setdefault(name, []).append(at)
            runs = {
                run.id: (run.entered_at, run.ended_at)
                for run in session.scalars(select(Enrolment).where(Enrolment.state != "skipped"))
            }
        came = tuple(one for one in self._came() if one.at < self.until)
        return Played(self.example, self.cast, came, self.since, self.until, self.zone, happened, heard, runs)

    def _came(self) -> list[Came]:
        outbox = self.stage.channel
        assert isinstance(outbox, Outbox)  # noqa: S101  # as the stores make their stages
        with self.stage.database.reading() as session:
            live = [one.playbook for one in self.stage.library.live(session)]
            return read_outcomes(session, live, outbox)

    def _live_until(self, until: datetime) -> None:
        if self.stage.clock.now() < until:
            self._live()
            while (ahead := self.lookout.next(until)) is not None:
                moment, self.stage.looks = ahead
                self.stage.clock.move_to(moment)
                self._live()
            self.stage.clock.move_to(until)

    def _live(self) -> None:
        self.stage.live(agrees=self.example.approvals == "agree")
        if self.watch is not None and self._has_more_come():
            came = [one for one in self._came() if one.kind in (*SENT, "task")]
            self.watch(self.stage, [one for one in came if (one.kind, one.key) not in self._seen])
            self._seen |= {(one.kind, one.key) for one in came}

    def _has_more_come(self) -> bool:
        before = self._counted
        with self.stage.database.reading() as session:
            self._counted = tuple(session.execute(_SO_FAR).one())
        return self._counted != before


@contextmanager
def _quietly() -> Iterator[None]:
    """What goes wrong in a play is told as its outcome, not to whoever reads the log."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def _said_zone(example: Example) -> str | None:
    said = example.given.account.get("time_zone")
    return str(said) if said else None


def _span(example: Example, zone: tzinfo) -> tuple[datetime, datetime]:
    frames = [row.at for row in example.expect if row.at is not None]
    begins = [frame.begins(zone) for frame in (*frames, *(row.at for row in example.then))]
    ends = [frame.ends(zone) for frame in frames]
    if example.until is not None:
        ends = [instant_of(example.until + timedelta(days=1), time(), zone)]
    until = max(ends)
    if example.since is not None:
        return instant_of(example.since, _AT, zone), until
    first = min([*begins, until]).astimezone(zone).date() - BEFORE
    return instant_of(first, _AT, zone), until


def _in_order(rows: Sequence[Happening], zone: tzinfo, since: datetime) -> list[tuple[Happening, list[datetime]]]:
    """What happens, in the order of time; of one row together what is learned within one step of the clock."""
    timed = [(moment, number) for number, row in enumerate(rows) for moment in row.at.moments(row.times, zone)]
    together = groupby(sorted(timed), key=lambda one: (one[1], rounded_up(max(one[0], since))))
    return [(rows[number], [moment for moment, _ in several]) for (number, _), several in together]


def _learn(scene: Scene, since: datetime) -> None:
    """Makes known what is given; as on the day on which a playbook is published, it starts nothing by itself."""
    scene.say(list(scene.cast.calls()), since)
    stage, quiet = scene.stage, _Quiet()
    more = 1
    with stage.database.transaction() as session:
        while more:
            more = digest(session, quiet, now=since)
        hire(session, scene.cast, scene.account, now=since)
        session.execute(update(Account).values(public_id=_ACCOUNT_ID))


def _account_key(vocabulary: Vocabulary, live: Sequence[Playbook], example: Example) -> str:
    """An account that goes the ways of splits that the example says.

    It is in no control group, and held out by no playbook unless the example says so.
    """
    group, wanted = vocabulary.experiments.control_group, example.ways.get(HELD_BACK, TREATED)
    lots = [(HOLDOUT, one.key, one.holdout, wanted) for one in live if one.holdout is not None]
    lots += [(CONTROL, ALL_PLAYBOOKS, group.share, TREATED)] if group is not None else []
    splits = {step.id: step for step in walk(live[0].steps) if isinstance(step, SplitStep)}
    ways = [(splits[name], way) for name, way in example.ways.items() if name in splits]
    names = (ACCOUNT if number == 0 else f"{ACCOUNT}-{number}" for number in range(_TRIES))
    going = (one for one in names if all(way_of(live[0].key, step, one, {}) == way for step, way in ways))
    first = next(going, None)
    if first is None:
        said = ", ".join(f"{step.id} {way}" for step, way in ways)
        raise CannotHappenError(f"no account goes these ways: {said}")
    fitting = (
        one
        for one in chain([first], going)
        if all(drawn(what, key, one, share) == way for what, key, share, way in lots)
    )
    return next(fitting, first)
