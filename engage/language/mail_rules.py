"""Rules over what the readers of a mail meet: links that say where they lead, images with words, whole texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from engage.errors import Problem
from engage.language.mail_reading import FILLING, Link, MailSource, read_mail
from engage.language.templates import SourceFile, place_of
from engage.language.workspace import Workspace

_VAGUE = frozenset(
    """here|click here|this|link|this link|more|read more|learn more|details|こちら|こちらから|ここ|ここから|詳細|詳しく
    |詳しくはこちら|詳細はこちら|こちらをクリック|クリック|リンク|続きを読む""".replace("\n    ", "").split("|")
)
_PLACEHOLDER = re.compile(
    r"\[\[[^\]\[\n]{1,60}\]\]|\*\|\w{1,60}\|\*|%%\w{1,60}%%|%[A-Z_]{3,60}%|«\w{1,60}»|\{\w{1,60}\}|[〇○●◯]{2,}"
    r"|(?<![XＸ])[XＸ]{2,}(?=様|さん)"
    r"|\b(?:TODO|FIXME|TBD|lorem ipsum)\b",
    re.IGNORECASE,
)
_HALF_KANA = re.compile("[\uff61-\uff9f]+")
_OF_ONE_MACHINE = re.compile("[\u2160-\u217f\u2460-\u24ff\u3220-\u3247\u3280-\u33ff\u2116\u2121]")
_LETTERS_ONLY = re.compile(r"[\s\u3000。、.,:!?>»→…(){}\[\]()「」『』-]+")


def images_have_words(workspace: Workspace) -> Iterator[Problem]:
    """An image says nothing where it is not shown.

    Code: no-alt
    Why: many mail programs show no images at first, and some readers hear the mail; they would learn nothing.
    Way out: say in `alt` what the image tells; `alt=""` where it only decorates.
    Wrong:
        # file: email_templates/_layout/en/logo.mjml
        <mj-image src="https://app.sample.example/logo.png" />
    Right:
        # file: email_templates/_layout/en/logo.mjml
        <mj-image src="https://app.sample.example/logo.png" alt="Sample" />
    """
    for file, found in _mails(workspace):
        for picture in (picture for picture in found.pictures if picture.alt is None):
            yield _at(
                file, picture.offset, "no-alt", "this image has no alt", 'say alt="…"; alt="" if it only decorates'
            )


def links_say_where_they_lead(workspace: Workspace) -> Iterator[Problem]:
    """A link's own words do not say where it leads.

    Code: vague-link
    Why: who hears a mail hears its links one after the other, and who skims it reads only them: "here" says nothing.
    Way out: make what is behind it the words of the link: "Open the list of members".
    Wrong:
        # file: email_templates/_layout/en/more.mjml
        <mj-text>For the list of members click <a href="https://app.sample.example/members">here</a>.</mj-text>
    Right:
        # file: email_templates/_layout/en/more.mjml
        <mj-text><a href="https://app.sample.example/members">Open the list of members</a></mj-text>
    """
    for file, found in _mails(workspace):
        for link in found.links:
            said = _LETTERS_ONLY.sub(" ", link.words).strip().lower()
            if said in _VAGUE:
                message = f"“{said}” alone does not say where the link leads"
                yield _at(file, link.offset, "vague-link", message, "name what is behind it", severity="warning")


def links_are_sound(workspace: Workspace) -> Iterator[Problem]:
    """A link or an image has an address that leads nowhere, or travels unprotected.

    Codes: bad-link, insecure-link
    Why: from a mail only a whole address leads anywhere; what begins with http: can be read and changed on the way.
    Way out: write the whole address, beginning with https:, mailto: or tel:.
    Wrong (bad-link):
        # file: email_templates/_layout/en/more.mjml
        <mj-button href="www.sample.example/members">Open the list of members</mj-button>
    Right:
        # file: email_templates/_layout/en/more.mjml
        <mj-button href="https://www.sample.example/members">Open the list of members</mj-button>
    Wrong (insecure-link):
        # file: email_templates/_layout/en/more.mjml
        <mj-button href="http://www.sample.example/members">Open the list of members</mj-button>
    Right:
        # file: email_templates/_layout/en/more.mjml
        <mj-button href="https://www.sample.example/members">Open the list of members</mj-button>
    """
    for file, found in _mails(workspace):
        addresses = [(link.url, link.offset) for link in found.links if link.url]
        addresses += [(picture.src, picture.offset) for picture in found.pictures if picture.src]
        for url, offset in addresses:
            if url.startswith(FILLING):
                continue  # made of facts: judged when it is made
            if url.lower().startswith("http://"):
                yield _at(file, offset, "insecure-link", f"{url} is not protected", "write https:", severity="warning")
            elif reason := _unsound(url):
                yield _at(file, offset, "bad-link", f"{url}: {reason}", "write the whole address: https://…")


def unsubscribe_links_are_ours(workspace: Workspace) -> Iterator[Problem]:
    """The link to unsubscribe is wrapped into another address.

    Code: unsubscribe-link
    Why: it must lead to our page at once: no other address, no parameter and no click that is noted stands between.
    Way out: write `href="{{ unsubscribe_url }}"`, and nothing else in it.
    Wrong:
        # file: email_templates/_layout/en/foot.mjml
        <mj-text><a href="https://t.sample.example/?to={{ unsubscribe_url }}">Unsubscribe from this topic</a></mj-text>
    Right:
        # file: email_templates/_layout/en/foot.mjml
        <mj-text><a href="{{ unsubscribe_url }}">Unsubscribe from this topic</a></mj-text>
    """
    for file, found in _mails(workspace):
        for link in found.links:
            if "unsubscribe_url" in link.raw and not _is_only_a_tag(link):
                message = "the link to unsubscribe goes by another address"
                yield _at(file, link.offset, "unsubscribe-link", message, 'write href="{{ unsubscribe_url }}"')


def texts_are_filled_in(workspace: Workspace) -> Iterator[Problem]:
    """A text still holds a place where somebody meant to write something.

    Code: placeholder
    Why: the customer reads it as it stands: "Dear [[name]]", "〇〇様".
    Way out: write the fact: `{{ salutation }}`, `{{ account.name }}`; or the words that were meant.
    Wrong:
        # file: email_templates/welcome/hello/en/subject.txt
        Welcome, [[name]]
    Right:
        # file: email_templates/welcome/hello/en/subject.txt
        Welcome, {{ account.name }}
    """
    for file, found in _all(workspace):
        for words in found.words:
            for place in _PLACEHOLDER.finditer(words.text):
                message = f"“{place[0]}” looks like a place that was never filled in"
                yield _at(file, words.offset + place.start(), "placeholder", message, "write a fact, or the words")


def letters_are_common(workspace: Workspace) -> Iterator[Problem]:
    """A text has half-width kana, or a character that not every machine shows alike.

    Code: odd-characters
    Why: half-width kana are hard to read and look careless; ①, Ⅲ or ㈱ turn into other signs where a mail passes
        through an older system.
    Way out: write カタカナ in full width; (1), III, 株式会社.
    Wrong:
        # file: email_templates/welcome/hello/ja/subject.txt
        ㈱{{ account.name }}のｶｲｷﾞ
    Right:
        # file: email_templates/welcome/hello/ja/subject.txt
        {{ account.name }}の会議
    """
    for file, found in _all(workspace):
        for words in found.words:
            for kind, pattern in (
                ("half-width kana", _HALF_KANA),
                ("a sign that not every machine has", _OF_ONE_MACHINE),
            ):
                if place := pattern.search(words.text):
                    message, offset = f"“{place[0]}” is {kind}", words.offset + place.start()
                    yield _at(file, offset, "odd-characters", message, "write it in common letters", severity="warning")


def _mails(workspace: Workspace) -> Iterator[tuple[SourceFile, MailSource]]:
    """The bodies of mails and the pieces that they share."""
    yield from ((file, found) for file, found in _all(workspace) if not file.file.endswith(".txt"))


def _all(workspace: Workspace) -> Iterator[tuple[SourceFile, MailSource]]:
    yield from ((file, read_mail(file)) for file in workspace.sources())


def _unsound(url: str) -> str | None:
    """What is wrong with an address that begins as it is written."""
    if re.search(r"\s", url):
        return "an address has no spaces"
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("mailto", "tel") or (parts.scheme == "https" and bool(parts.hostname))
    except ValueError:
        known = False
    return None if known else "this leads nowhere from a mail"


def _is_only_a_tag(link: Link) -> bool:
    return bool(link.url) and not link.url.strip(FILLING)


def _at(
    file: SourceFile, offset: int, code: str, message: str, hint: str | None, *, severity: str = "error"
) -> Problem:
    return Problem(file.file, *place_of(file.text, offset), code, message, hint, severity)


MAIL_RULES = (
    images_have_words,
    links_say_where_they_lead,
    links_are_sound,
    unsubscribe_links_are_ours,
    texts_are_filled_in,
    letters_are_common,
)
