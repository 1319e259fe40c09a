"""What a question in the inbox says around the author's own words."""

from __future__ import annotations

from engage.web.public.survey_words import SURVEY_WORDS

_WRONG = "wrong."
_OWN = {
    "ja": {
        "comment": "お伝えになりたいこと(任意)",
        "send": "回答する",
        "noted": "「{answer}」と承りました。ありがとうございます。",
        "change": "回答を変更する",
        "failed": "送信できませんでした。もう一度お試しください。",
        "closed": "このお伺いへの受付は終わりました。",
    },
    "en": {
        "comment": "Anything you would like to add (optional)",
        "send": "Send answer",
        "noted": "We have noted: “{answer}”. Thank you.",
        "change": "Change the answer",
        "failed": "It could not be sent. Please try again.",
        "closed": "This question is closed.",
    },
}
QUESTION_WORDS: dict[str, dict[str, str]] = {
    locale: words | {key.removeprefix(_WRONG): text for key, text in SURVEY_WORDS[locale].items() if _WRONG in key}
    for locale, words in _OWN.items()
}
"""By locale; what may be wrong with an answer is said as on the answer page of a mail."""
