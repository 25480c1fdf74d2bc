"""What KARTE would cut off is cut and named before."""

from __future__ import annotations

from renkei.clients.karte_limits import CELL_BYTES, fit_cells, fit_event


def test_an_events_texts_are_cut_and_named() -> None:
    values = {"a": "x" * 2049, "b": "漢" * 2048, "marketo": {"company": "y" * 3000, "id": 5}, "list": ["z" * 2049, 1]}
    fitting, cut = fit_event(values)
    assert cut == ["a", "marketo.company", "list.0"]
    assert fitting == {
        "a": "x" * 2048, "b": "漢" * 2048, "marketo": {"company": "y" * 2048, "id": 5}, "list": ["z" * 2048, 1],
    }  # fmt: skip


def test_a_character_of_two_units_is_not_halved() -> None:
    fitting, cut = fit_event({"a": "x" + "𠮷" * 1024})
    assert fitting == {"a": "x" + "𠮷" * 1023} and cut == ["a"]


def test_what_fits_is_left_alone() -> None:
    values = {"n": 1, "none": None, "text": "漢" * 85, "flag": False}
    assert fit_event(values) == (values, [])
    assert fit_cells(values) == (values, [])


def test_cells_are_cut_between_characters() -> None:
    fitting, cut = fit_cells({"company": "漢" * 86, "exact": "a" * CELL_BYTES, "mixed": "a" + "漢" * 85 + "b"})
    assert fitting == {"company": "漢" * 85, "exact": "a" * 256, "mixed": "a" + "漢" * 85}
    assert cut == ["company", "mixed"]
