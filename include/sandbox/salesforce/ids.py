"""Record ids: three letters for the object, the org's five, seven for the number, and three that check the case."""

from __future__ import annotations

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
ORG = "5g000"
_VALUE = {digit: value for value, digit in enumerate(DIGITS)}


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of an object's record number `number`."""
    tail = ""
    for _ in range(7):
        number, digit = divmod(number, 62)
        tail = DIGITS[digit] + tail
    return long_id(prefix + ORG + tail)


def first_ids(prefix: str, count: int) -> list[str]:
    """The ids of an object's records 1 to `count`, faster than one by one; at most 62³ − 1."""
    head, bits = prefix + ORG + "0000", [1 if "A" <= digit <= "Z" else 0 for digit in DIGITS]
    check = _checksum(f"{head}000")[:2]
    found = [
        f"{head}{a}{b}{c}{check}{CHECK[bits[i] << 2 | bits[j] << 3 | bits[k] << 4]}"
        for i, a in enumerate(DIGITS) for j, b in enumerate(DIGITS) for k, c in enumerate(DIGITS)
        if i * 3844 + j * 62 + k <= count
    ]  # fmt: skip
    return found[1 : count + 1]


def long_id(short: str) -> str:
    """The 18-character form of a 15-character id."""
    return short + _checksum(short)


def canonical(text: str) -> str | None:
    """The 18-character form of a 15- or 18-character id; None when it is no id at all. An 18-character one may have
    lost its case: the last three characters give it back."""
    if not text.isascii() or not text.isalnum():
        return None
    if len(text) == 15:
        return long_id(text)
    if len(text) != 18:
        return None
    restored = _restore(text[:15], text[15:].upper())
    return None if restored is None else restored + text[15:].upper()


def number_of(record_id: str) -> int:
    """The number inside an id; -1 when it is not one of this org's."""
    if record_id[3:8] != ORG:
        return -1
    number = 0
    for digit in record_id[8:15]:
        number = number * 62 + _VALUE.get(digit, 0)
    return number


def _checksum(short: str) -> str:
    letters = ""
    for start in (0, 5, 10):
        bits = 0
        for position, letter in enumerate(short[start : start + 5]):
            if "A" <= letter <= "Z":
                bits |= 1 << position
        letters += CHECK[bits]
    return letters


def _restore(body: str, check: str) -> str | None:
    restored = ""
    for start, letter in zip((0, 5, 10), check, strict=True):
        bits = CHECK.find(letter)
        if bits < 0:
            return None
        part = body[start : start + 5]
        restored += "".join(c.upper() if bits >> i & 1 else c.lower() for i, c in enumerate(part))
    return restored
