"""Vectors of texts: float32 numbers, little-endian, one after the other."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable

from stepcrew.domain.errors import Category, StepcrewError

MOST_DIMENSIONS = 8_192


class VectorUnusable(StepcrewError):
    """An embedding model answered something that is no vector of finite numbers."""

    category = Category.MODEL
    remedy = "Use another embedding model, or tell the operator."


class VectorsMissing(StepcrewError):
    """What is remembered has lost its vectors: nothing of it would be found."""

    category = Category.PLATFORM


def pack(numbers: Iterable[float]) -> bytes:
    """A vector as it is kept. Raises `VectorUnusable`."""
    try:
        packed = array("f", numbers)
    except (TypeError, OverflowError) as error:
        raise VectorUnusable("An embedding is no list of numbers.") from error
    if not 0 < len(packed) <= MOST_DIMENSIONS:
        raise VectorUnusable(f"An embedding has {len(packed)} dimensions; 1 to {MOST_DIMENSIONS} are possible.")
    if not all(map(math.isfinite, packed)) or not any(packed):
        raise VectorUnusable("An embedding has a number that is not finite, or no number but 0.")
    return _little_endian(packed).tobytes()


def unpack(vector: bytes) -> list[float]:
    numbers = array("f")
    numbers.frombytes(vector)
    return _little_endian(numbers).tolist()


def dimension_of(vector: bytes) -> int:
    return len(vector) // 4


def _little_endian(numbers: array[float]) -> array[float]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
