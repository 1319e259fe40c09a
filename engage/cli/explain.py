"""`engage customers explain`: why each message of an account went, waits, or did not go."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from engage import wiring
from engage.cli.telling_limits import TOLD_APART, limits_told, why_ended
from engage.journeys.explain import explain_account
from engage.messages.policy.verdicts import say


@click.command("explain")
@click.argument("account")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain_command(account: str, as_json: bool) -> None:
    """Explain every decision about ACCOUNT (your id or Engage's), with the inputs of that time."""
    with wiring.opened() as engage, engage.database.reading() as session:
        told = explain_account(session, engage.library, account, now=engage.clock.now())
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    for line in lines_of(told):
        click.echo(line)


def lines_of(told: Mapping[str, Any]) -> Iterator[str]:
    """The explanation as lines of text."""
    yield f"{told['account']['name'] or '(no name)'}  {told['account']['id']}"
    for run in told["runs"]:
        yield ""
        yield from _run(run)
    for playbook in told["not_entered"]:
        yield ""
        yield from _not_entered(playbook)


def _run(run: Mapping[str, Any]) -> Iterator[str]:
    subject = run["subject"]
    reason = f" ({why_ended(run['reason'])})" if run["reason"] else ""
    yield f"{run['playbook']} v{run['version']}  {subject['kind']} {subject['name']}  {run['state']}{reason}"
    for decision in run["decisions"]:
        yield from _decision(decision)
    yield from _paused(run)
    waits = run["waits_for"]
    if waits and "message_of" in waits:
        yield f"  waits for the message of step {waits['message_of']}"
    elif waits:
        events = f" or for {', '.join(waits['events'])}" if waits["events"] else ""
        yield f"  waits until {waits['until'][:16].replace('T', ' ')} UTC{events}"


def _paused(told: Mapping[str, Any]) -> Iterator[str]:
    pause = told["paused"]
    if pause:
        why = f": {pause['reason']}" if pause["reason"] else ""
        yield f"  paused since {pause['since'][:16].replace('T', ' ')} UTC by {pause['by']}{why}"


def _decision(decision: Mapping[str, Any]) -> Iterator[str]:
    visit = f" (visit {decision['visit']})" if decision["visit"] > 1 else ""
    yield f"  {_at(decision['at'])}  {decision['step']}{visit}: {decision['decision']}{_said(decision['detail'])}"
    for name, value in decision["inputs"].items():
        yield f"      {name} = {_value(value)}"
    for message in decision["messages"]:
        yield from _message(message)


def _message(message: Mapping[str, Any]) -> Iterator[str]:
    reason = f" ({message['reason']})" if message["reason"] else ""
    what = f"{message['channel']} {message['template']} to {message['to']}"
    yield f"    {what}: {message['state']}{reason}{_when(message)}  {message['id']}"
    for check in message["gate"]:
        why = f" by {check['policy']}: {check['reason']}" if check["policy"] else ""
        until = f" until {_at(check['until'])}" if check["until"] else ""
        inputs = {name: value for name, value in check["inputs"].items() if name not in TOLD_APART}
        yield f"      gate ({check['phase']}) {_at(check['at'])}: {check['verdict']}{why}{until}{_said(inputs)}"
        for line in limits_told(check["inputs"]):
            yield f"        {line}"
        for copy in check["inputs"].get("copies", ()):
            answer = f"left out: {say(copy['left_out'], 'en')}" if copy["left_out"] else "allow"
            yield f"        copy to {copy['contact']}: {answer}"
    approval = message["approval"]
    if approval:
        why = f" ({approval['reason']})" if approval["reason"] else ""
        yield f"      approval ({approval['cause']}) asked {_at(approval['asked_at'])}: {approval['state']}{why}"
    for one in message["clicks"]:
        yield f"      click {_at(one['at'])} on {one['url']}: {_judged(one['verdicts'])}"


def _judged(verdicts: Sequence[Mapping[str, Any]]) -> str:
    """Who it was by the last verdict, and by those before."""
    said = [f"{one['verdict']} ({', '.join(one['reasons'])})" for one in verdicts]
    return ", then ".join(said) or "not judged yet"


def _when(message: Mapping[str, Any]) -> str:
    """When it went, or may go; a mail that waits for its reader's business hours says so."""
    if message["accepted_at"]:
        return f" {_at(message['accepted_at'])}"
    if not message["due_at"]:
        return ""
    in_hours = message["channel"] == "email" and message["hours"] != "any" and message["state"] == "queued"
    return f" {'until ' if in_hours else ''}{_at(message['due_at'])}{', in business hours' if in_hours else ''}"


def _not_entered(playbook: Mapping[str, Any]) -> Iterator[str]:
    yield f"{playbook['playbook']} v{playbook['version']}  not entered  (starts with: {playbook['trigger']})"
    yield from _paused(playbook)
    for subject in playbook["subjects"]:
        yield f"  {subject['kind']} {subject['name']}, as of now ({_at(playbook['as_of'])}):"
        for clause in subject["clauses"]:
            yield f"    {'yes' if clause['holds'] else 'no '}  {clause['text']}{_seen(clause['inputs'])}"
        if all(clause["holds"] for clause in subject["clauses"]):
            yield "    nothing of this keeps it out: its trigger has not come"
    if not playbook["subjects"]:
        yield "  there is nobody of that kind here"


def _said(detail: Mapping[str, Any]) -> str:
    return _seen({name: value for name, value in detail.items() if value not in (None, [], {})})


def _seen(facts: Mapping[str, Any]) -> str:
    """Each fact with its value; that one is missing is the answer to many a question."""
    told = ", ".join(f"{name}={_value(value)}" for name, value in facts.items())
    return f"  [{told}]" if told else ""


def _value(value: Any) -> str:
    if isinstance(value, datetime):
        return _at(value)
    return "missing" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
