"""The sentences of the public pages, in both languages."""

from __future__ import annotations

from flask import Request

WORDS: dict[str, dict[str, str]] = {
    "ja": {
        "offer.title": "配信停止のお手続き",
        "offer.lead": "「{topic}」に関するメールの配信を停止しますか。",
        "offer.address": "対象のアドレス: {address}",
        "offer.scope": "停止されるのは「{topic}」のメールだけです。ほかのご案内や契約上の連絡は引き続きお送りします。",
        "offer.button": "配信を停止する",
        "offer.other": "お心当たりのないアドレスの場合は、このページを閉じてください。何も変わりません。",
        "done.title": "配信を停止しました",
        "done.lead": "「{topic}」に関するメールは、今後 {address} へはお送りしません。",
        "done.scope": "ほかのご案内や契約上の連絡は引き続きお送りします。",
        "bad.title": "このリンクは使えません",
        "bad.lead": "途中で切れているか、当社のリンクではありません。メールからもう一度開いてください。",
        "away.title": "ただいま接続しにくくなっています",
        "away.lead": "お手数ですが、しばらくしてからメールのリンクをもう一度開いてください。",
    },
    "en": {
        "offer.title": "Stop these mails",
        "offer.lead": "Do you want to stop mails about “{topic}”?",
        "offer.address": "Address: {address}",
        "offer.scope": "Only mails about “{topic}” stop. Other news, and what your contract requires, still reach you.",
        "offer.button": "Stop these mails",
        "offer.other": "If this is not your address, just close this page. Nothing will change.",
        "done.title": "These mails have stopped",
        "done.lead": "We will send no more mails about “{topic}” to {address}.",
        "done.scope": "Other news, and what your contract requires, still reach you.",
        "bad.title": "This link does not work",
        "bad.lead": "It was cut short, or it is not one of ours. Open the link from the mail again, or copy all of it.",
        "away.title": "This page cannot be reached right now",
        "away.lead": "Please open the link in the mail again in a little while.",
    },
}


def language_asked(request: Request) -> str:
    """The language of a reader whom we do not know yet."""
    return request.accept_languages.best_match(("ja", "en"), default="ja") or "ja"
