"""`engage templates`: the words of messages, checked, read and tried before any customer gets them."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from engage import wiring
from engage.channels.email.mime import to_bytes
from engage.channels.email.opening import open_channel
from engage.cli.trying import try_on_accounts, unreachable
from engage.config import Settings
from engage.customers.finding import find_account
from engage.errors import InputError, NotFoundError, Problem
from engage.language.compiling import CompiledTemplate, compile_template
from engage.language.defaults import Defaults
from engage.language.guessing import way_out
from engage.language.workspace import Workspace, load_workspace
from engage.messages.charts import with_pictures
from engage.messages.links import Links
from engage.messages.rendering import RenderedEmail, fill_email, fill_in_app
from engage.messages.samples import MESSAGE_ID, contract_facts, overlaid
from engage.messages.trial_mails import insist_on_colleague, note_trial, send_trial, trial_mail
from engage.rollout.checking import check_templates
from engage.rollout.sources import library_of
from engage.rollout.trying import facts_of, tried_facts

_LOCALE = click.option("--locale", type=click.Choice(["ja", "en"]), help="Only this language.")
_ACCOUNT = click.option(
    "--account", metavar="ACCOUNT", help="With what is known of this customer (your id or Engage's)."
)
_FACTS = click.option(
    "--facts", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON laid over the sample."
)


@click.group()
def templates() -> None:
    """Check message templates, read them with sample or customer facts, send one to a colleague."""


@templates.command()
@click.argument("names", nargs=-1)
@click.option("--accounts", metavar="N|all", help="Also fill them in for so many real accounts, in every language.")
@click.option("--reach", is_flag=True, help="Also ask every written address whether it answers; asks the network.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(names: tuple[str, ...], accounts: str | None, reach: bool, as_json: bool) -> None:
    """Judge templates as texts and as the mails that readers get, with the facts of their contracts."""
    settings, workspace = _workspace()
    chosen = [_known(workspace, name) for name in names] or sorted(workspace.templates)
    problems = check_templates(workspace, chosen)
    problems += [] if names else [one for one in workspace.problems if one.file.startswith(settings.templates_dir.name)]
    problems = list(dict.fromkeys(problems))
    problems += unreachable(workspace, chosen) if reach else []
    errors = [problem for problem in problems if problem.severity == "error"]
    tried = try_on_accounts(settings, workspace, chosen, accounts) if accounts and not errors else None
    fails = tried.fails if tried else []
    if as_json:
        rows = [problem.__dict__ for problem in problems]
        said = {"ok": not errors and not fails, "problems": rows} | ({"accounts": tried.rows()} if tried else {})
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        for line in _told(problems):
            click.echo(line)
        if tried:
            tried.show()
        warnings = len(problems) - len(errors)
        click.echo(f"{len(chosen)} templates read: {len(errors)} errors, {warnings} warnings")
    sys.exit(1 if errors or fails else 0)


@templates.command()
@click.argument("name")
@_LOCALE
@_ACCOUNT
@_FACTS
@click.option("--out", default="preview", show_default=True, type=click.Path(path_type=Path), help="Where files go.")
def preview(name: str, locale: str | None, account: str | None, facts: Path | None, out: Path) -> None:
    """Write one template as files (.html, .txt, .eml), with sample facts or those of an account."""
    settings, workspace = _workspace()
    out.mkdir(parents=True, exist_ok=True)
    for made in _compiled(workspace, name, locale):
        said = _facts_for(settings, workspace, made, account, facts)
        for path, content in _files(out / f"{name.replace('/', '_')}.{made.locale}", made, said, settings):
            path.write_bytes(content)
            click.echo(str(path))


@templates.command("send-test")
@click.argument("name")
@click.option("--to", required=True, metavar="ADDRESS", help="A colleague's address.")
@click.option("--locale", type=click.Choice(["ja", "en"]), help="Which language; all by default.")
@_ACCOUNT
@_FACTS
@click.option("--outside", is_flag=True, help="The address is none of our people's, and that is meant.")
def send_test(name: str, to: str, locale: str | None, account: str | None, facts: Path | None, outside: bool) -> None:
    """Send one template to a colleague through the configured channel, marked [TEST]; its links lead nowhere."""
    settings, workspace = _workspace()
    mails = [
        (made, _facts_for(settings, workspace, made, account, facts)) for made in _compiled(workspace, name, locale)
    ]
    if mails[0][0].kind != "email":
        raise InputError(f"{name} is no mail", code="wrong_template", hint="engage templates preview shows it")
    sender = _mailbox(workspace.vocabulary.company.facts(mails[0][0].locale).get("team") or {})
    with wiring.opened(settings) as engage:
        now, links = engage.clock.now(), engage.links.leading_nowhere()
        with engage.database.transaction() as session:
            if not outside:
                insist_on_colleague(session, to)
            note_trial(session, name, to=to, outside=outside, by=f"cli:{getpass.getuser()}", now=now)
        channel = open_channel(settings)
        try:
            for made, said in mails:
                mail, purpose = _mail(made, said, links), str(made.meta.get("purpose"))
                email = trial_mail(mail, sender=sender, to=to, purpose=purpose, links=links, now=now)
                send_trial(channel, email)
                click.echo(f"{channel.name} took {email.subject} for {to} ({made.locale})")
        finally:
            channel.close()


def _workspace() -> tuple[Settings, Workspace]:
    settings = Settings.from_env()
    return settings, load_workspace(settings.playbooks_dir, settings.templates_dir)


def _known(workspace: Workspace, name: str) -> str:
    if name in workspace.templates:
        return name
    raise NotFoundError(f"there is no template {name}", hint=way_out(name, workspace.templates))


def _compiled(workspace: Workspace, name: str, locale: str | None) -> list[CompiledTemplate]:
    template = workspace.templates[_known(workspace, name)]
    locales = [locale] if locale else sorted(template.locales)
    for one in locales:
        if one not in template.locales:
            raise NotFoundError(f"{name} is not written in {one}", where=name)
    return [compile_template(template, one, workspace.layout) for one in locales]


def _facts_for(
    settings: Settings, workspace: Workspace, made: CompiledTemplate, account: str | None, facts: Path | None
) -> dict[str, Any]:
    """The sample, or what is known of an account; with what a file says laid over it."""
    said = contract_facts(made, workspace.vocabulary)
    if account is not None:
        library = library_of(workspace, Defaults(locale=settings.default_locale, time_zone=settings.default_timezone))
        with wiring.opened(settings) as engage, engage.database.reading() as session:
            found = find_account(session, account)
            known = facts_of(session, library, [found.id], now=engage.clock.now())[found.id]
            said = tried_facts(made, library.vocabulary(session), known)
    return overlaid(said, _facts_in(facts) if facts else {})


def _files(
    stem: Path, made: CompiledTemplate, facts: Mapping[str, Any], settings: Settings
) -> Iterator[tuple[Path, bytes]]:
    """What a customer would read, by the ending of the file it goes into."""
    if made.kind == "in_app":
        shown = fill_in_app(made, facts)
        lines = (shown.title, "", shown.body, shown.link or "")
        yield stem.with_name(f"{stem.name}.txt"), "\n".join(lines).encode()
        return
    links = Links(settings.secret_key, settings.link_url).leading_nowhere()
    mail = _mail(made, facts, links)
    email = trial_mail(
        mail,
        sender=_sender(facts),
        to=str((facts.get("contact") or {}).get("email") or "nobody@example.com"),
        purpose=str(made.meta.get("purpose")),
        links=links,
        now=wiring.build(settings).clock.now(),
    )
    yield stem.with_name(f"{stem.name}.html"), with_pictures(mail.html, links).encode()
    yield stem.with_name(f"{stem.name}.txt"), f"{mail.subject}\n\n{mail.text}".encode()
    yield stem.with_name(f"{stem.name}.eml"), to_bytes(email)


def _mail(made: CompiledTemplate, facts: Mapping[str, Any], links: Links) -> RenderedEmail:
    return fill_email(made, facts, links=links, message_id=MESSAGE_ID, purpose=str(made.meta.get("purpose")))


def _sender(facts: Mapping[str, Any]) -> tuple[str, str]:
    return _mailbox(facts.get("sender") or facts.get("team") or {})


def _mailbox(sender: Mapping[str, Any]) -> tuple[str, str]:
    if not sender.get("email"):
        raise InputError("nobody can be the sender", hint="give team.email in _shared/company.yaml", code="no_sender")
    return str(sender.get("name") or ""), str(sender["email"])


def _told(problems: list[Problem]) -> Iterator[str]:
    for problem in problems:
        yield f"{'' if problem.severity == 'error' else 'warning: '}{problem}"


def _facts_in(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"this is not JSON: {error}", where=str(path), code="bad_facts") from error
    if not isinstance(said, dict):
        raise InputError("facts are a JSON object", where=str(path), code="bad_facts", hint='{"usage": {"events": 3}}')
    return said
