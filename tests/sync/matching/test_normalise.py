"""How values are compared, as tables of pairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.sync.matching import address, company, email, phone, text

SAME_NAMES = [
    ("株式会社サンプル", "株式会社 サンプル", "white space"),
    ("ＡＢＣ商事", "ABC商事", "full-width letters"),
    ("ｻﾝﾌﾟﾙ工業", "サンプル工業", "half-width kana with its mark"),
    ("㈱サンプル", "(株)サンプル", "a sign for a word"),
    ("Acme, Inc.", "ACME INC", "capitals and punctuation"),
    ("サン・プル", "サンプル", "middle dot"),
    ("A－B", "A-B", "hyphens of any width"),
    ("東京\u3000電器", "東京電器", "ideographic space"),
    ("Zoë", "Zoe\u0308", "composed and decomposed"),
    ("①番館", "1番館", "a number in a circle"),
]
OTHER_NAMES = [
    ("さくら", "サクラ", "hiragana and katakana are two names"),
    ("サーバー", "サーバ", "a long vowel is a letter"),
    ("株式会社サンプル", "サンプル株式会社", "where the form stands, unless forms are folded"),
    ("サンプル", "サンプル工業", "no part of a name"),
    ("髙橋", "高橋", "variants of one character, which NFKC keeps apart"),
]


@pytest.mark.req("S13")
@pytest.mark.parametrize(("left", "right", "_why"), SAME_NAMES, ids=[why for *_, why in SAME_NAMES])
def test_names_that_are_one(left: str, right: str, _why: str) -> None:
    assert company(left) == company(right) != ""


@pytest.mark.req("S13")
@pytest.mark.parametrize(("left", "right", "_why"), OTHER_NAMES, ids=[why for *_, why in OTHER_NAMES])
def test_names_that_are_two(left: str, right: str, _why: str) -> None:
    assert company(left) != company(right)


@pytest.mark.req("S13")
@pytest.mark.parametrize(
    "name", ["株式会社サンプル", "サンプル(株)", "㈱サンプル", "サンプル 株式会社", "有限会社サンプル"]
)
def test_forms_fold_only_where_that_is_switched_on(name: str) -> None:
    assert company(name, fold_forms=True) == "サンプル"
    assert company(name) != "サンプル"


@pytest.mark.parametrize("name", ["Acme Co., Ltd.", "Acme Inc.", "acme K.K.", "ACME Corporation"])
def test_latin_forms_fold(name: str) -> None:
    assert company(name, fold_forms=True) == "acme"


@pytest.mark.parametrize(("name", "folded"), [("株式会社", "株式会社"), ("Limited", "limited"), ("Cosmo", "cosmo")])
def test_a_name_that_is_all_form_stays(name: str, folded: str) -> None:
    assert company(name, fold_forms=True) == folded


@pytest.mark.req("S13")
@pytest.mark.parametrize(
    "written", ["03-1234-5678", "０３－１２３４－５６７８", "(03) 1234 5678", "+81-3-1234-5678", "+81(0)3-1234-5678"]
)
def test_phones_are_digits(written: str) -> None:
    assert phone(written) == "0312345678"


@pytest.mark.parametrize("written", [None, "", " ", "なし", "-", "ext."])
def test_a_phone_without_digits_is_empty(written: str | None) -> None:
    assert phone(written) == ""


@pytest.mark.req("S12", "S13")
@pytest.mark.parametrize(
    "parts",
    [
        ("東京都", "千代田区", "丸の内1-2-3"),
        ("東京都", "千代田区", "丸の内１－２－３"),
        ("東京都", "千代田区", "丸の内１ー２ー３"),
        ("東京都 ", "千代田区", "丸の内 1丁目2番3号"),
        ("東京都千代田区丸の内1-2-3",),
        ("", None, "東京都千代田区丸の内 1−2−3"),
    ],
)
def test_an_address_is_its_parts_in_a_row(parts: tuple[str | None, ...]) -> None:
    assert address(*parts) == address("東京都千代田区丸の内1-2-3")


def test_the_long_vowel_stays_in_an_address() -> None:
    assert address("センタービル1ー2") != address("センタビル1-2")


@pytest.mark.parametrize(
    ("raw", "compared"), [(" A.Sato@Example.JP ", "a.sato@example.jp"), ("ａ@example.jp", "a@example.jp")]
)
def test_email(raw: str, compared: str) -> None:
    assert email(raw) == compared


@given(st.text())
def test_normalising_twice_is_normalising_once(value: str) -> None:
    assert text(text(value)) == text(value)


@given(st.text(), st.sampled_from([" ", "\u3000", "-", "・", "\t"]))
def test_white_space_and_punctuation_never_count(value: str, filler: str) -> None:
    assert text(filler + value + filler) == text(value)
