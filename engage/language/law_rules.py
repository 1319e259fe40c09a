"""Rules over what the law asks of mail: who sends it, where to complain, how to refuse it, and that it is asked for.

They follow Japan's act on specified electronic mail (articles 3 and 4, ordinance article 9) and CAN-SPAM.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from engage.errors import Problem
from engage.language.message_rules import messages_of
from engage.language.spec import EmailStep
from engage.language.steps import templates_sent
from engage.language.template_facts import (
    CONFIRM,
    OUR_LINKS,
    PREFERENCES,
    UNSUBSCRIBE,
    TemplateSourceError,
    facts_named,
)
from engage.language.templates import (
    CONFIRM_MAIL,
    LOCALES,
    IncludeError,
    SourceFile,
    Template,
    place_of,
    resolve_includes,
)
from engage.language.vocabulary import Company
from engage.language.workspace import PlaybookFile, Workspace

_BODIES = ("body.mjml", "body.html", "body.txt")
_CONTACTS = frozenset({"team.email", "team.phone", "sender.email", "sender.phone", "company.help_url"})
_OPT_OUTS = frozenset({UNSUBSCRIBE, PREFERENCES})
_LINKED = re.compile(rf"\{{\{{-?\s*({'|'.join(sorted(OUR_LINKS))})\b")
_REFUSING = {
    "ja": re.compile("停止|止め|お断り|辞退|解除|受け取(?:ら|りたく)ない"),
    "en": re.compile(r"unsubscribe|opt[ -]?out|\bstop\b|no longer|(?:do not|don't) want", re.IGNORECASE),
}
_OFFERS = {
    "ja": re.compile("キャンペーン|割引|特典|お得|セール|今なら|無料体験|無料トライアル|期間限定|限定価格|クーポン"),
    "en": re.compile(
        r"\bdiscounts?\b|% off\b|special offer|limited[ -]time|free trial|promo(?:tional)? code|coupon|upgrade now",
        re.IGNORECASE,
    ),
}
_UNSEEN = re.compile(r"<(style|mj-style|mj-attributes)\b.*?</\1>|<[^>]*>|\{[%{#].*?[%}#]\}", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class _Body:
    """One body of a mail in one language, with its shared pieces: the facts it names and the words it shows."""

    template: str
    file: SourceFile
    locale: str
    facts: frozenset[str]
    links: frozenset[str]  # those of our own pages that it leads to
    words: str

    def shows(self, facts: frozenset[str], written: str | None) -> bool:
        """Whether it names one of the facts, or has the value written out."""
        return bool(self.facts & facts) or bool(written and written in self.words)

    def lacks(self, code: str, message: str, hint: str) -> Problem:
        """The complaint about what is not in it."""
        return Problem(self.file.file, 1, 1, code, message, hint)


def mails_say_who_sends_them(workspace: Workspace) -> Iterator[Problem]:
    """A mail that its reader may refuse does not say who sends it, where they are, or who takes complaints.

    Codes: no-sender-shown, no-postal-address, no-complaints-contact
    Why: the act on specified electronic mail (article 4, ordinance article 9) asks for the sender's name and postal
        address and for a contact, in each language that is sent; CAN-SPAM asks for the postal address.
    Way out: include a footer that shows all three; of what the contract itself requires say `purpose: transactional`.
    Wrong (no-sender-shown):
        # file: email_templates/_layout/en/footer.mjml
        <mj-text>{{ company.postal_address }} {{ team.email }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text>
    Right:
        # file: email_templates/_layout/en/footer.mjml
        <mj-text>{{ company.name }}, {{ company.postal_address }}, {{ team.email }}
        <a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text>
    Wrong (no-postal-address):
        # file: email_templates/_layout/en/footer.mjml
        <mj-text>{{ company.name }} {{ team.email }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text>
    Right:
        # file: email_templates/welcome/hello/meta.yaml
        purpose: transactional
    Wrong (no-complaints-contact):
        # file: email_templates/_layout/ja/footer.mjml
        <mj-text>{{ company.name }} {{ company.postal_address }} <a href="{{ unsubscribe_url }}">配信停止</a></mj-text>
    Right:
        # file: email_templates/_layout/ja/footer.mjml
        <mj-text>{{ company.name }} {{ company.postal_address }} お問い合わせ {{ company.help_url }}
        <a href="{{ unsubscribe_url }}">配信停止</a></mj-text>
    """
    company = workspace.vocabulary.company
    for body in _refusable(workspace):
        if not body.shows(frozenset({"company.name"}), _written(company, "name", body.locale)):
            yield body.lacks("no-sender-shown", "this mail does not name its sender", "show {{ company.name }}")
        if not body.shows(frozenset({"company.postal_address"}), _written(company, "postal_address", body.locale)):
            message, hint = "this mail does not show where its sender is", "show {{ company.postal_address }}"
            yield body.lacks("no-postal-address", message, hint)
        if not body.shows(_CONTACTS, company.team.email):
            hint = "show {{ team.email }}, a telephone number or {{ company.help_url }}"
            yield body.lacks("no-complaints-contact", "this mail names nobody who takes complaints", hint)


def mails_can_be_refused(workspace: Workspace) -> Iterator[Problem]:
    """A mail that its reader may refuse has no link to do so, or no words that say so.

    Codes: no-opt-out, no-refusal-words
    Why: article 4 asks for the place where mail is refused, ordinance article 9 for the words that it may be.
    Way out: link to `unsubscribe_url`, which stops the topic, or to `preferences_url`, and say in words what it does.
    Wrong (no-opt-out):
        # file: email_templates/_layout/en/footer.mjml
        <mj-text>{{ company.name }}, {{ company.postal_address }}. Write to {{ team.email }} to unsubscribe.</mj-text>
    Right:
        # file: email_templates/_layout/en/footer.mjml
        <mj-text>{{ company.name }}, {{ company.postal_address }}, {{ team.email }}
        <a href="{{ preferences_url }}">Unsubscribe, or choose what you get</a></mj-text>
    Wrong (no-refusal-words):
        # file: email_templates/_layout/ja/footer.mjml
        <mj-text>{{ company.name }} {{ company.postal_address }} {{ team.email }}
        <a href="{{ unsubscribe_url }}">メールの設定</a></mj-text>
    Right:
        # file: email_templates/_layout/ja/footer.mjml
        <mj-text>{{ company.name }} {{ company.postal_address }} {{ team.email }}
        <a href="{{ unsubscribe_url }}">この種類のメールの配信を停止する</a></mj-text>
    """
    for body in _refusable(workspace):
        if not body.links & _OPT_OUTS:
            hint = 'link to it: <a href="{{ unsubscribe_url }}">'
            yield body.lacks("no-opt-out", "this mail has no link by which it can be refused", hint)
        if not _REFUSING[body.locale].search(body.words):
            hint = {"ja": "配信を停止する", "en": "Unsubscribe from these mails"}[body.locale]
            yield body.lacks("no-refusal-words", "no words of this mail say that it can be refused", f"such as {hint}")


def company_is_complete(workspace: Workspace) -> Iterator[Problem]:
    """Mails are sent that have to show the company, and its name or postal address is not declared.

    Code: company-incomplete
    Why: such mails would be held for want of the fact, or go without what the law asks them to show.
    Way out: say it in `_shared/company.yaml`, as it is to be shown in each language.
    Wrong:
        # file: playbooks/_shared/company.yaml
        name: {ja: 見本, en: Sample}
        team: {name: Team, email: team@sample.example}
    Right:
        # file: playbooks/_shared/company.yaml
        name: {ja: 見本, en: Sample}
        postal_address: {ja: 東京都千代田区丸の内9丁目8番7号, en: "9-8-7 Marunouchi, Tokyo"}
        team: {name: Team, email: team@sample.example}
    """
    company, document = workspace.vocabulary.company, workspace.documents.get("company")
    lacking = [name for name in ("name", "postal_address") if getattr(company, name) is None]
    needed = next((body.file.file for body in _refusable(workspace)), None) if lacking else None
    for name in lacking if needed else ():
        message, hint = f"{needed} and others have to show it", f"say {name}: {{ja: …, en: …}}"
        said = f"the company's {name.replace('_', ' ')} is missing: {message}"
        if document is not None:
            yield document.problem([], "company-incomplete", said, hint=hint)
        else:
            yield Problem("playbooks/_shared/company.yaml", 1, 1, "company-incomplete", said, hint)


def transactional_mail_offers_nothing(workspace: Workspace) -> Iterator[Problem]:
    """A transactional mail holds words of advertising.

    Code: offer-in-transactional
    Why: such mail goes to people who refused all other: it is what the contract requires, and an offer makes it
        advertising, which needs a yes and an opt-out.
    Way out: take the offer out, or say what the mail is: `purpose: promotional`.
    Wrong:
        # file: email_templates/welcome/hello/meta.yaml
        purpose: transactional
        # file: email_templates/welcome/hello/ja/subject.txt
        {{ account.name }}様 期間限定の割引
    Right:
        # file: email_templates/welcome/hello/meta.yaml
        purpose: transactional
        # file: email_templates/welcome/hello/ja/subject.txt
        {{ account.name }}様 議事録
    """
    for template in _mails(workspace, lambda purpose: purpose == "transactional"):
        for locale in (locale for locale in LOCALES if locale in template.locales):
            for file in template.locales[locale].values():
                found = _OFFERS[locale].search(file.text)
                if found:
                    message = (
                        f"“{found[0]}” sounds like advertising, and this mail goes to people who refused all of it"
                    )
                    place, hint = place_of(file.text, found.start()), "take it out, or say purpose: promotional"
                    yield Problem(file.file, *place, "offer-in-transactional", message, hint, severity="warning")


def purposes_fit_their_topics(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A mail on a promotional topic calls itself something else.

    Code: purpose-below-topic
    Why: whether somebody has to agree first is judged by the purpose of the mail: this one would go to people who
        never said yes to the topic.
    Way out: say `purpose: promotional` in the template's meta.yaml, or send it on another topic.
    Wrong:
        # file: playbooks/_shared/topics.yaml
        onboarding: {title: {ja: ご案内, en: Offers}, purpose: promotional}
    Right:
        # file: playbooks/_shared/topics.yaml
        onboarding: {title: {ja: ご案内, en: Getting started}, purpose: relationship}
    """
    topics = workspace.vocabulary.topics
    for step, path in messages_of(file):
        for name in templates_sent(step) if isinstance(step, EmailStep) else ():
            template = workspace.templates.get(name)
            topic = topics.get(step.topic or file.playbook.topic or (template.meta.topic if template else None) or "")
            if template and topic and topic.purpose == "promotional" != template.meta.purpose:
                message = f"{name} is {template.meta.purpose}, its topic is promotional"
                hint = "say purpose: promotional in its meta.yaml"
                yield file.document.problem(path, "purpose-below-topic", message, hint=hint)


def topics_that_ask_twice_have_a_mail(workspace: Workspace) -> Iterator[Problem]:
    """A topic wants a confirmed yes, and no mail could ask for it.

    Code: no-confirm-mail
    Why: nobody could ever confirm, so nothing on that topic would be sent.
    Way out: take over `consents/confirm` from the shipped templates: transactional, with `confirm_url` in each
        language. Only that template has the link.
    Wrong:
        # file: playbooks/_shared/topics.yaml
        onboarding: {title: {ja: はじめに, en: Getting started}, double_opt_in: true}
    Right:
        # file: playbooks/_shared/topics.yaml
        onboarding: {title: {ja: はじめに, en: Getting started}}
    """
    template = workspace.templates.get(CONFIRM_MAIL)
    for key in (key for key, topic in workspace.vocabulary.topics.items() if topic.double_opt_in and template is None):
        message, hint = f"there is no template {CONFIRM_MAIL} to ask for the yes", "copy the shipped one"
        yield workspace.documents["topics"].problem([key, "double_opt_in"], "no-confirm-mail", message, hint=hint)
    if template is not None and template.meta.purpose != "transactional":
        message = "it goes before anybody has agreed to anything: only transactional mail may"
        yield template.document.problem(["purpose"], "no-confirm-mail", message, hint="purpose: transactional")
    for body in _bodies(workspace, workspace.templates.values()):
        if (CONFIRM in body.links) == (body.template == CONFIRM_MAIL):
            continue
        if body.template == CONFIRM_MAIL:
            hint = 'link to it: <a href="{{ confirm_url }}">'
            yield body.lacks("no-confirm-mail", "this mail has no link by which its reader says yes", hint)
        else:
            message = f"confirm_url leads somewhere in {CONFIRM_MAIL} only"
            yield body.lacks("no-confirm-mail", message, "link to preferences_url")


def _refusable(workspace: Workspace) -> Iterator[_Body]:
    """The bodies of all mails that their readers may refuse."""
    return _bodies(workspace, _mails(workspace, lambda purpose: purpose != "transactional"))


def _mails(workspace: Workspace, wanted: Callable[[str], bool]) -> Iterator[Template]:
    templates = workspace.templates.values()
    return (one for one in templates if one.meta.kind == "email" and wanted(one.meta.purpose))


def _bodies(workspace: Workspace, templates: Iterable[Template]) -> Iterator[_Body]:
    """Each body in each language that can be read; of those that cannot, other rules speak."""
    for template in templates:
        for locale in (locale for locale in LOCALES if locale in template.locales):
            for file in (template.locales[locale].get(name) for name in _BODIES):
                with suppress(IncludeError, TemplateSourceError):
                    if file is not None:
                        whole = resolve_includes(file, locale, workspace.layout)
                        facts = frozenset(fact.path for fact in facts_named(whole))
                        links = frozenset(_LINKED.findall(whole))
                        yield _Body(template.name, file, locale, facts, links, _UNSEEN.sub(" ", whole))


def _written(company: Company, name: str, locale: str) -> str | None:
    """What the company says of itself in one language."""
    said = getattr(company, name)
    return said.for_locale(locale) if said is not None else None


LAW_RULES = (
    mails_say_who_sends_them,
    mails_can_be_refused,
    company_is_complete,
    transactional_mail_offers_nothing,
    topics_that_ask_twice_have_a_mail,
)
