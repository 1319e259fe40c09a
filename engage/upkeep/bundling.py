"""Everything about one message in one file, for whoever must judge later what was sent to whom, and why.

The same message makes the same file, byte for byte. What was said is proved by the fingerprint that the ledger keeps.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.base import OutboundEmail
from engage.channels.email.mime import to_bytes
from engage.errors import EngageError
from engage.journeys.tables import Enrolment, StepRun
from engage.messages.copies import load_copied
from engage.messages.envelope import lock_correspondents
from engage.messages.ledger_views import show_message, the_message
from engage.messages.links import Links
from engage.messages.rendering import RenderedEmail, fingerprint, links_as_sent, render_email, render_in_app
from engage.messages.tables import Attempt, GateCheck, Message
from engage.releases.library import Library
from engage.releases.tables import PlaybookVersion, TemplateVersion

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the zip format knows no time before; a real one would make each file another
_ENVELOPE = (
    "Date, Message-ID, addresses and links are as recorded; names and the sender's address are as these people have "
    "them now, and the words are proved by `sha`"
)


@dataclass(frozen=True, slots=True)
class _Words:
    """What the message says, made again, and whether that is what the ledger's fingerprint is of."""

    files: Mapping[str, bytes]
    proof: Mapping[str, Any]


def bundle(session: Session, library: Library, public_id: str, *, links: Links) -> bytes:
    """A zip file with the message, its inputs, versions and decisions, its whole ledger, and a manifest."""
    message = the_message(session, public_id)
    words = _words(session, library, message, links)
    files = {
        **words.files,
        "ledger.json": _json(show_message(session, public_id)),
        "inputs.json": _json(message.inputs),
        "versions.json": _json(_versions(session, message)),
    }
    listed = [
        {"name": name, "bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
        for name in sorted(files)
    ]
    manifest = {"message": public_id, "state": message.state, "words": words.proof, "files": listed}
    return _zipped({"manifest.json": _json(manifest), **files})


def _words(session: Session, library: Library, message: Message, links: Links) -> _Words:
    try:
        if message.channel == "email":
            links = links_as_sent(library, session, message, links=links)
            rendered = render_email(library, session, message, links=links)
        else:
            shown = render_in_app(library, session, message)
            rendered = RenderedEmail(shown.title, "", shown.body, fingerprint(shown.title, "", shown.body))
        files = {"subject.txt": rendered.subject, "body.html": rendered.html, "body.txt": rendered.text}
        made = {name: said.encode() for name, said in files.items() if said}
        proof: dict[str, Any] = {
            "sha256_of": "subject, HTML and text, joined by a zero byte",
            "recorded": message.sha,
            "made_again": rendered.sha,
            "agree": message.sha == rendered.sha,
        }
        if email := _as_sent(session, library, message, rendered, links):
            made["message.eml"] = to_bytes(email)
            proof["message.eml"] = _ENVELOPE
        return _Words(made, proof)
    except EngageError as error:
        return _Words({}, {"recorded": message.sha, "made_again": None, "agree": False, "why": str(error)})


def _as_sent(
    session: Session, library: Library, message: Message, rendered: RenderedEmail, links: Links
) -> OutboundEmail | None:
    """The mail as its last attempt handed it over; None where none did."""
    of_last = (Attempt.message_id == message.id, Attempt.number == message.fence)
    started_at = session.scalar(select(Attempt.started_at).where(*of_last))
    if message.channel != "email" or started_at is None:
        return None
    copies = _copies(session, message, started_at)
    people = lock_correspondents(session, library, [message])
    email = people.outbound(message, rendered, copies=copies, attempt=message.fence, links=links, now=started_at)
    return replace(email, to_address=message.address or email.to_address)


def _copies(session: Session, message: Message, started_at: Any) -> list[int]:
    """Who got a copy, in order, as the gate let them through in the transaction of the attempt."""
    let_through = (GateCheck.message_id == message.id, GateCheck.phase == "send", GateCheck.verdict == "allow")
    asked = select(GateCheck.inputs).where(*let_through, GateCheck.at == started_at).order_by(GateCheck.id.desc())
    inputs = session.scalars(asked.limit(1)).first() or {}
    named = [one["contact"] for one in inputs.get("copies", ()) if one["left_out"] is None]
    ids = {one.name: one.id for one in load_copied(session, message.cc).values()}
    return [ids[name] for name in named if name in ids]


def _versions(session: Session, message: Message) -> dict[str, Any]:
    template = session.get_one(TemplateVersion, message.template_version_id)
    said: dict[str, Any] = {"template": _row(template, ("name", "locale", "kind", "sha", "created_at"))}
    run = session.get(Enrolment, message.origin_id) if message.origin == "enrolment" else None
    if run is not None:
        version = session.get_one(PlaybookVersion, run.playbook_version_id)
        step = (StepRun.enrolment_id == run.id, StepRun.step_id == message.step_id, StepRun.visit == message.visit)
        decided = session.scalar(select(StepRun).where(*step))
        said["playbook"] = {"key": run.playbook_key} | _row(version, ("version", "sha", "created_at"))
        said["run"] = _row(run, ("public_id", "occurrence", "trigger", "entered_at"))
        said["decision"] = _row(decided, ("decided_at", "decision", "detail", "inputs")) if decided else None
    return said


def _row(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=_plain) + "\n").encode()


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
