"""The messages that one step orders: one for each person, each with facts of its own. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engage.journeys.addressing import Addressed, approval_of, copies_of, sender_of
from engage.journeys.decisions import Ordered, TaskRaised
from engage.journeys.deeds import At
from engage.journeys.showing import showing_of
from engage.journeys.splitting import WAYS_TAKEN
from engage.journeys.surroundings import DEFAULT_DUE, Surroundings
from engage.language.questions import QUESTION
from engage.language.spec import AskStep, EmailStep, InAppStep, Playbook
from engage.messages.policy.verdicts import lacks_permission

NOBODY = {
    "ja": "宛先となるお客様担当者が見つかりません。担当者を登録するか、直接ご連絡ください",
    "en": "Nobody at this customer can get this message: add a contact, or reach them yourself",
}
NO_PERMISSION = {
    "ja": "メール配信の許可をいただいていないため、お送りしていません。お電話などで直接ご連絡ください",
    "en": "Nobody at this customer has permitted such mail, so none was sent: reach them in person",
}
HIDDEN = frozenset({"people", "senders", "heard", WAYS_TAKEN})


@dataclass(frozen=True, slots=True)
class Orders:
    """What all messages of a step have in common."""

    playbook: Playbook
    step: EmailStep | InAppStep
    at: At
    surroundings: Surroundings
    wakes: bool = field(kw_only=True)

    def to(self, addressed: Sequence[Addressed], *, copies: bool) -> Iterator[Ordered]:
        """One order for each; who gets a copy gets it with the first alone."""
        facts = self.at.facts
        shown = {name: value for name, value in facts.items() if name not in HIDDEN}
        if isinstance(self.step, AskStep):
            shown[QUESTION] = {"key": self.step.question}
        people = [one.person for one in addressed]
        for number, one in enumerate(addressed):
            is_first = copies and number == 0
            yield Ordered(
                step_id=self.at.step_id,
                visit=self.at.visit,
                inputs=self.at.inputs,
                step=self.step,
                template=one.template,
                person=one.person,
                sender=sender_of(self.playbook, self.step, facts),
                cc=copies_of(self.playbook, self.step, facts, people) if is_first else (),
                approval=approval_of(self.step, facts, self.surroundings),
                facts={**shown, "contact": one.person.facts},
                wakes=self.wakes,
                showing=showing_of(self.step, facts, self.at.place),
            )


def nobody_found(at: At, asked: Sequence[str], away: Mapping[int, str]) -> TaskRaised:
    """The work that a message without a reader leaves to the CSM; `away` says who could not be reached, and why.

    Who merely never permitted such mail has not refused to hear of it: a colleague may still tell them.
    """
    is_lacking = any(lacks_permission(reason) for reason in away.values())
    left_out = [{"contact_id": key, "reason": reason} for key, reason in away.items() if key]
    return TaskRaised(
        step_id=at.step_id,
        visit=at.visit,
        title=NO_PERMISSION if is_lacking else NOBODY,
        role="csm",
        due_at=at.place.after(at.now, DEFAULT_DUE),
        reason="no_permission" if is_lacking else "nobody_found",
        inputs={"to": list(asked)} | ({"left_out": left_out} if left_out else {}),
    )
