"""Rules over what all playbooks share."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engage.calendars.holidays import knows
from engage.errors import Problem
from engage.language.guessing import way_out
from engage.language.questions import AT, DATE, SCORE
from engage.language.workspace import Workspace

_NO_REPLY = re.compile(r"(no|not|do-?not)[-_.]?reply", re.IGNORECASE)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def team_can_be_answered(workspace: Workspace) -> Iterator[Problem]:
    """Nobody could answer the team.

    Codes: team-address, no-reply-sender
    Why: the team signs where no person does; a customer who answers must reach somebody who reads it.
    Way out: give the team an address that people read.
    Wrong (team-address):
        # file: playbooks/_shared/company.yaml
        {name: Sample, postal_address: "9-8-7 Marunouchi, Tokyo", team: {email: us}}
    Right:
        # file: playbooks/_shared/company.yaml
        {name: Sample, postal_address: "9-8-7 Marunouchi, Tokyo", team: {email: team@sample.example}}
    Wrong (no-reply-sender):
        # file: playbooks/_shared/company.yaml
        {name: Sample, postal_address: "9-8-7 Marunouchi, Tokyo", team: {email: no-reply@sample.example}}
    Right:
        # file: playbooks/_shared/company.yaml
        {name: Sample, postal_address: "9-8-7 Marunouchi, Tokyo", team: {email: team@sample.example}}
    """
    address = workspace.vocabulary.company.team.email
    document = workspace.documents.get("company")
    if document is None:
        return
    if not _ADDRESS.fullmatch(address):
        message = "the team needs an address that people can write to"
        yield document.problem(["team", "email"], "team-address", message, hint="team: {email: cs@example.com}")
    elif _NO_REPLY.search(address):
        yield document.problem(["team", "email"], "no-reply-sender", f"{address} cannot be answered")


def only_what_must_arrive_is_sent_again(workspace: Workspace) -> Iterator[Problem]:
    """A promotion would be sent again while it is in doubt whether it left.

    Code: resent-promotion
    Why: what is sent again may arrive twice; that is fair for what somebody must know, not for an offer.
    Way out: in_doubt: hold, or leave it out.
    Wrong:
        # file: playbooks/_shared/topics.yaml
        onboarding: {title: {ja: はじめに, en: Getting started}}
        offers: {title: {ja: ご提案, en: Offers}, purpose: promotional, in_doubt: resend}
    Right:
        # file: playbooks/_shared/topics.yaml
        onboarding: {title: {ja: はじめに, en: Getting started}}
        offers: {title: {ja: ご提案, en: Offers}, purpose: promotional}
    """
    vocabulary = workspace.vocabulary
    for key in sorted(vocabulary.critical_topics):
        if vocabulary.topics[key].purpose == "promotional":
            message = f"a mail of {key} that is in doubt would be sent again, though it is a promotion"
            yield workspace.documents["topics"].problem([key, "in_doubt"], "resent-promotion", message)


def countries_are_known(workspace: Workspace) -> Iterator[Problem]:
    """Closed days are declared for a country that no calendar knows.

    Code: unknown-country
    Why: they would never apply to any customer.
    Way out: use the two letters of the ISO code, such as JP, or `all`.
    Wrong:
        # file: playbooks/_shared/calendars.yaml
        XX: [2027-08-13]
    Right:
        # file: playbooks/_shared/calendars.yaml
        JP: [2027-08-13]
    """
    for country in workspace.vocabulary.calendars:
        if country != "all" and not knows(country):
            document = workspace.documents["calendars"]
            message = f"no holidays are known for {country}"
            yield document.problem([country], "unknown-country", message, hint="use ISO codes such as JP", key=True)


def questions_have_names_of_their_own(workspace: Workspace) -> Iterator[Problem]:
    """A question is named like a fact of another question.

    Code: double-fact
    Why: `answers.<question>_date` is the date given with an answer, `answers.<question>_at` when it came.
    Way out: give the question another name.
    Wrong:
        # file: playbooks/_shared/questions.yaml
        intent: {text: {ja: お考え, en: Plans}, choices: {a: {text: {ja: あ, en: A}}, b: {text: {ja: い, en: B}}}}
        intent_at: {text: {ja: お考え, en: Plans}, choices: {a: {text: {ja: あ, en: A}}, b: {text: {ja: い, en: B}}}}
    Right:
        # file: playbooks/_shared/questions.yaml
        intent: {text: {ja: お考え, en: Plans}, choices: {a: {text: {ja: あ, en: A}}, b: {text: {ja: い, en: B}}}}
    """
    questions = workspace.vocabulary.questions
    for key in questions:
        if any(key.removesuffix(suffix) in questions for suffix in (DATE, AT, SCORE) if key.endswith(suffix)):
            document = workspace.documents["questions"]
            message = f"answers.{key} is a fact of another question already"
            yield document.problem([key], "double-fact", message, hint="give this question another name", key=True)


def agreements_are_to_topics(workspace: Workspace) -> Iterator[Problem]:
    """A choice says yes to a topic that nobody declared.

    Code: unknown-topic
    Why: the yes would allow nothing: mail asks for it under the name of its own topic.
    Way out: name a topic of `_shared/topics.yaml`.
    Wrong:
        # file: playbooks/_shared/questions.yaml
        may:
          text: {ja: お願い, en: Ask}
          choices: {a: {text: {ja: あ, en: A}, agrees_to: advocacy}, b: {text: {ja: い, en: B}}}
    Right:
        # file: playbooks/_shared/questions.yaml
        may:
          text: {ja: お願い, en: Ask}
          choices: {a: {text: {ja: あ, en: A}}, b: {text: {ja: い, en: B}}}
    """
    topics = workspace.vocabulary.topics
    for key, question in workspace.vocabulary.questions.items():
        for name, choice in question.choices.items():
            if choice.agrees_to is not None and choice.agrees_to not in topics:
                place = [key, "choices", name, "agrees_to"]
                message = f"nobody declared the topic {choice.agrees_to}"
                hint = way_out(choice.agrees_to, topics)
                yield workspace.documents["questions"].problem(place, "unknown-topic", message, hint=hint)


VOCABULARY_RULES = (
    team_can_be_answered,
    only_what_must_arrive_is_sent_again,
    countries_are_known,
    questions_have_names_of_their_own,
    agreements_are_to_topics,
)
