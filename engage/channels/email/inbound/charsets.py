"""Bytes of a mail as text: in the charset that was named, as it is really written, or else by its looks."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

# What a name stands for in real mail: Windows writes its own characters under the standard's name.
_MEANT = {
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
    "ms_kanji": "cp932", "cswindows31j": "cp932",
    "gb2312": "gb18030", "gbk": "gb18030", "euc-kr": "cp949", "ks_c_5601-1987": "cp949",
    "iso-8859-1": "cp1252", "latin1": "cp1252",
}  # fmt: skip
_ISO_2022_JP = re.compile(r"(?:cs)?iso-?2022-?jp|cp5022[0-9]", re.IGNORECASE)
_OTHER_ISO_2022 = ("iso-2022-k", "iso-2022-c")
# Python reads these, too, but they are none that a mail is written in.
_NO_CHARSETS = frozenset({"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"})
_ESCAPE = re.compile(rb"\x1b(\$\(?[@BD]|\([BJIH])")
_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]")
_UNKEPT = re.compile("[\x00\ud800-\udfff]")  # no database keeps these


def decoded(data: bytes, charset: str | None = None) -> str:
    """The text of these bytes; never fails, and leaves out what no database keeps."""
    return storable(_decoded(data, (charset or "").strip(" \"'").lower()))


def storable(text: str) -> str:
    """The text without what no database keeps."""
    return _UNKEPT.sub("", text)


def _decoded(data: bytes, charset: str) -> str:
    is_7bit_japanese = b"\x1b$" in data and data.isascii() and not charset.startswith(_OTHER_ISO_2022)
    if is_7bit_japanese or _ISO_2022_JP.match(charset):
        return _from_iso_2022_jp(data)
    named = _codec(charset)
    text = _strictly(data, named)
    return _by_looks(data, named) if text is None else text


def _codec(charset: str) -> str:
    """What reads this charset; UTF-8 where none was said, nobody knows it, or no mail is written in it."""
    try:
        name = codecs.lookup(_MEANT.get(charset, charset)).name
        b"a".decode(name)  # some are no encodings of text at all
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if name == "ascii" or name in _NO_CHARSETS else name


def _by_looks(data: bytes, named: str = "utf-8") -> str:
    """UTF-8 where it is, else whichever Japanese encoding reads with the fewest half-width kana; they are rare."""
    if (text := _strictly(data, "utf-8")) is not None:
        return text
    read = [text for name in ("cp932", "euc_jp") if (text := _strictly(data, name)) is not None]
    if read:
        return min(read, key=lambda text: len(_HALF_WIDTH_KANA.findall(text)))
    return data.decode(named, "replace")


def _strictly(data: bytes, encoding: str) -> str | None:
    """The text, or None where it is not written in that encoding."""
    try:
        return data.decode(encoding)
    except ValueError:
        return None


def _from_iso_2022_jp(data: bytes) -> str:
    """The standard where it is kept; else with Windows' own characters, as in ①, ㈱ and 髙."""
    for encoding in ("iso2022_jp", "iso2022_jp_ext"):
        text = _strictly(data, encoding)
        if text is not None:
            return text
    return "".join(_segments(data))


def _segments(data: bytes) -> Iterator[str]:
    mode, at = b"(B", 0
    for escape in _ESCAPE.finditer(data):
        yield _in_mode(data[at : escape.start()], mode)
        mode, at = escape[1], escape.end()
    yield _in_mode(data[at:], mode)


def _in_mode(data: bytes, mode: bytes) -> str:
    if mode in (b"$@", b"$B", b"$(B", b"$(@"):
        return _as_shift_jis(data).decode("cp932", "replace")
    if mode == b"$(D":
        return b"".join(b"\x8f" + bytes(byte | 0x80 for byte in pair) for pair in _pairs(data)).decode(
            "euc_jp", "replace"
        )
    if mode == b"(I":
        return bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in data).decode("cp932", "replace")
    return _by_looks(data)


def _as_shift_jis(data: bytes) -> bytes:
    """JIS rows and cells as the same ones of Shift_JIS, where Windows' rows 13 and 89 to 92 are known."""
    made = bytearray()
    at = 0
    while at < len(data):
        if not 0x21 <= data[at] <= 0x7E or at + 1 == len(data):
            made.append(data[at])
            at += 1
            continue
        row, cell = data[at] - 0x21, data[at + 1] - 0x21
        made.append(row // 2 + (0x81 if row < 62 else 0xC1))
        made.append((cell + 0x9F if row % 2 else cell + 0x40 + (cell >= 63)) & 0xFF)
        at += 2
    return bytes(made)


def _pairs(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 2] for at in range(0, len(data) - 1, 2))
