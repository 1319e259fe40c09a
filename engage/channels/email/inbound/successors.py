"""Who is in charge now, as an automatic reply names them: a guess for a person to look at, never acted upon unseen."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_SPEAKS_OF_IT = re.compile(
    r"後任|引き?継|担当|ご連絡(?:は|先)|宛て?に"
    r"|successor|replacement|taken? over|taking over|contact|colleague|reach|in charge|responsible"
    r"|direct (?:your|all)|forward",
    re.IGNORECASE,
)
_NAMED_JA = re.compile(
    r"(?:後任(?:者|の担当者?)?|新(?:しい|任|たな)の?担当(?:者)?|今後の?(?:ご)?(?:担当|連絡先|窓口)(?:者)?)"
    r"(?:は|には|として|の者は|の|[::])[、\s]*(?P<name>[^、。\n<>()@::]{2,30}?)\s*"
    r"(?=[<((,、。\n]|です|でござ|と申|が(?:担当|務|引|対応|後任)|に(?:なり|引|交代|変|連絡|ご連絡)|となり|まで|宛|$)"
)
_PERSON = r"[A-Z][\w'’-]+(?: [A-Z][\w'’.-]+){1,3}"
_NAMED_EN = re.compile(
    r"(?:[Ss]uccessor|[Rr]eplacement|[Cc]ontact(?:ed)?|[Ww]rite to|[Ee]mail|[Rr]each(?: out to)?|[Cc]olleague"
    r"|[Tt]aken over by|[Hh]anded over to|[Dd]irect \w+ \w+ to)"
    r"(?:\s+(?:is|will be|to|by|my|our|the|colleague|successor|replacement|now))*[,:]?\s+"
    rf"(?P<name>{_PERSON})"
    rf"|(?P<before>{_PERSON})\s*(?:[<(][^<>()\n]{{3,60}}[>)]\s*)?(?:is now|is|has|will)\s"
    r"(?:be |my |now |taken |taking )*"
    r"(?:successor|replacement|over|in charge|responsible|your (?:new )?contact)"
)
_NOT_A_NAME = re.compile(r"担当|部署|窓口|弊社|当社|下記|以下|未定|追って|こちら|\d")
_TITLES = re.compile(r"(?:様|さん|氏|までに?)$")


@dataclass(frozen=True, slots=True)
class Successor:
    """Somebody's name and address; either may be unknown."""

    name: str = ""
    address: str = ""


NOBODY = Successor()


def find_successor(text: str, *, besides: Collection[str]) -> Successor:
    """The one who is named as the next person in charge; nobody where several could be meant."""
    return Successor(_name(text), _address(text, {one.casefold() for one in besides}))


def _name(text: str) -> str:
    japanese = _NAMED_JA.search(text)
    if japanese is not None:
        name = _TITLES.sub("", japanese["name"].rpartition("の")[2].strip())
        return "" if _NOT_A_NAME.search(name) or len(name) > 20 else name
    english = _NAMED_EN.search(text)
    return (english["name"] or english["before"]) if english else ""


def _address(text: str, besides: Collection[str]) -> str:
    """The one address that stands near words of handing over."""
    lines = text.split("\n")
    near = [
        " ".join(lines[number : number + 4]) for number, line in enumerate(lines) if _SPEAKS_OF_IT.search(line)
    ]  # a name stands on one line, the address often below it
    found = {one.casefold(): one for part in near for one in _ADDRESS.findall(part) if one.casefold() not in besides}
    return next(iter(found.values())) if len(found) == 1 else ""
