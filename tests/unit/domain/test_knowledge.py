"""Texts are cut where their paragraphs end, and no word is lost."""

from __future__ import annotations

import pytest

from stepcrew.domain.knowledge import CHUNK_CHARACTERS, OVERLAP_CHARACTERS, TextPart, pieces_of


def test_short_paragraphs_are_put_together_and_told_by_the_line_they_begin_in() -> None:
    text = f"\n\none\n\ntwo\n\n{'x' * (CHUNK_CHARACTERS - 3)}\n\nthree\n\n\nfour"
    pieces = pieces_of([TextPart("", text)])
    assert [(piece.place, piece.text[:11]) for piece in pieces] == [
        ("line 3", "one\n\ntwo"),
        ("line 7", "x" * 11),
        ("line 9", "three\n\nfour"[:11]),
    ]


def test_a_page_keeps_its_place() -> None:
    assert pieces_of([TextPart("page 1", "one"), TextPart("page 3", "two")]) == [("page 1", "one"), ("page 3", "two")]


@pytest.mark.parametrize("text", ["", " \n\n \n", "\n"])
def test_nothing_has_no_pieces(text: str) -> None:
    assert pieces_of([TextPart("", text)]) == []


@pytest.mark.parametrize("length", [1, CHUNK_CHARACTERS, CHUNK_CHARACTERS + 1, 3 * CHUNK_CHARACTERS, 10_007])
def test_a_long_paragraph_is_cut_with_an_overlap_and_nothing_of_it_is_lost(length: int) -> None:
    text = "".join(chr(0x4E00 + number % 20_000) for number in range(length))
    pieces = pieces_of([TextPart("", text)])
    joined = pieces[0].text
    for piece in pieces[1:]:
        assert piece.text.startswith(joined[-OVERLAP_CHARACTERS:])
        joined += piece.text[OVERLAP_CHARACTERS:]
    assert joined == text
    assert all(len(piece.text) <= CHUNK_CHARACTERS for piece in pieces)
