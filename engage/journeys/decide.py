"""The pure heart: where a run goes from here, given what is known now. No database, no clock, no randomness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, assert_never

from engage.calendars.zones import start_of
from engage.journeys.addressing import approval_of, copies_of, recipient_of, sender_of
from engage.journeys.decisions import (
    Chose,
    Decided,
    Decision,
    Ended,
    Ordered,
    Passed,
    RunState,
    Settled,
    TaskRaised,
    WaitEnded,
    Waiting,
)
from engage.journeys.ends import exit_taken, goal_reached, inputs_of, signal_of, watches
from engage.journeys.surroundings import DEFAULT_DUE, Surroundings
from engage.language.expressions import Expression
from engage.language.program import Node, Program
from engage.language.spec import ChooseStep, EmailStep, InAppStep, Playbook, TaskStep, TaskWork, WaitStep

MOST_VISITS = 5
NOBODY = {
    "ja": "宛先となるお客様担当者が見つかりません。担当者を登録するか、直接ご連絡ください",
    "en": "Nobody at this customer can get this message: add a contact, or reach them yourself",
}
HIDDEN = frozenset({"people", "senders"})


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


def facts_of_run(facts: Mapping[str, Any], state: RunState) -> dict[str, Any]:
    """The customer's facts together with what this run has seen."""
    memory = state.memory
    return {
        **facts,
        "event": state.trigger.get("event"),
        "occurrence": state.trigger.get("occurrence"),
        "waited": memory.get("waited"),
        "sent": dict(memory.get("sent") or {}),
    }


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
        ended = self._end_early()
        if ended is not None:
            return self._finish(ended)
        wait = self.memory.get("wait")
        if self.state.step_id is None:
            return self._go(self.program.first)
        if wait is None:
            return self._go(self.state.step_id)
        return self._on_message(wait) if wait["kind"] == "message" else self._on_wait(wait)

    # -- ends

    def _end_early(self) -> Ended | None:
        ended = goal_reached(
            self.playbook.goal,
            self.signals,
            self.facts,
            entered_at=self.state.entered_at,
            now=self.now,
            place=self.place,
        )
        taken = None if ended else exit_taken(self.playbook.exit, self.signals, self.facts)
        if taken is None:
            return ended
        ended, number, rule = taken
        if rule.task is not None:
            self._raise(f"@exit-{number}", rule.task, reason="exit", inputs=ended.inputs)
        return ended

    def _finish(self, ended: Ended) -> Decided:
        self.decisions.append(ended)
        self.memory.pop("wait", None)
        return self._decided(self.at, status=ended.state, due_at=None)

    # -- waking

    def _on_message(self, wait: Mapping[str, Any]) -> Decided:
        step_id = wait["step"]
        news = (signal for signal in self.signals if signal["purpose"] == "message")
        signal = next((one for one in news if (one["step"], one["visit"]) == (step_id, self.visit)), None)
        if signal is None:
            return self._stay()
        again = self._is_gone(signal) and self.visit < MOST_VISITS
        outcome, reason = signal["outcome"], signal.get("reason")
        self._note(
            Settled(step_id=step_id, visit=self.visit, outcome=outcome, at=signal["at"], reason=reason, again=again)
        )
        self._remember_sent(step_id, outcome, signal["at"])
        del self.memory["wait"]
        if again:
            self.visit += 1
            return self._go(step_id)
        return self._leave(step_id)

    @staticmethod
    def _is_gone(signal: Mapping[str, Any]) -> bool:
        return signal["outcome"] == "skipped" and str(signal.get("reason") or "").startswith("recipient_gone")

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
            self._remember_waited(event)
        del self.memory["wait"]
        return self._leave(step_id)

    def _remember_waited(self, event: Mapping[str, Any]) -> None:
        waited = {
            "happened": bool(event),
            "event": event.get("name"),
            "properties": event.get("properties") or {},
            "occurred_at": event.get("occurred_at"),
        }
        self.memory["waited"] = self.facts["waited"] = waited
        if event:
            self.memory["heard"] = max(event["id"], self.memory.get("heard", 0))

    # -- steps

    def _leave(self, step_id: str) -> Decided:
        next_id = self.program[step_id].next_id
        self.visit = self.visit if next_id is None else 1
        return self._go(next_id)

    def _go(self, step_id: str | None) -> Decided:
        while step_id is not None:
            self.at, node = step_id, self.program[step_id]
            if node.step.if_ is not None and not self._holds(node.step.if_):
                self._note(Passed(step_id=step_id, visit=self.visit, reason="if", inputs=self._inputs(node.step.if_)))
                going, step_id = True, node.next_id
            else:
                going, step_id = self._take(step_id, node)
            if not going:
                return self._park(step_id)
            if step_id is not None:
                self.visit = 1
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
            case TaskStep():
                self._raise(step_id, step.task, reason="step", inputs=self._inputs(step.if_))
                return True, node.next_id
            case _:
                assert_never(step)

    def _order(self, step_id: str, node: Node, step: EmailStep | InAppStep) -> bool:
        """Orders the message; whether the run rests until it has settled."""
        person = recipient_of(self.playbook, step, self.facts, self.state.contact_id)
        if person is None:
            self._nobody(step_id, step)
            return False
        wakes = node.next_id is not None or watches(self.playbook)
        shown = {name: value for name, value in self.facts.items() if name not in HIDDEN}
        shown["contact"] = person.facts
        self._note(
            Ordered(
                step_id=step_id,
                visit=self.visit,
                inputs=self._inputs(step.if_),
                step=step,
                person=person,
                sender=sender_of(self.playbook, step, self.facts),
                cc=copies_of(self.playbook, step, self.facts, person),
                approval=approval_of(step, self.facts, self.surroundings),
                facts=shown,
                wakes=wakes,
            )
        )
        self._remember_sent(step_id, "ordered", self.now.isoformat())
        if wakes:
            self.memory["wait"] = {"kind": "message", "step": step_id}
        return wakes

    def _nobody(self, step_id: str, step: EmailStep | InAppStep) -> None:
        asked = list(step.to or self.playbook.to)
        self._remember_sent(step_id, "nobody", self.now.isoformat())
        self._note(
            TaskRaised(
                step_id=step_id,
                visit=self.visit,
                title=NOBODY,
                role="csm",
                due_at=self.place.after(self.now, DEFAULT_DUE),
                reason="nobody_found",
                inputs={"to": asked},
            )
        )

    def _begin_wait(self, step_id: str, step: WaitStep) -> bool:
        """Begins to wait; False when there is nothing to wait for."""
        until = self._end_of_wait(step)
        inputs = self._inputs(step.until)
        if until is None or (until <= self.now and not step.for_):
            reason = "date_missing" if until is None else "date_passed"
            self._note(Passed(step_id=step_id, visit=self.visit, reason=reason, inputs=inputs))
            return False
        kind, events = ("event", tuple(step.for_)) if step.for_ else ("time", ())
        self.memory["wait"] = {"kind": kind, "step": step_id, "until": until.isoformat(), "events": list(events)}
        self._note(Waiting(step_id=step_id, visit=self.visit, until=until, events=events, inputs=inputs))
        return True

    def _end_of_wait(self, step: WaitStep) -> datetime | None:
        span = step.time or step.up_to
        if span is not None:
            return self.place.after(self.now, span)
        value = step.until.evaluate(self.facts) if step.until is not None else None
        if isinstance(value, datetime):
            return value
        return start_of(value, self.place.zone) if isinstance(value, date) else None

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

    def _raise(self, step_id: str, work: TaskWork, *, reason: str, inputs: Mapping[str, Any] | None = None) -> None:
        self._note(
            TaskRaised(
                step_id=step_id,
                visit=self.visit,
                title=work.title.model_dump(),
                role=work.to,
                due_at=self.place.after(self.now, work.due or DEFAULT_DUE),
                reason=reason,
                note=work.note.model_dump() if work.note else {},
                inputs=inputs or {},
            )
        )

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

    def _remember_sent(self, step_id: str, outcome: str, at: str) -> None:
        name = step_id.replace("-", "_")
        sent = {**(self.memory.get("sent") or {}), name: {"state": outcome, "at": at}}
        self.memory["sent"] = self.facts["sent"] = sent

    def _holds(self, condition: Expression) -> bool:
        return condition.holds(self.facts)

    def _inputs(self, *conditions: Expression | None) -> dict[str, Any]:
        return inputs_of(conditions, self.facts)
