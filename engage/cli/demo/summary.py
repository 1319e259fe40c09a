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

from engage.cli.demo.company import CS_HEAD, CSM, CUSTOMERS, PASSWORD
from engage.cli.demo.stage import Stage
from engage.cli.demo.story import TOKYO

_STYLES = {"accepted": "green", "held": "yellow", "queued": "yellow", "proposed": "cyan"}


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
    lines = [line for account in told for line in _of_account(account, stage.home / "outbox")]
    return sorted(lines, key=lambda line: line.at)


def _of_account(told: Mapping[str, Any], outbox: Path) -> Iterator[Line]:
    for run in told["runs"]:
        for decision in run["decisions"]:
            for message in decision["messages"]:
                yield _line(run, decision, message, outbox)


def _line(run: Mapping[str, Any], decision: Mapping[str, Any], message: Mapping[str, Any], outbox: Path) -> Line:
    at = message["accepted_at"] or message["due_at"] or decision["at"]
    return Line(
        at=datetime.fromisoformat(at),
        to=message["to"],
        channel=message["channel"].replace("_", "-"),
        state=message["state"],
        what=_subject(outbox / f"{message['id']}.eml") or message["template"],
        why="; ".join(_reasons(run, message)),
    )


def _reasons(run: Mapping[str, Any], message: Mapping[str, Any]) -> Iterator[str]:
    yield f"{run['title']['en']} ({_occasion(run)})"
    for check in message["gate"]:
        if check["verdict"] != "allow":
            yield f"{check['verdict']}: {check['reason']}"
    approval = message["approval"]
    if approval:
        asked = "the executive" if approval["cause"] == "sender_consent" else "the CSM"
        yield f"{approval['state']} by {asked}" if approval["decided_at"] else f"{asked} is asked"
    if message["reason"]:
        yield message["reason"]


def _occasion(run: Mapping[str, Any]) -> str:
    """What started the run, from the key that lets it start once."""
    kind, _, rest = run["occurrence"].partition(":")
    words = {"date": "for {}", "every": "period from {}", "absent": "no {}"}
    said = rest.replace(":", ", ") if kind == "date" else rest.replace(":", " since ")
    return words.get(kind, "by event").format(said)


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
    table.add_column("To", ratio=3)
    table.add_column("What", ratio=4)
    table.add_column("Why", ratio=4)
    for line in lines:
        state = Text(line.state if line.state != "accepted" else "sent", style=_STYLES.get(line.state, "red"))
        what = Text.assemble(line.what, "\n", (f"{line.channel}, ", "dim"), state)
        table.add_row(f"{line.at.astimezone(TOKYO):%Y-%m-%d %H:%M}", line.to, what, line.why)
    return table


def _inboxes(stage: Stage) -> Table:
    table = Table(title="What they see in the product", title_style="bold", title_justify="left", expand=True)
    table.add_column("Who", no_wrap=True)
    table.add_column("In their inbox", ratio=1)
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
    table.add_column("Task", ratio=1)
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
        f"The console: {command} up --listen 127.0.0.1:{stage.port}, then {stage.url}/console/",
        f"Log in as {CSM} (CSM) or {CS_HEAD} (head of customer success), password {PASSWORD}",
    )
    return Panel(Group(*(Text(line) for line in said)), title="Where to look", title_align="left")
