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
        "offer.other": "転送や写しで届いた方、お心当たりのない方は、このページを閉じてください。何も変わりません。",
        "copied.why": "このメールは、ほかの方にも写しをお送りしています。お手続きは宛先のご本人にお願いしております。",
        "copied.own": "私は宛先の本人です。",
        "shared.why": "このアドレスは複数の方でお使いです。停止すると、ご覧のどなたにも届かなくなります。",
        "shared.own": "このアドレス全体への配信が止まることを確認しました。",
        "wrong.copied": "宛先のご本人であれば、確認欄に印を付けてください。",
        "wrong.shared": "アドレス全体への配信を停止してよろしければ、確認欄に印を付けてください。",
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
        "offer.other": "Was the mail copied or forwarded to you? Just close this page. Nothing will change.",
        "copied.why": "Other people got a copy of this mail. Only the person it was addressed to can stop it.",
        "copied.own": "I am the person this mail was addressed to.",
        "shared.why": "Several people read this address. If you stop these mails, none of them gets them any more.",
        "shared.own": "I know that this stops them for everybody who reads this address.",
        "wrong.copied": "If the mail was addressed to you, please tick the box.",
        "wrong.shared": "If nobody at this address needs these mails, please tick the box.",
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
