"""Knowledge: what agents are told before a task, out of files and texts that their crew names.

A text is cut into chunks, each with a vector of its meaning; those that mean what is asked are found by comparing
vectors. Chunks of a file belong to its bytes (their SHA-256) and to the embedding model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

CHUNK_CHARACTERS = 1_200
OVERLAP_CHARACTERS = 150
"""What a chunk repeats of the one before, where a paragraph had to be cut."""
MOST_CHUNKS = 5_000
"""Of a file: about four million characters."""
_PARAGRAPH = re.compile(r"\n\s*\n")


class TextPart(NamedTuple):
    """A part of a file with a place of its own: a page. `place` is empty where lines tell it."""

    place: str
    text: str


class Piece(NamedTuple):
    """A chunk without its vector. `place` is what a reader finds it by: `page 3`, `line 120`."""

    place: str
    text: str


class Chunk(NamedTuple):
    """`vector` as in `stepcrew.domain.memory`."""

    piece: Piece
    vector: bytes


def pieces_of(parts: Iterable[TextPart]) -> list[Piece]:
    """Paragraphs, put together up to the size of a chunk; a longer one is cut."""
    return [piece for part in parts for piece in _pieces(part)]


def _pieces(part: TextPart) -> Iterator[Piece]:
    """Lines are counted on from one piece to the next: a file may have a million."""
    begun, line, text = 0, 1, ""
    for start, paragraph in _paragraphs(part.text):
        if text and len(text) + len(paragraph) + 2 > CHUNK_CHARACTERS:
            yield Piece(part.place or f"line {line}", text)
            text = ""
        if not text:
            line += part.text.count("\n", begun, start)
            begun = start
        text = f"{text}\n\n{paragraph}" if text else paragraph
    if text:
        yield Piece(part.place or f"line {line}", text)


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Each with the place of its first character; none is longer than a chunk."""
    start = 0
    for end in [*(found.start() for found in _PARAGRAPH.finditer(text)), len(text)]:
        for begin in range(start, end, CHUNK_CHARACTERS - OVERLAP_CHARACTERS):
            piece = text[begin : min(begin + CHUNK_CHARACTERS, end)]
            if piece.strip() and (begin == start or len(piece) > OVERLAP_CHARACTERS):
                yield begin + len(piece) - len(piece.lstrip()), piece.strip()
        start = end
