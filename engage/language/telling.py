"""A playbook in plain words, as an outline: what people read before they say yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engage.language.durations import Duration
from engage.language.spec import (
    AbsentTrigger,
    AnyStep,
    CcRule,
    ChooseStep,
    DateTrigger,
    EmailStep,
    EventTrigger,
    EveryTrigger,
    ExitRule,
    Goal,
    InAppStep,
    Playbook,
    TaskWork,
    WaitStep,
)
from engage.language.telling_words import UNITS, WORDS
from engage.language.triggers import FISCAL_QUARTER


@dataclass(frozen=True)
class Line:
    """One line of the outline, with what belongs under it; `kind` lets a reader colour it."""

    text: str
    kind: str = ""
    under: tuple[Line, ...] = ()


def tell(playbook: Playbook, locale: str) -> Line:
    """The whole playbook as an outline in Japanese or English."""
    return _Teller("ja" if locale.startswith("ja") else "en").playbook(playbook)


class _Teller:
    def __init__(self, locale: str):
        self.locale = locale

    def playbook(self, playbook: Playbook) -> Line:
        head = [
            Line(self.say("stage", stage=self.say(f"stage.{playbook.stage}")), "fact"),
            Line(self.say("subject", subject=self.say(f"subject.{playbook.subject}")), "fact"),
            Line(self.say("starts", when=self.trigger(playbook.trigger)), "trigger"),
        ]
        if playbook.audience:
            head.append(Line(self.say("audience", condition=playbook.audience), "condition"))
        if playbook.to:
            head.append(Line(self.say("to", names=self.names(playbook.to)), "fact"))
        head.append(Line(self.say("from", names=self.names(playbook.from_)), "fact"))
        head += [Line(self.say("cc", names=self.copied(playbook.cc)), "fact")] if playbook.cc else []
        if playbook.topic:
            head.append(Line(self.say("topic", topic=playbook.topic), "fact"))
        steps = Line(self.say("steps"), "heading", tuple(self.step(step) for step in playbook.steps))
        ends = [self.goal(playbook.goal)] if playbook.goal else []
        ends += [self.exit(rule) for rule in playbook.exit]
        ends.append(Line(self.reentry(playbook), "fact"))
        head = [Line(line.text[:1].upper() + line.text[1:], line.kind) for line in head]
        title = f"{playbook.title.for_locale(self.locale)} ({playbook.key})"
        return Line(title, "title", (*head, steps, Line(self.say("ends"), "heading", tuple(ends))))

    def trigger(self, trigger: Any) -> str:
        match trigger:
            case EventTrigger():
                condition = self.say("and_if", condition=trigger.if_) if trigger.if_ else ""
                return self.say("on_event", event=trigger.event) + condition
            case DateTrigger():
                return self.date_trigger(trigger)
            case EveryTrigger():
                anchor = self.say("quarter") if trigger.anchor == FISCAL_QUARTER else trigger.anchor
                return self.say("every", time=self.time(trigger.every), anchor=anchor)
        assert isinstance(trigger, AbsentTrigger)  # noqa: S101
        return self.say("absent", event=trigger.absent, time=self.time(trigger.within), since=trigger.since)

    def date_trigger(self, trigger: DateTrigger) -> str:
        distance = trigger.latest or trigger.offset
        if distance is None or distance.amount == 0:
            text = self.say("on_date", date=trigger.date)
        else:
            side = "before" if distance.amount < 0 else "after"
            time = self.time(Duration(abs(distance.amount), distance.unit))
            text = self.say(f"{'latest_' if trigger.latest else ''}{side}", date=trigger.date, time=time)
        if trigger.if_late:
            word = f"late_{trigger.if_late.else_}"
            text += self.say(word, time=self.time(trigger.if_late.within))
        return text

    def step(self, step: AnyStep) -> Line:
        text, kind, under = self.deed(step)
        condition = self.say("only_if", condition=step.if_) if step.if_ else ""
        return Line(f"{text}{condition}  [{step.id}]", kind, under)

    def deed(self, step: AnyStep) -> tuple[str, str, tuple[Line, ...]]:
        match step:
            case EmailStep() | InAppStep():
                return self.message(step), "message", ()
            case WaitStep():
                return self.wait(step), "wait", ()
            case ChooseStep():
                return self.say("choose"), "choose", tuple(self.way(way) for way in step.choose)
        return self.task(step.task), "task", ()

    def message(self, step: EmailStep | InAppStep) -> str:
        parts = [self.say("email" if isinstance(step, EmailStep) else "in_app", template=step.template)]
        if step.to:
            parts.append(self.say("to", names=self.names(step.to)))
        if isinstance(step, EmailStep) and step.from_:
            parts.append(self.say("from", names=self.names(step.from_)))
        if isinstance(step, EmailStep) and step.cc:
            parts.append(self.say("cc", names=self.copied(step.cc)))
        if step.approve:
            parts.append(self.say(f"approve_{step.approve.mode}", by=self.names((step.approve.by or "csm",))))
        return self.say("comma").join(parts)

    def wait(self, step: WaitStep) -> str:
        if step.time:
            return self.say("wait", time=self.time(step.time))
        events = self.say("or").join(step.for_)
        end = self.time(step.up_to) if step.up_to else step.until
        if not step.for_:
            return self.say("wait_until", date=end)
        where = self.say("and_if", condition=step.where) if step.where else ""
        return self.say("wait_for" if step.up_to else "wait_for_until", event=events + where, end=end)

    def way(self, way: Any) -> Line:
        text = self.say("else") if way.if_ is None else self.say("if", condition=way.if_)
        steps = way.steps or way.else_ or ()
        under = tuple(self.step(step) for step in steps) or (Line(self.say("nothing"), "fact"),)
        return Line(text, "condition", under)

    def task(self, task: TaskWork) -> str:
        due = self.say("due", time=self.time(task.due)) if task.due else ""
        return self.say("task", title=task.title.for_locale(self.locale), to=self.names((task.to,))) + due

    def goal(self, goal: Goal) -> Line:
        reached = self.say("on_event", event=goal.event) if goal.event else self.say("if", condition=goal.if_)
        within = self.say("within", time=self.time(goal.within)) if goal.within else ""
        return Line(self.say("goal", reached=reached) + within, "goal")

    def exit(self, rule: ExitRule) -> Line:
        reason = self.say("on_event", event=rule.event) if rule.event else self.say("if", condition=rule.if_)
        under = (Line(self.task(rule.task), "task"),) if rule.task else ()
        return Line(self.say("exit", reason=reason), "exit", under)

    def reentry(self, playbook: Playbook) -> str:
        after = playbook.reentry.after
        return self.say(f"reentry.{playbook.reentry.rule}", time=self.time(after) if after else "")

    def copied(self, rules: tuple[CcRule, ...]) -> str:
        said = [
            self.names((rule.role,)) + (self.say("only_if", condition=rule.if_) if rule.if_ else "") for rule in rules
        ]
        return self.say("comma").join(said)

    def names(self, roles: tuple[str, ...]) -> str:
        return self.say("or_else").join(self.say(f"role.{role}") for role in roles)

    def time(self, duration: Duration) -> str:
        if self.locale == "en":
            return str(duration)
        return f"{duration.amount}{UNITS[duration.unit]}"

    def say(self, key: str, **values: Any) -> str:
        return WORDS[key][self.locale].format(**{name: str(value) for name, value in values.items()})
