"""What a policy may answer, and the reasons it may give, in words for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why a message waits or does not go."""

    CHURNED = "account_churned"
    LEFT = "recipient_gone_left"
    NOT_A_MEMBER = "recipient_gone_moved"
    NO_ADDRESS = "recipient_gone_no_address"
    EXITED = "journey_ended"
    SUPPRESSED = "address_suppressed"
    TOPIC_STOPPED = "address_stopped_topic"
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    CLOSED_HOURS = "closed_hours"


@dataclass(frozen=True, slots=True)
class Allow:
    """Nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now; ask again at `until`."""

    until: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Skip:
    """Not at all."""

    reason: Reason


Verdict = Allow | Hold | Skip

WORDS: dict[Reason, dict[str, str]] = {
    Reason.CHURNED: {"ja": "解約済みの顧客企業です", "en": "the account has churned"},
    Reason.LEFT: {"ja": "お客様担当者は退職または異動されています", "en": "the contact has left the company"},
    Reason.NOT_A_MEMBER: {
        "ja": "お客様担当者はこの顧客企業に属していません",
        "en": "the contact no longer belongs to the account",
    },
    Reason.NO_ADDRESS: {"ja": "メールアドレスがありません", "en": "the contact has no address"},
    Reason.EXITED: {"ja": "プレイブックの適用が終了しています", "en": "the journey it belongs to has ended"},
    Reason.SUPPRESSED: {"ja": "配信除外のアドレスです", "en": "the address gets no mail at all"},
    Reason.TOPIC_STOPPED: {
        "ja": "このアドレスへのこの種類の配信は停止されています",
        "en": "the address stopped this topic",
    },
    Reason.OPTED_OUT: {
        "ja": "お客様担当者がこの種類の配信を停止しています",
        "en": "the contact opted out of this topic",
    },
    Reason.NO_CONSENT: {"ja": "この種類の配信への同意がありません", "en": "the contact never agreed to this topic"},
    Reason.CLOSED_HOURS: {"ja": "営業時間になるまで待っています", "en": "waiting for the recipient's business hours"},
}


def say(reason: str, locale: str) -> str:
    """The reason as a sentence for a colleague; an unknown reason speaks for itself."""
    words = {str(known): texts for known, texts in WORDS.items()}.get(reason)
    return words["ja" if locale == "ja" else "en"] if words else reason
