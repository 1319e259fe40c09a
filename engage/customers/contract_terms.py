"""What `contract.…` events say of a contract's term, money and state; a renewal keeps what it renews in sight."""

from __future__ import annotations

from typing import Any

from engage.customers.picture import KeptAccount, KeptContract, Picture
from engage.customers.saying import say
from engage.customers.traits import CONTRACT, read_traits
from engage.events.timeline import EventRow
from engage.events.written_forms import minor_units
from engage.ids import new_id

_STATES = {"contract.cancelled": "cancelled", "contract.ended": "ended"}
STARTED = "contract.started"
_TELLING = frozenset({"contract.created", "contract.updated", "contract.renewed", STARTED, *_STATES})
_IDS = ("contract_id", "new_contract_id", "account_id", "group_id", "amount")


def project_contract(picture: Picture, event: EventRow, account: KeptAccount) -> None:
    """Changes the contract that the event names; without an id there is nothing to change."""
    said = event.properties
    contract_id = str(said.get("contract_id") or "")
    if event.name not in _TELLING or not contract_id:
        return
    if event.name == STARTED:
        _start(picture.contracts.get(contract_id), event)
        return
    contract = _contract(picture, contract_id, event, account)
    new_id_said = str(said.get("new_contract_id") or "")
    if event.name == "contract.renewed" and new_id_said and new_id_said != contract_id:
        say(contract, {"state": "renewed"}, {}, at=event.occurred_at)
        following = _contract(picture, new_id_said, event, account)
        _describe(following, event, {"state": "active", **_seen_from(contract)})
        return
    renewed = _seen_from(contract) if event.name == "contract.renewed" else {}
    state = _STATES.get(event.name) or ("active" if event.name == "contract.renewed" else None)
    _describe(contract, event, renewed | ({"state": state} if state else {}))


def _contract(picture: Picture, contract_id: str, event: EventRow, account: KeptAccount) -> KeptContract:
    contract = picture.contracts.get(contract_id)
    if contract is None:
        values = dict.fromkeys(field.column for field in CONTRACT) | {
            "public_id": new_id("ctr"),
            "external_id": contract_id,
            "name": "",
            "auto_renew": False,
            "contact_policy": "direct",
            "state": "active",
            "traits": {},
            "said_at": {},
            "created_at": event.received_at,
            "updated_at": event.occurred_at,
        }
        contract = picture.contracts[contract_id] = KeptContract(values, changed=True)
    contract.account = account
    return contract


def _seen_from(contract: KeptContract) -> dict[str, Any]:
    """What the next term wants to know of this one."""
    values = contract.values
    ends_on = values["ends_on"]
    return {
        "previous_ends_on": ends_on.isoformat() if ends_on else None,
        "previous_amount_minor": values["amount_minor"],
        "previous_currency": values["currency"],
    }


def _start(contract: KeptContract | None, event: EventRow) -> None:
    """A pending contract begins; a start date that was moved since the event was written begins nothing."""
    if contract is None or contract.values["state"] != "pending":
        return
    starts_on = contract.values["starts_on"]
    day = starts_on.isoformat() if starts_on else None
    if event.properties.get("starts_on") not in (None, day):
        return
    contract.set({"state": "active", "traits": {**contract.values["traits"], "started_on": day}})
    contract.set({"updated_at": max(event.occurred_at, contract.values["updated_at"])})


def _has_started(contract: KeptContract, columns: dict[str, Any]) -> bool:
    """Whether it began on the date that it has: then `pending` is an old word, as of a CRM that never says more."""
    starts_on = columns.get("starts_on") or contract.values["starts_on"]
    return bool(starts_on) and contract.values["traits"].get("started_on") == starts_on.isoformat()


def _describe(contract: KeptContract, event: EventRow, more: dict[str, Any]) -> None:
    read = read_traits(CONTRACT, event.properties)
    columns = read.columns
    if (amount := _amount(event.properties, columns.get("currency") or contract.values["currency"])) is not None:
        columns["amount_minor"] = amount
    if more.get("state") and "state" not in columns:
        columns["state"] = more["state"]
    if columns.get("state") == "pending" and _has_started(contract, columns):
        del columns["state"]
    rest = {name: value for name, value in {**read.rest, **more}.items() if name not in (*_IDS, "state")}
    say(contract, {name: value for name, value in columns.items() if value is not None}, rest, at=event.occurred_at)


def _amount(said: dict[str, Any], currency: str | None) -> int | None:
    amount = said.get("amount")
    if amount is None or isinstance(amount, bool) or said.get("amount_minor") is not None or not currency:
        return None
    try:
        return minor_units(str(amount), currency)
    except ValueError:
        return None
