"""What a row of customers holds, by kind: its columns in both languages, and the message it becomes; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engage.customers.consents import BASES, GRANTED, IMPORT, WITHDRAWN
from engage.customers.traits import ACCOUNT, CONTRACT, PERSON, Field, read_roles, read_traits
from engage.errors import InputError
from engage.events.limits import MAX_ID_CHARS
from engage.events.trait_checks import clean_email
from engage.events.written_forms import minor_units, narrow, parse_currency, parse_date, parse_yes

Message = dict[str, Any]

# Column titles as Japanese spreadsheets have them, and names that are used for one of ours.
TITLES = {
    "contact_id": "user_id", "contactid": "user_id", "userid": "user_id", "accountid": "account_id",
    "contractid": "contract_id",
    "顧客id": "account_id", "会社id": "account_id", "取引先id": "account_id", "企業id": "account_id",
    "顧客名": "name", "会社名": "name", "取引先名": "name", "企業名": "name", "国": "country", "都道府県": "region",
    "セグメント": "segment", "タッチモデル": "touch_model", "フェーズ": "phase", "決算月": "fiscal_year_end_month",
    "担当csm": "csm_email", "担当営業": "sales_email", "言語": "locale", "タイムゾーン": "time_zone",
    "利用者id": "user_id", "ユーザーid": "user_id", "担当者id": "user_id", "メールアドレス": "email", "メール": "email",
    "氏名": "full_name", "姓": "family_name", "名": "given_name", "姓カナ": "family_reading", "名カナ": "given_reading",
    "姓(カナ)": "family_reading", "名(カナ)": "given_reading", "部署": "department", "部署名": "department",
    "役職": "title", "役割": "roles",
    "契約id": "contract_id", "契約番号": "contract_id", "契約名": "name", "開始日": "starts_on",
    "契約開始日": "starts_on", "終了日": "ends_on", "契約終了日": "ends_on", "解約申出期限": "notice_deadline",
    "金額": "amount", "契約金額": "amount", "通貨": "currency", "自動更新": "auto_renew", "販売パートナー": "sold_by",
    "連絡方針": "contact_policy", "状態": "state",
    "同意の根拠": "consent_basis", "同意の証跡": "consent_evidence", "同意日": "consent_at",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of customer file."""

    subject: str
    required: tuple[str, ...]
    fields: Sequence[Field]
    message: Callable[[Mapping[str, Any], Mapping[str, Any]], Message]
    account_must_exist: bool


def column_name(title: str) -> str:
    """What a column is called here, whatever language its title is in."""
    plain = narrow(title).lower()
    of, dot, topic = plain.partition(".")
    if dot and of in _CONSENT_TITLES:
        return f"{CONSENT}.{topic.strip()}"
    return TITLES.get(plain.replace(" ", "")) or plain.replace(" ", "_").replace("-", "_")


def read_row(kind: Kind, values: Mapping[str, str]) -> tuple[Message | None, list[str]]:
    """The message a row becomes, or every reason why it cannot be taken."""
    plain = {name: _ids(name, value) for name, value in values.items()}
    reasons = [f"{name} is empty" for name in kind.required if not plain.get(name)]
    reasons += [
        f"{name} is longer than {MAX_ID_CHARS} characters" for name in _IDS if len(plain.get(name, "")) > MAX_ID_CHARS
    ]
    traits = {name: value for name, value in plain.items() if name not in _IDS}
    if "amount" in traits:
        _read_amount(traits, reasons)
    read = read_traits(kind.fields, traits)
    reasons += [f"{name}: {reason}" for name, reason in read.unreadable.items()]
    said = {name: value.isoformat() if isinstance(value, date) else value for name, value in read.columns.items()}
    rest = read.rest
    if kind.subject == "contact":
        _read_consents(rest, said, reasons)
    for name, value in rest.items():
        _read_trait(name, value, said, reasons)
    reasons += _impossible(read.columns)
    return (None, reasons) if reasons else (kind.message(plain, said), [])


CONSENT = "consent"  # columns consent.<topic>, and consent_basis, consent_evidence, consent_at
_CONSENT_TITLES = (CONSENT, "同意", "配信同意")
_IDS = ("account_id", "user_id", "contract_id")


def _ids(name: str, value: str) -> str:
    return narrow(value) if name in _IDS else value.strip()


def _read_amount(traits: dict[str, Any], reasons: list[str]) -> None:
    amount = traits.pop("amount")
    try:
        currency = parse_currency(traits.setdefault("currency", "JPY"))
        traits["amount_minor"] = minor_units(amount, currency)
    except ValueError as error:
        reasons.append(f"amount: {error}")


def _read_trait(name: str, value: str, said: dict[str, Any], reasons: list[str]) -> None:
    try:
        read = {"roles": read_roles, "role": read_roles, "csm_email": clean_email, "sales_email": clean_email}
        said[name] = read.get(name, narrow)(value)
    except (ValueError, InputError) as error:
        reasons.append(f"{name}: {error}")


def _read_consents(traits: dict[str, Any], said: dict[str, Any], reasons: list[str]) -> None:
    """What the columns `consent.<topic>` say, each with the basis, the evidence and the day that the row names."""
    topics = {name.partition(".")[2]: traits.pop(name) for name in list(traits) if name.startswith(f"{CONSENT}.")}
    details = {name: narrow(traits.pop(f"{CONSENT}_{name}", "")) for name in ("basis", "evidence", "at")}
    if not topics:
        return
    if details["basis"] and details["basis"] not in BASES:
        reasons.append(f"{CONSENT}_basis: {details['basis']!r} is none of {', '.join(BASES)}")
    try:
        day = parse_date(details["at"]).isoformat() if details["at"] else None
        consents = {topic: GRANTED if parse_yes(value) else WITHDRAWN for topic, value in topics.items()}
    except ValueError as error:
        reasons.append(f"{CONSENT}: {error}")
        return
    common = {"basis": details["basis"] or "consent", "evidence": details["evidence"] or IMPORT} | (
        {"at": day} if day else {}
    )
    said["consents"] = {topic: {"state": state, **common} for topic, state in consents.items()}


def _impossible(columns: Mapping[str, Any]) -> list[str]:
    starts_on, ends_on, deadline = (columns.get(name) for name in ("starts_on", "ends_on", "notice_deadline"))
    found = []
    if starts_on and ends_on and ends_on < starts_on:
        found.append("ends_on: the contract ends before it starts")
    if ends_on and deadline and deadline > ends_on:
        found.append("notice_deadline: the deadline lies after the end")
    return found


def _account(row: Mapping[str, Any], said: Mapping[str, Any]) -> Message:
    return {"type": "group", "groupId": row["account_id"], "traits": dict(said)}


def _contact(row: Mapping[str, Any], said: Mapping[str, Any]) -> Message:
    user_id = row.get("user_id") or str(said["email"]).casefold()
    context = {"groupId": row["account_id"]}
    return {"type": "identify", "userId": user_id, "traits": dict(said), "context": context}


def _contract(row: Mapping[str, Any], said: Mapping[str, Any]) -> Message:
    context = {"groupId": row["account_id"]}
    properties = {"contract_id": row["contract_id"], **said}
    return {"type": "track", "event": "contract.updated", "properties": properties, "context": context}


KINDS = {
    "accounts": Kind("account", ("account_id", "name"), ACCOUNT, _account, account_must_exist=False),
    "contacts": Kind("contact", ("account_id", "email"), PERSON, _contact, account_must_exist=True),
    "contracts": Kind("contract", ("contract_id", "account_id", "starts_on", "ends_on"), CONTRACT, _contract, True),
}
