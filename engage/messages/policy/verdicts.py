"""What a policy may answer, and the reasons it may give, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why a message waits or does not go."""

    CHURNED = "account_churned"
    LEFT = "recipient_gone_left"
    NOT_A_MEMBER = "recipient_gone_moved"
    NO_ADDRESS = "recipient_gone_no_address"
    PAST_PARTNER = "partner_only"
    EXITED = "journey_ended"
    SUPPRESSED = "address_suppressed"
    TOPIC_STOPPED = "address_stopped_topic"
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    NOT_CONFIRMED = "not_confirmed"
    PAUSED = "paused"
    AWAY = "reader_away"
    CLOSED_HOURS = "closed_hours"
    SAME_ADDRESS = "same_address"
    GATE_CLOSED = "gate_closed"
    SAME_PERSON = "same_person"
    BUDGET_USED_UP = "budget_used_up"
    MERGED = "merged"
    SEEN_IN_PRODUCT = "seen_in_product"
    SHOWING_OVER = "showing_over"
    DOMAIN_PAUSED = "sending_domain_paused"
    DOMAIN_SLOWED = "recipients_domain_slowed"
    WARM_UP = "warm_up"


GONE = "recipient_gone"
_REFUSALS = frozenset({Reason.TOPIC_STOPPED, Reason.OPTED_OUT})
_LACKING = frozenset({Reason.NO_CONSENT, Reason.NOT_CONFIRMED})


def is_refusal(reason: str | None) -> bool:
    """Whether the reader did not want it: nothing for a colleague to mend."""
    return reason in _REFUSALS


def lacks_permission(reason: str | None) -> bool:
    """Whether the reader merely never said that they may be mailed: another way to tell them is open."""
    return reason in _LACKING


def is_personal(reason: str | None) -> bool:
    """Whether it speaks against this reader alone, so that the next one may be asked."""
    is_about_address = reason in (Reason.SUPPRESSED, Reason.PAST_PARTNER) or str(reason or "").startswith(GONE)
    return is_refusal(reason) or lacks_permission(reason) or is_about_address


@dataclass(frozen=True, slots=True)
class Allow:
    """Nothing speaks against it, nor against copies to these contacts."""

    copies: tuple[int, ...] = ()


class _Reasoned:
    """What does not leave now by itself: for a reason, about what, and what was seen."""

    __slots__ = ()
    reason: Reason
    about: str

    @property
    def said(self) -> str:
        """The reason as it is kept."""
        return f"{self.reason}: {self.about}" if self.about else str(self.reason)


@dataclass(frozen=True, slots=True)
class Hold(_Reasoned):
    """Not now; ask again at `until`. `about` names the rule of the team that says so, `detail` what it saw."""

    until: datetime
    reason: Reason
    about: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skip(_Reasoned):
    """Not at all."""

    reason: Reason
    about: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Merge(_Reasoned):
    """Not by itself: it travels in the mail with that id, which leaves now; `about` is that mail's public id."""

    into: int
    reason: Reason
    about: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


Verdict = Allow | Hold | Skip | Merge


WORDS: dict[Reason, dict[str, str]] = {
    Reason.CHURNED: {"ja": "解約済みの顧客企業です", "en": "the account has churned"},
    Reason.LEFT: {"ja": "お客様担当者は退職または異動されています", "en": "the contact has left the company"},
    Reason.NOT_A_MEMBER: {
        "ja": "お客様担当者はこの顧客企業に属していません",
        "en": "the contact no longer belongs to the account",
    },
    Reason.NO_ADDRESS: {"ja": "メールアドレスがありません", "en": "the contact has no address"},
    Reason.PAST_PARTNER: {
        "ja": "ご契約については販売パートナーだけがご連絡します",
        "en": "about this contract the partner alone speaks with the customer",
    },
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
    Reason.NOT_CONFIRMED: {
        "ja": "確認メールへのご承諾をまだいただいていません",
        "en": "the contact has not confirmed yet that they want this topic",
    },
    Reason.SAME_ADDRESS: {"ja": "同じアドレスにすでに届きます", "en": "the same address gets it already"},
    Reason.GATE_CLOSED: {"ja": "配信を止める条件に当たっています", "en": "a gate is closed for this customer"},
    Reason.SAME_PERSON: {
        "ja": "同じ方に、別の顧客企業の分として同じご案内が届きます",
        "en": "the same person gets it already, for another customer that they belong to",
    },
    Reason.PAUSED: {"ja": "プレイブックが一時停止中です", "en": "the playbook is paused"},
    Reason.BUDGET_USED_UP: {
        "ja": "配信頻度の上限に達しています",
        "en": "the budget of touches is used up for now",
    },
    Reason.MERGED: {
        "ja": "配信頻度の上限のため、同じ方へのほかのメールに含めます",
        "en": "the budget of touches is used up: it travels in another mail to the same person",
    },
    Reason.SEEN_IN_PRODUCT: {
        "ja": "アプリ内ですでにご覧になっています",
        "en": "the reader has seen it in the product",
    },
    Reason.SHOWING_OVER: {"ja": "表示する期限が過ぎています", "en": "the day until which it was to be shown is over"},
    Reason.AWAY: {
        "ja": "お客様担当者が不在です(自動返信による)",
        "en": "the contact is away, as their automatic reply says",
    },
    Reason.DOMAIN_PAUSED: {
        "ja": "差出人のドメインからの配信が停止されています",
        "en": "nothing is sent in the name of this domain at the moment",
    },
    Reason.DOMAIN_SLOWED: {
        "ja": "受信側のドメインで一時的なエラーが増えているため、間隔を空けて配信しています",
        "en": "the recipient's domain puts much off, so it gets mail more slowly",
    },
    Reason.WARM_UP: {
        "ja": "新しい差出人ドメインの1日の配信上限に達しています",
        "en": "the sending domain is new and has sent what it may send today",
    },
    Reason.CLOSED_HOURS: {"ja": "営業時間になるまで待っています", "en": "waiting for the recipient's business hours"},
}


def say(reason: str, locale: str) -> str:
    """The reason as a sentence for a colleague; an unknown reason speaks for itself."""
    code, _, about = reason.partition(": ")
    words = {str(known): texts for known, texts in WORDS.items()}.get(code)
    if words is None:
        return reason
    said = words["ja" if locale == "ja" else "en"]
    return f"{said} ({about})" if about else said
