"""How values are compared: NFKC, no white space, no punctuation, no capitals; phones as digits only.

NFKC makes full-width and half-width forms one: ＡＢＣ is ABC, ｶﾞ is ガ, ㈱ is (株). Hiragana and katakana stay apart:
さくら and サクラ are two companies. Nothing is fuzzy.
"""

from __future__ import annotations

import re
import unicodedata

_LONG_VOWEL = re.compile(r"(?<=\d)ー(?=\d)")  # between numbers it was typed for a hyphen
_NUMBER_WORDS = re.compile(r"(?<=\d)(?:丁目|番地|番|号)")

# Legal forms, as they look after normalising; longest first
_FORMS = (
    "株式会社", "有限会社", "合同会社", "合名会社", "合資会社", "一般社団法人", "一般財団法人", "公益社団法人",
    "公益財団法人", "社団法人", "財団法人", "独立行政法人", "学校法人", "医療法人", "特定非営利活動法人",
)  # fmt: skip
_SHORT_FORMS = re.compile(r"[(（]\s*(?:株|有|同|名|資|社|財|独|学|医)\s*[)）]")
_LATIN_FORMS = re.compile(
    r"[\s,.]+(?:incorporated|inc|corporation|corp|company|co|limited|ltd|llc|llp|plc|gmbh|ag|kk|k\.k|sa|bv|pty)\.?$",
    re.IGNORECASE,
)


def email(value: object) -> str:
    """Trimmed, NFKC, lower case. The raw value is what is written."""
    return unicodedata.normalize("NFKC", _string(value)).strip().lower()


def text(value: object) -> str:
    """NFKC, letters and digits only, no capitals; empty for what holds none."""
    plain = unicodedata.normalize("NFKC", _string(value))
    # Folding capitals, and taking something out of the middle, can undo NFKC: so once more after each
    folded = unicodedata.normalize("NFKC", plain.casefold())
    return unicodedata.normalize("NFKC", "".join(char for char in folded if not _is_ignored(char)))


def company(value: object, *, fold_forms: bool = False) -> str:
    """A company's name. ``fold_forms``: 株式会社, (株), Inc., Co., Ltd. and the like do not count, unless nothing else
    is there."""
    if not fold_forms:
        return text(value)
    return text(without_forms(value)) or text(value)


def without_forms(value: object) -> str:
    """The name without its legal forms, as far as they stand where such forms stand."""
    plain = unicodedata.normalize("NFKC", _string(value)).strip()
    plain = _SHORT_FORMS.sub("", plain)
    for form in _FORMS:
        plain = plain.removeprefix(form).removesuffix(form).strip()
    while (shorter := _LATIN_FORMS.sub("", plain)) != plain:
        plain = shorter
    return plain


def address(*parts: object) -> str:
    """Parts joined as they come (prefecture, city, street): 1-2-3, １ー２ー３ and 1丁目2番3号 are one."""
    joined = unicodedata.normalize("NFKC", "".join(_string(part) for part in parts))
    return text(_NUMBER_WORDS.sub("", _LONG_VOWEL.sub("", joined)))


def phone(value: object) -> str:
    """Digits only; +81 is the leading 0. Empty without a digit."""
    plain = unicodedata.normalize("NFKC", _string(value)).strip()
    digits = "".join(char for char in plain if char.isdigit() and char.isascii())
    if plain.startswith("+81") and digits.startswith("81"):
        return "0" + digits[2:].removeprefix("0")
    return digits


def _string(value: object) -> str:
    return "" if value is None else str(value)


def _is_ignored(char: str) -> bool:
    """White space, punctuation, symbols and what is not seen."""
    return unicodedata.category(char)[0] in "ZPSC"
