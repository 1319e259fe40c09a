"""The pure heart: where a run goes from here, given what is known now. No database, no clock, no randomness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never

from engage.journeys import unseen
from engage.journeys.addressing import Addressed, asked_roles, recipients_of, shown_instead
from engage.journeys.decisions import (
    Assigned,
    Chose,
    Decided,
    Decision,
    Ended,
    FactsSet,
    Passed,
    Repeated,
    RunState,
    Settled,
    WaitEnded,
    Waiting,
)
from engage.journeys.deeds import At, deed_of, form_of
from engage.journeys.ends import ends_of, inputs_of, signal_of, watches
from engage.journeys.noting import with_values
from engage.journeys.ordering import Orders, nobody_found
from engage.journeys.remembering import (
    count_clicks,
    facts_in,
    facts_of_run,
    remember_form,
    remember_sent,
    remember_waited,
)
from engage.journeys.rounds import next_turn, rounds_done
from engage.journeys.settling import Settlement, news_of, once, settlement_of
from engage.journeys.showing import is_over
from engage.journeys.splitting import WAYS_TAKEN, way_of
from engage.journeys.surroundings import Surroundings
from engage.journeys.wait_ends import end_of_wait
from engage.language.addressees import Everybody
from engage.language.expressions import Expression
from engage.language.program import Node, Program
from engage.language.spec import (
    ChooseStep,
    EmailStep,
    FormStep,
    InAppStep,
    LeadStep,
    NotifyStep,
    Playbook,
    RepeatStep,
    SetStep,
    SplitStep,
    StartStep,
    StopStep,
    TaskStep,
    WaitStep,
    WebhookStep,
)
from engage.language.vocabulary import FORM_FILLED

MOST_VISITS = 5


def decide(
    playbook: Playbook,
    program: Program,
    state: RunState,
    facts: Mapping[str, Any],
    now: datetime,
    *,
    surroundings: Surroundings,
) -> Decided:
    """Every decision that can be made now, in order, and the state after them; the same inputs give the same answer."""
    return _Walk(playbook, program, state, facts, now, surroundings).walk()


class _Walk:
    def __init__(
        self,
        playbook: Playbook,
        program: Program,
        state: RunState,
        facts: Mapping[str, Any],
        now: datetime,
        surroundings: Surroundings,
    ) -> None:
        self.playbook, self.program, self.state, self.now = playbook, program, state, now
        self.surroundings = surroundings
        self.place = surroundings.place_of(facts)
        self.facts = facts_of_run(facts, state)
        self.memory = dict(state.memory)
        self.signals: list[Mapping[str, Any]] = list(self.memory.pop("signals", ()))
        self.visit, self.at = state.visit, state.step_id
        self.decisions: list[Decision] = []

    def walk(self) -> Decided:
        count_clicks(self.memory, self.signals)
        self._knows()
        ended = self._end_early()
        if ended is not None:
            return self._finish(ended)
        wait = self.memory.get("wait")
        if self.state.step_id is None:
            return self._go(self.program.first)
        if wait is None:
            return self._go(self.state.step_id)
        return {"message": self._on_message, unseen.KIND: self._on_unseen}.get(wait["kind"], self._on_wait)(wait)

    # -- ends

    def _end_early(self) -> Ended | None:
        here = self._here(self.at or "")
        ending = ends_of(self.playbook, self.signals, here, entered_at=self.state.entered_at)
        if ending is None:
            return None
        self.decisions += ending[0]
        return ending[1]

    def _finish(self, ended: Ended) -> Decided:
        self.decisions.append(ended)
        self.memory.pop("wait", None)
        return self._decided(self.at, status=ended.state, due_at=None)

    # -- waking

    def _on_message(self, wait: Mapping[str, Any]) -> Decided:
        step_id = wait["step"]
        news = news_of(self.signals, wait.get("as", step_id), self.visit)
        outcomes = once([*wait.get("outcomes", ()), *news])
        if len(outcomes) < wait.get("of", 1):
            self.memory["wait"] = {**wait, "outcomes": outcomes}
            return self._stay()
        before = self.memory.get("tried") or ()
        self.memory["tried"] = [*before, *outcomes]
        now, together = settlement_of(outcomes), settlement_of(self.memory["tried"])
        # A mail that nobody got may not be cited, whatever was shown in its place.
        is_only_shown = wait.get("shown") and now.outcome == "accepted" != settlement_of(before).outcome
        again = self._asks_others(step_id, together)
        self._note(
            Settled(
                step_id=step_id,
                visit=self.visit,
                outcome=now.outcome,
                at=now.at,
                reason=now.reason,
                again=again,
                each=tuple(outcomes) if len(outcomes) > 1 else (),
            )
        )
        clicks = 0 if together.is_followed else None
        outcome = "shown" if is_only_shown else together.outcome
        remember_sent(self.memory, step_id, outcome, now.at, clicks=clicks)
        self._knows()
        del self.memory["wait"]
        if again:
            self.visit += 1
            return self._go(step_id)
        watch = unseen.wait_to_be_seen(self.program[step_id].step, self.memory["tried"], self._here(step_id))
        if watch is None:
            return self._leave(step_id)
        self.memory["wait"], waiting = watch
        self._note(waiting)
        return self._park(step_id)

    def _on_unseen(self, wait: Mapping[str, Any]) -> Decided:
        left, ended = unseen.end_of_wait(wait, self.signals, self.now, visit=self.visit)
        if ended is None:
            self.memory["wait"] = {**wait, "readers": left}
            return self._stay(due_at=datetime.fromisoformat(wait["until"]))
        self._note(ended)
        del self.memory["wait"]
        ways = self.program[wait["step"]].branches
        if not left or not ways:  # a run that was given another version may have no mail there
            return self._leave(wait["step"])
        self.memory |= {"unseen": left, "tried": []}
        return self._go(ways[0][1])

    def _asks_others(self, step_id: str, past: Settlement) -> bool:
        """Whether the step is done again: somebody was not reached, so others, or a colleague, are asked."""
        step = self.program[step_id].step
        most = MOST_VISITS * max(rounds_done(self.memory.get("round")), 1)
        if not past.away or self.visit >= most or not isinstance(step, EmailStep | InAppStep):
            return False
        return bool(self._addressed(step, past)[1]) or not (past.reached or past.is_refusal)

    def _addressed(
        self, step: EmailStep | InAppStep, past: Settlement
    ) -> tuple[EmailStep | InAppStep, tuple[Addressed, ...]]:
        """What is sent next, and to whom: the step itself, or what it shows where its mail is not permitted."""
        if unseen.is_mail(step.id):
            readers, people = self.memory.get("unseen") or (), self.facts.get("people") or ()
            return step, unseen.addressed_by_mail(step, people, readers, {*past.reached, *past.away})
        asked = (self.playbook, step, self.facts, self.state.contact_id)
        if found := recipients_of(*asked, reached=past.reached, away=past.away):
            return step, found
        return shown_instead(*asked, reached=past.reached, away=past.away) or (step, ())

    def _on_wait(self, wait: Mapping[str, Any]) -> Decided:
        signal = signal_of(self.signals, "wait", step=wait["step"])
        until = datetime.fromisoformat(wait["until"])
        if signal is None and self.now < until:
            return self._stay(due_at=until)
        step_id = wait["step"]
        event = signal["event"] if signal else {}
        self._note(
            WaitEnded(
                step_id=step_id, visit=self.visit, happened=signal is not None, event=event.get("name"), inputs=event
            )
        )
        if wait["kind"] == "event":
            remember_waited(self.memory, wait["events"], event)
        if wait["kind"] == "form" and signal is not None:
            remember_form(self.memory, step_id, event["properties"].get("values") or {})
        self._knows()
        del self.memory["wait"]
        return self._go(step_id) if wait["kind"] == "round" else self._leave(step_id)

    # -- steps

    def _leave(self, step_id: str) -> Decided:
        return self._go(self._arrive(self.program[step_id].next_id))

    def _arrive(self, step_id: str | None) -> str | None:
        """Sets the visit for a step that is come to: each round of a repeat is a new one."""
        if step_id is not None:
            self.memory.pop("tried", None)
            is_again = self.program[step_id].within is not None
            self.visit = (self.memory.get("visits") or {}).get(step_id, 0) + 1 if is_again else 1
        return step_id

    def _go(self, step_id: str | None) -> Decided:
        while step_id is not None:
            self.at, node = step_id, self.program[step_id]
            if node.within is not None:
                self.memory["visits"] = {**(self.memory.get("visits") or {}), step_id: self.visit}
            is_in_rounds = (self.memory.get("round") or {}).get("step") == step_id
            if node.step.if_ is not None and not is_in_rounds and not self._holds(node.step.if_):
                self._note(Passed(step_id=step_id, visit=self.visit, reason="if", inputs=self._inputs(node.step.if_)))
                going, step_id = True, node.next_id
            elif isinstance(node.step, StopStep):
                return self._finish(Ended(state="exited", reason=node.step.stop, inputs=self._inputs(node.step.if_)))
            else:
                going, step_id = self._take(step_id, node)
            if not going:
                return self._park(step_id)
            self._arrive(step_id)
        return self._finish(Ended(state="done", reason="completed"))

    def _take(self, step_id: str, node: Node) -> tuple[bool, str | None]:
        """Does one step; whether to go on, and where (or where to rest)."""
        step = node.step
        match step:
            case EmailStep() | InAppStep():
                return (False, step_id) if self._order(step_id, node, step) else (True, node.next_id)
            case WaitStep():
                return (False, step_id) if self._begin_wait(step_id, step) else (True, node.next_id)
            case ChooseStep():
                return True, self._choose(step_id, node)
            case SplitStep():
                return True, self._assign(step_id, node, step)
            case RepeatStep():
                return self._repeat(step_id, node, step)
            case FormStep():
                self._ask(step_id, step)
                return False, step_id
            case LeadStep() | NotifyStep() | WebhookStep() | SetStep() | StartStep() | TaskStep():
                deed = deed_of(step, self._here(step_id, step.if_))
                self._note(deed)
                if isinstance(deed, FactsSet):
                    self.facts = with_values(self.facts, deed.values)
                return True, node.next_id
            case StopStep():
                return True, None
            case _:
                assert_never(step)

    def _order(self, step_id: str, node: Node, step: EmailStep | InAppStep) -> bool:
        """Orders the message; whether the run rests until it has settled."""
        if is_over(step, self._here(step_id)):
            self._note(Passed(step_id=step_id, visit=self.visit, reason="date_passed"))
            return False
        past = settlement_of(self.memory.get("tried") or ())
        asked, (step, addressed) = step, self._addressed(step, past)
        if not addressed:
            remember_sent(self.memory, step_id, "nobody", self.now.isoformat())
            self._knows()
            self._note(nobody_found(self._here(step_id), asked_roles(self.playbook, step), past.away))
            return False
        several = isinstance(step.to or self.playbook.to, Everybody)
        wakes = several or bool(node.branches) or node.next_id is not None or watches(self.playbook)
        orders = Orders(self.playbook, step, self._here(step_id, step.if_), self.surroundings, wakes=wakes)
        self.decisions += orders.to(addressed, copies=not past.reached)
        remember_sent(self.memory, step_id, "ordered", self.now.isoformat())
        self._knows()
        if wakes:
            told = ({"of": len(addressed)} if several else {}) | ({"shown": True} if step is not asked else {})
            self.memory["wait"] = {"kind": "message", "step": step_id} | told
        return wakes

    def _begin_wait(self, step_id: str, step: WaitStep) -> bool:
        """Begins to wait; False when there is nothing to wait for."""
        until = end_of_wait(step, self.facts, now=self.now, place=self.place, contact_id=self.state.contact_id)
        inputs = self._inputs(step.until) if isinstance(step.until, Expression) else {}
        if until is None or (until <= self.now and not step.for_):
            reason = "date_missing" if until is None else "date_passed"
            self._note(Passed(step_id=step_id, visit=self.visit, reason=reason, inputs=inputs))
            return False
        kind, events = ("event", tuple(step.for_)) if step.for_ else ("time", ())
        self.memory["wait"] = {"kind": kind, "step": step_id, "until": until.isoformat(), "events": list(events)}
        self._note(Waiting(step_id=step_id, visit=self.visit, until=until, events=events, inputs=inputs))
        return True

    def _choose(self, step_id: str, node: Node) -> str | None:
        conditions = [condition for condition, _ in node.branches if condition is not None]
        inputs = self._inputs(*conditions)
        for condition, leads_to in node.branches:
            if condition is None or self._holds(condition):
                way = "else" if condition is None else str(condition)
                self._note(Chose(step_id=step_id, visit=self.visit, way=way, leads_to=leads_to, inputs=inputs))
                return leads_to
        self._note(Chose(step_id=step_id, visit=self.visit, way="none", leads_to=node.next_id, inputs=inputs))
        return node.next_id

    def _assign(self, step_id: str, node: Node, step: SplitStep) -> str | None:
        account = str((self.facts.get("account") or {}).get("external_id") or "")
        way = way_of(self.playbook.key, step, account, self.facts.get(WAYS_TAKEN) or {})
        leads_to = dict(node.ways)[way]
        share = f"{step.split[way]}%"
        self._note(Assigned(step_id=step_id, visit=self.visit, way=way, share=share, leads_to=leads_to))
        return leads_to

    def _repeat(self, step_id: str, node: Node, step: RepeatStep) -> tuple[bool, str | None]:
        """Begins the next round, rests until it is time for it, or goes on behind the repeat."""
        before = self.memory.get("round")
        turn = next_turn(step, before, self.facts, self.now, self.place)
        inputs = self._inputs(None if before else step.if_, step.repeat.until)
        self.visit = max(turn.number, 1)
        if turn.due is not None:
            self.memory["wait"] = {"kind": "round", "step": step_id, "until": turn.due.isoformat(), "events": []}
            self._note(Waiting(step_id=step_id, visit=self.visit, until=turn.due, inputs=inputs))
            return False, step_id
        leads_to = node.branches[0][1] if turn.what == "round" else node.next_id
        self._note(Repeated(step_id=step_id, visit=self.visit, reason=turn.what, leads_to=leads_to, inputs=inputs))
        if turn.what == "round":
            self.memory["round"] = {"step": step_id, "number": turn.number, "at": self.now.isoformat()}
        else:
            self.memory.pop("round", None)
        return True, leads_to

    def _ask(self, step_id: str, step: FormStep) -> None:
        asked = form_of(step, self._here(step_id, step.if_))
        self.memory["wait"] = {
            "kind": "form",
            "step": step_id,
            "until": asked.until.isoformat(),
            "events": [FORM_FILLED],
        }
        remember_form(self.memory, step_id, {})
        self._knows()
        self._note(asked)

    def _here(self, step_id: str, *conditions: Expression | None) -> At:
        inputs = self._inputs(*conditions)
        return At(step_id=step_id, visit=self.visit, facts=self.facts, now=self.now, place=self.place, inputs=inputs)

    # -- state

    def _park(self, step_id: str | None) -> Decided:
        wait = self.memory.get("wait") or {}
        until = wait.get("until")
        return self._decided(step_id, due_at=datetime.fromisoformat(until) if until else None)

    def _stay(self, due_at: datetime | None = None) -> Decided:
        return self._decided(self.state.step_id, due_at=due_at)

    def _decided(self, step_id: str | None, *, due_at: datetime | None, status: str = "running") -> Decided:
        state = replace(self.state, step_id=step_id, visit=self.visit, memory=self.memory, status=status, due_at=due_at)
        return Decided(tuple(self.decisions), state)

    def _note(self, decision: Decision) -> None:
        self.decisions.append(decision)

    def _knows(self) -> None:
        """Has conditions see what has just been remembered."""
        self.facts |= facts_in(self.memory)

    def _holds(self, condition: Expression) -> bool:
        return condition.holds(self.facts)

    def _inputs(self, *conditions: Expression | None) -> dict[str, Any]:
        return inputs_of(conditions, self.facts)
