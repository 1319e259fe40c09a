"""The writer's own words: a reply without what it quotes, in the ways that mail programs here and elsewhere quote.

The kept library for this reads none of Outlook's and Apple's Japanese ways, and its patterns can take very long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MOST_LINES = 5000
_LONGEST_LINE = 1000
# “… wrote:”, on one line or, where it begins with a date, broken over up to three.
_SAYS = r"(?:\bwrote|のメール|さん?[はが]書きました|[はが]書きました|からのメッセージ|のメッセージ)"
_WROTE = re.compile(rf".{{3,300}}{_SAYS}\s*[::]\s*")
_DATED = re.compile(
    rf"(?:On\b|\d{{4}}[年/.-]\d{{1,2}}[月/.-]\d{{1,2}}).{{4,300}}(?:{_SAYS}|\d{{1,2}}[::]\d{{2}}.{{0,200}}<\S+@\S+>)"
    r"\s*[::]?\s*"
)
_IS_OF_A_MAIL = re.compile(r"\d{1,2}[:/.月]\d|\S@\S")
_RULE = re.compile(
    r"\s*(?:[-_=*]{2,}\s*)?(?:Original Message|Forwarded message|元のメッセージ|転送メッセージ|オリジナルメッセージ"
    r"|Original Appointment)\s*[-_=*]{0,}\s*$|^_{20,}\s*$",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"\s*[*>\s]*(?:(?P<who>From|差出人|送信者)|(?P<when>Sent|Date|送信日時|日時|日付)|(?P<to>To|宛先)|(?P<on>Subject|件名))"
    r"\s*\**\s*[::]",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"--\s?$")
_SENT_FROM = re.compile(
    r"\s*(?:Sent from (?:my|Outlook|Mail|Yahoo)\b.{0,40}|Get Outlook for .{0,40}"
    r"|(?:私の|マイ)?(?:iPhone|iPad|Android|Xperia|Galaxy|Outlook|Yahoo|スマートフォン|スマホ|携帯).{0,30}(?:から|より)送信.{0,10})\s*$",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"\n{3,}")


def own_words(text: str) -> str:
    """What the writer wrote this time; all of it where nothing else would be left."""
    lines = [line.rstrip()[:_LONGEST_LINE] for line in text.split("\n")[:_MOST_LINES]]
    own = _unsigned(_unquoted(lines))
    said = _BLANKS.sub("\n\n", "\n".join(own)).strip()
    return said or _BLANKS.sub("\n\n", "\n".join(lines)).strip()


def _unquoted(lines: Sequence[str]) -> list[str]:
    begins, length = _where_quoting_begins(lines)
    before = [line for line in lines[:begins] if not _is_quoted(line)]
    after = lines[begins + length :]
    if _is_marked(after):  # answers may stand between and below what is quoted
        while after:
            begins, length = _where_quoting_begins(after)
            before += ["", *(line for line in after[:begins] if not _is_quoted(line))]
            after = after[begins + length :]
            if not _is_marked(after):
                break
    return before


def _where_quoting_begins(lines: Sequence[str]) -> tuple[int, int]:
    """The first line that introduces a quotation, and how many lines the introduction has."""
    for number in range(len(lines)):
        if not lines[number].strip() or _is_quoted(lines[number]):
            continue
        if _RULE.match(lines[number]):
            return number, 1
        if _HEAD.match(lines[number]) and _is_head(lines[number : number + 8]):
            return number, 1
        if _WROTE.fullmatch(lines[number]) and (_IS_OF_A_MAIL.search(lines[number]) or _is_marked(lines[number + 1 :])):
            return number, 1
        for length in (1, 2, 3):
            if _DATED.fullmatch(" ".join(lines[number : number + length])):
                return number, length
    return len(lines), 0


def _is_head(lines: Sequence[str]) -> bool:
    """The copied head of a mail: who wrote it, and two of when, to whom and on what."""
    found = {found.lastgroup for line in lines if (found := _HEAD.match(line))}
    return "who" in found and len(found) >= 3


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith((">", "＞"))


def _is_marked(lines: Sequence[str]) -> bool:
    """Whether what follows is quoted with a mark on each line, so that the writer's words can be told from it."""
    first = next((line for line in lines if line.strip()), "")
    return _is_quoted(first)


def _unsigned(lines: Sequence[str]) -> list[str]:
    kept = list(lines)
    for number, line in enumerate(kept):
        if _SIGNATURE.match(line) and any(one.strip() for one in kept[:number]):
            del kept[number:]
            break
    return [line for line in kept if not _SENT_FROM.match(line)]
