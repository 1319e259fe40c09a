"""A playbook in plain words, as an outline: what people read before they say yes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from engage.calendars.wall_times import WallTime
from engage.language.addressees import Everybody, To
from engage.language.durations import Duration
from engage.language.spec import (
    AbsentTrigger,
    AnyStep,
    AskStep,
    BecomesTrigger,
    CcRule,
    ChooseStep,
    DateTrigger,
    EmailStep,
    EventTrigger,
    EveryTrigger,
    ExitRule,
    FormStep,
    Goal,
    InAppStep,
    LeadStep,
    ManualTrigger,
    NotifyStep,
    OnceTrigger,
    Playbook,
    RepeatStep,
    SetStep,
    SplitStep,
    StartStep,
    StopStep,
    TaskWork,
    WaitStep,
    WebhookStep,
)
from engage.language.telling_expect import tell_expect
from engage.language.telling_never import tell_never
from engage.language.telling_words import UNITS, WALL_DAYS, WORDS
from engage.language.triggers import CALENDAR, FISCAL_QUARTER


@dataclass(frozen=True)
class Line:
    """One line of the outline, with what belongs under it; `kind` lets a reader colour it."""

    text: str
    kind: str = ""
    under: tuple[Line, ...] = ()
    ends: bool = False
    """Whether the run surely ends here."""
    complete: bool = True
    """Whether some way is always taken: false for a choice without `else`."""


def tell(playbook: Playbook, locale: str) -> Line:
    """The whole playbook as an outline in Japanese or English."""
    return _Teller("ja" if locale.startswith("ja") else "en").playbook(playbook)


def tell_trigger(playbook: Playbook, locale: str) -> str:
    """When the playbook begins, in one sentence."""
    return _Teller("ja" if locale.startswith("ja") else "en").trigger(playbook.trigger)


def with_every_way(line: Line, locale: str) -> Line:
    """The outline with the way that a choice without `else` leaves unsaid, as a picture has to show it."""
    under = tuple(with_every_way(each, locale) for each in line.under)
    otherwise = WORDS["else"]["ja" if locale.startswith("ja") else "en"]
    if line.kind == "choose" and under and under[0].kind == "condition" and not line.complete:
        under = (*under, Line(otherwise, "condition"))
    return replace(line, under=under)


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
            head.append(Line(self.say("to", names=self.readers(playbook.to)), "fact"))
        head.append(Line(self.say("from", names=self.names(playbook.from_)), "fact"))
        head += [Line(self.say("cc", names=self.copied(playbook.cc)), "fact")] if playbook.cc else []
        if playbook.every_account:
            head.append(Line(self.say("every_account"), "fact"))
        if playbook.topic:
            head.append(Line(self.say("topic", topic=playbook.topic), "fact"))
        if playbook.holdout:
            head.append(Line(self.say("holdout", share=f"{playbook.holdout}%"), "condition"))
        head += [Line(line, "goal") for line in tell_expect(playbook, self.locale)]
        steps = Line(self.say("steps"), "heading", tuple(self.step(step) for step in playbook.steps))
        ends = [self.goal(playbook.goal)] if playbook.goal else []
        ends += [self.exit(rule) for rule in playbook.exit]
        ends.append(Line(self.reentry(playbook), "fact"))
        head = [Line(line.text[:1].upper() + line.text[1:], line.kind) for line in head]
        title = f"{playbook.title.for_locale(self.locale)} ({playbook.key})"
        never = tuple(Line(tell_never(one, self.locale), "condition") for one in playbook.never)
        more = (Line(self.say("never"), "heading", never),) if never else ()
        return Line(title, "title", (*head, steps, Line(self.say("ends"), "heading", tuple(ends)), *more))

    def trigger(self, trigger: Any) -> str:
        match trigger:
            case EventTrigger():
                condition = self.say("and_if", condition=trigger.if_) if trigger.if_ else ""
                return self.say("on_event", event=trigger.event) + condition + self.late(trigger)
            case DateTrigger():
                return self.date_trigger(trigger)
            case EveryTrigger():
                anchors = {FISCAL_QUARTER: "quarter", CALENDAR: "calendar"}
                word = anchors.get(str(trigger.anchor))
                anchor = self.say(word) if word else trigger.anchor
                return self.say("every", time=self.time(trigger.every), anchor=anchor)
            case ManualTrigger():
                return self.say("by_hand")
            case OnceTrigger(once=once):
                where = once.zone or self.say("own_clock")
                return (
                    self.say("once", day=once.day, time=f"{once.at:%H:%M}", where=where)
                    + self.ahead(trigger)
                    + self.late(trigger)
                )
            case BecomesTrigger():
                held = self.say("held_for", time=self.time(trigger.for_)) if trigger.for_ else ""
                already = self.say("already") if trigger.already == "enter" else ""
                return self.say("becomes", condition=trigger.becomes) + held + already
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
        return text + self.late(trigger)

    def ahead(self, trigger: OnceTrigger) -> str:
        return self.say("ask_ahead") if trigger.ask_ahead else ""

    def late(self, trigger: DateTrigger | EventTrigger | OnceTrigger) -> str:
        if trigger.if_late is None:
            return ""
        return self.say(f"late_{trigger.if_late.else_}", time=self.time(trigger.if_late.within))

    def step(self, step: AnyStep) -> Line:
        text, kind, under = self.deed(step)
        condition = self.say("only_if", condition=step.if_) if step.if_ else ""
        ends = isinstance(step, StopStep) and step.if_ is None
        complete = not isinstance(step, ChooseStep) or step.choose[-1].else_ is not None
        return Line(f"{text}{condition}  [{step.id}]", kind, under, ends, complete)

    def deed(self, step: AnyStep) -> tuple[str, str, tuple[Line, ...]]:
        match step:
            case EmailStep():
                return self.message(step), "message", tuple(Line(text, "fact") for text in self.instead(step))
            case InAppStep():
                return self.message(step), "message", tuple(Line(text, "fact") for text in self.shown(step))
            case WaitStep():
                return self.wait(step), "wait", ()
            case ChooseStep():
                return self.say("choose"), "choose", tuple(self.way(way) for way in step.choose)
            case SplitStep():
                return self.say("split"), "choose", tuple(self.share(step, way) for way in step.split)
            case FormStep(form=form):
                asked = self.say("comma").join(field.label.for_locale(self.locale) for field in form.fields.values())
                under = (Line(self.say("fields", fields=asked), "fact"),)
                work = TaskWork(title=form.title, to=form.to, due=form.due)
                return self.task(work) + self.say("form", time=self.time(form.up_to)), "task", under
            case LeadStep(lead=lead):
                why = (Line(lead.why.for_locale(self.locale), "fact"),)
                return self.say("lead", what=self.task(lead.as_task())), "task", why
            case NotifyStep(notify=notify):
                who = [self.names((role,)) for role in notify.readers] + (
                    [f"Slack {notify.slack}"] if notify.slack else []
                )
                names = self.say("comma").join(who)
                return self.say("notify", title=notify.title.for_locale(self.locale), names=names), "task", ()
            case WebhookStep():
                return self.say("webhook", name=step.webhook.to), "fact", ()
            case RepeatStep():
                return self.rounds(step), "choose", tuple(self.step(inner) for inner in step.repeat.steps)
            case SetStep():
                return self.say("set", facts=self.say("comma").join(self.assigned(step))), "fact", ()
            case StartStep():
                return self.say("start", playbook=step.start), "fact", ()
            case StopStep():
                return self.say("stop", reason=step.stop), "exit", ()
        return self.task(step.task), "task", ()

    def message(self, step: EmailStep | InAppStep) -> str:
        parts = [self.sent(step)]
        if step.to:
            parts.append(self.say("to", names=self.readers(step.to)))
        if isinstance(step, EmailStep) and step.from_:
            parts.append(self.say("from", names=self.names(step.from_)))
        if isinstance(step, EmailStep) and step.cc:
            parts.append(self.say("cc", names=self.copied(step.cc)))
        if step.approve:
            parts.append(self.say(f"approve_{step.approve.mode}", by=self.names((step.approve.by or "csm",))))
        return self.say("comma").join(parts)

    def instead(self, step: EmailStep) -> Iterator[str]:
        """What those are shown who never permitted such mail."""
        if step.without_permission is not None:
            yield self.say("without_permission", template=step.without_permission)

    def sent(self, step: EmailStep | InAppStep) -> str:
        if isinstance(step, AskStep):
            return self.say("ask", question=step.question)
        return self.say("email" if isinstance(step, EmailStep) else "in_app", template=step.template)

    def shown(self, step: InAppStep) -> Iterator[str]:
        """How it is shown, as far as that is not as usual, and what follows when nobody sees it."""
        over = [self.say(f"display.{step.display}")] if step.display != "feed" else []
        over += [self.say("pages", pages=self.say("comma").join(step.pages))] if step.pages else []
        over += [self.say(f"frequency.{step.frequency}")] if step.frequency != "until_dismissed" else []
        if isinstance(step.expires, Duration):
            over.append(self.say("shown_for", time=self.time(step.expires)))
        elif step.expires is not None:
            over.append(self.say("shown_until", date=step.expires))
        if over:
            yield self.say("shown", how=self.say("comma").join(over))
        if step.mail is not None and step.unless_seen is not None:
            within = self.time(step.unless_seen.within)
            yield self.say("unless_seen", time=within, mail=self.message(step.mail))

    def wait(self, step: WaitStep) -> str:
        if step.time:
            return self.say("wait", time=self.time(step.time))
        events = self.say("or").join(step.for_) if step.of is None else self.say("answer_to", question=step.of)
        end = self.time(step.up_to) if step.up_to else self.until(step.until)
        if not step.for_:
            return self.say("wait_until", date=end)
        where = self.say("and_if", condition=step.where) if step.where else ""
        return self.say("wait_for" if step.up_to else "wait_for_until", event=events + where, end=end)

    def until(self, until: Any) -> Any:
        if not isinstance(until, WallTime) or self.locale == "en":
            return until
        day = f"{WALL_DAYS[until.day]} " if until.day else ""
        return f"{day}{until.at:%H:%M}"

    def way(self, way: Any) -> Line:
        text = self.say("else") if way.if_ is None else self.say("if", condition=way.if_)
        steps = way.steps or way.else_ or ()
        under = tuple(self.step(step) for step in steps) or (Line(self.say("nothing"), "fact"),)
        return Line(text, "condition", under)

    def share(self, step: SplitStep, way: str) -> Line:
        under = tuple(self.step(inner) for inner in step.ways[way]) or (Line(self.say("nothing"), "fact"),)
        return Line(self.say("share", way=way, share=f"{step.split[way]}%"), "condition", under)

    def rounds(self, step: RepeatStep) -> str:
        until = self.say("rounds_until", condition=step.until) if step.until else ""
        return self.say("repeat", times=step.repeat.at_most, time=self.time(step.repeat.every)) + until

    def assigned(self, step: SetStep) -> Iterator[str]:
        for fact, value in step.set.items():
            yield f"{fact} = {self.say('missing') if value is None else value}"

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

    def readers(self, to: To) -> str:
        if isinstance(to, Everybody):
            most = self.say("at_most", number=to.max) if "max" in to.model_fields_set else ""
            return self.say("everybody", names=self.say("comma").join(self.names((role,)) for role in to.all)) + most
        words = (self.say("with_template", template=one.template) if one.template else "" for one in to)
        return self.say("or_else").join(self.names((one.role,)) + said for one, said in zip(to, words, strict=True))

    def names(self, roles: tuple[str, ...]) -> str:
        return self.say("or_else").join(self.say(f"role.{role}") for role in roles)

    def time(self, duration: Duration) -> str:
        if self.locale == "en":
            return str(duration)
        return f"{duration.amount}{UNITS[duration.unit]}"

    def say(self, key: str, **values: Any) -> str:
        return WORDS[key][self.locale].format(**{name: str(value) for name, value in values.items()})
