"""The end of the demo: what was sent to whom and why, what was not and why, and where to look."""

from __future__ import annotations

import email
import email.policy
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from sqlalchemy import select

from engage.channels.in_app.tables import InAppItem
from engage.cli.demo.company import CS_HEAD, CSM, CUSTOMERS, PASSWORD
from engage.cli.demo.stage import Stage
from engage.cli.demo.story import TOKYO
from engage.messages.policy.verdicts import say
from engage.messages.tables import Message
from engage.releases.tables import TemplateVersion

_STYLES = {"accepted": "green", "held": "yellow", "queued": "yellow", "proposed": "cyan"}
_REASONS = {
    "facts_missing": "waits for facts that are missing",
    "render_failed": "waits, since it cannot be made",
    "rejected_by_colleague": "a colleague decided against it",
    "exited": "its run has ended",
    "approval_expired": "nobody decided in time",
    "goal": "the goal was reached before",
}


@dataclass(frozen=True)
class Line:
    """One message of the story."""

    at: datetime
    to: str
    channel: str
    state: str
    what: str
    why: str


def lines_of(stage: Stage) -> list[Line]:
    """Every message, in the order in which it went, with the reason that the journal gives."""
    told = (json.loads(stage.command("customers", "explain", customer.id, "--json")) for customer in CUSTOMERS)
    titles = _Titles(stage)
    lines = [line for account in told for line in _of_account(account, titles)]
    return sorted(lines, key=lambda line: line.at)


class _Titles:
    """What a message is called: its subject, its title in the inbox, or what its template is for."""

    def __init__(self, stage: Stage) -> None:
        self._outbox = stage.home / "outbox"
        with stage.database.reading() as session:
            shown = select(Message.public_id, InAppItem.title).join(InAppItem, InAppItem.message_id == Message.id)
            self._shown = {row.public_id: row.title for row in session.execute(shown)}
            templates = select(TemplateVersion.name, TemplateVersion.meta).order_by(TemplateVersion.id)
            self._purposes = {name: meta.get("description", {}).get("en") for name, meta in session.execute(templates)}

    def of(self, message: Mapping[str, Any]) -> str:
        """The words for one message."""
        said = _subject(self._outbox / f"{message['id']}.eml") or self._shown.get(message["id"])
        return said or self._purposes.get(message["template"]) or message["template"]


def _of_account(told: Mapping[str, Any], titles: _Titles) -> Iterator[Line]:
    for run in told["runs"]:
        for decision in run["decisions"]:
            for message in decision["messages"]:
                yield _line(run, decision, message, titles.of(message))


def _line(run: Mapping[str, Any], decision: Mapping[str, Any], message: Mapping[str, Any], what: str) -> Line:
    at = message["accepted_at"] or message["due_at"] or decision["at"]
    return Line(
        at=datetime.fromisoformat(at),
        to=message["to"],
        channel=message["channel"].replace("_", "-"),
        state=message["state"],
        what=what,
        why="; ".join(_reasons(run, message)),
    )


def _reasons(run: Mapping[str, Any], message: Mapping[str, Any]) -> Iterator[str]:
    yield f"{run['title']['en']} ({_occasion(run)})"
    for check in message["gate"]:
        if check["verdict"] != "allow":
            yield f"{check['verdict']}: {say(check['reason'], 'en')}"
    approval = message["approval"]
    if approval:
        asked = "the executive" if approval["cause"] == "sender_consent" else "the CSM"
        yield decision_in_words(approval["state"], asked)
    if message["reason"]:
        yield reason_in_words(message["reason"])


def decision_in_words(state: str, asked: str) -> str:
    """What became of an approval; one that was withdrawn or ran out was decided by nobody."""
    if state in ("approved", "rejected"):
        return f"{state} by {asked}"
    return f"{asked} is asked" if state == "pending" else f"{asked} is asked no longer"


def reason_in_words(reason: str) -> str:
    """A reason of the ledger as a person says it, with the facts that it names."""
    code, _, facts = reason.partition(": ")
    words = _REASONS.get(code) or say(code, "en").replace("_", " ")
    return f"{words}: {facts.replace('.', ' ').replace('_', ' ')}" if facts else words


def _occasion(run: Mapping[str, Any]) -> str:
    """What started the run, from the key that lets it start once."""
    kind, _, rest = run["occurrence"].partition(":")
    if kind == "date":
        day, _, offset = rest.partition(":")
        before = offset.startswith("-")
        return f"{offset[1:]} before {day}" if before else f"for {rest.replace(':', ', ')}"
    words = {"every": "regularly, on {}", "absent": "no {}"}
    return words.get(kind, "by event").format(rest.replace(":", " since "))


def _subject(path: Path) -> str | None:
    if not path.exists():
        return None
    with path.open("rb") as file:
        return str(email.message_from_binary_file(file, policy=email.policy.default)["subject"])


def show(console: Console, stage: Stage) -> None:
    """Prints the summary."""
    lines = lines_of(stage)
    console.print(_messages(lines))
    console.print(_inboxes(stage))
    tasks = json.loads(stage.command("tasks", "list", "--json"))
    if tasks:
        console.print(_tasks(tasks))
    console.print(_places(stage, lines))


def _messages(lines: list[Line]) -> Table:
    table = Table(title="What was sent to whom, and why", title_style="bold", title_justify="left", expand=True)
    table.add_column("When (Tokyo)", no_wrap=True)
    table.add_column("To", ratio=3, overflow="fold")
    table.add_column("What", ratio=4, overflow="fold")
    table.add_column("Why", ratio=4, overflow="fold")
    for line in lines:
        state = Text(line.state if line.state != "accepted" else "sent", style=_STYLES.get(line.state, "red"))
        what = Text.assemble(line.what, "\n", (f"{line.channel}, ", "dim"), state)
        table.add_row(f"{line.at.astimezone(TOKYO):%Y-%m-%d %H:%M}", line.to, what, line.why)
    return table


def _inboxes(stage: Stage) -> Table:
    table = Table(title="What they see in the product", title_style="bold", title_justify="left", expand=True)
    table.add_column("Who", no_wrap=True)
    table.add_column("In their inbox", ratio=1, overflow="fold")
    for customer in CUSTOMERS:
        for user_id, traits in customer.people.items():
            items = stage.inbox(user_id)
            if items:
                table.add_row(traits["email"], "\n".join(item["title"] for item in items))
    return table


def _tasks(tasks: list[Mapping[str, Any]]) -> Table:
    table = Table(title="What only a person can do", title_style="bold", title_justify="left", expand=True)
    table.add_column("For", no_wrap=True)
    table.add_column("Customer")
    table.add_column("Task", ratio=1, overflow="fold")
    for task in tasks:
        title = task["title"]
        words = title.get("en") or title.get("ja") if isinstance(title, Mapping) else title
        table.add_row(task.get("assignee") or task.get("role") or "", task.get("account") or "", words)
    return table


def _places(stage: Stage, lines: list[Line]) -> Panel:
    sent = [line for line in lines if line.state == "accepted"]
    mails = sum(line.channel == "email" for line in sent)
    command = f"ENGAGE_HOME={stage.home} {Path(sys.executable).with_name('engage')}"
    said = (
        f"{mails} mails and {len(sent) - mails} in-app messages went out.",
        f"The mails: {stage.home / 'outbox'} (.eml files, open them with any mail program)",
        f"Why, in full: {command} customers explain {CUSTOMERS[0].id}",
        f"The product with its inbox: {command} up --listen 127.0.0.1:{stage.port}, then {stage.url}/example/",
        f"The console: {command} up --listen 127.0.0.1:{stage.port}, then {stage.url}/console/",
        f"Log in as {CSM} (CSM) or {CS_HEAD} (head of customer success), password {PASSWORD}",
    )
    return Panel(Group(*(Text(line) for line in said)), title="Where to look", title_align="left")
