"""Collecting the faults of a document: all of them, but no more than a reader can use and a request may cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from stepcrew.domain.errors import Fault, InvalidRequest

MAX_FAULTS = 100

_WHAT_TO_WRITE = {
    "string_type": "Write a text.",
    "int_type": "Write a whole number, without quotes.",
    "int_from_float": "Write a whole number.",
    "float_type": "Write a number, without quotes.",
    "finite_number": "Write a number that is not infinite.",
    "bool_type": "Write true or false, without quotes.",
    "dict_type": "Write an object of names and values.",
    "model_type": "Write an object of names and values.",
    "model_attributes_type": "Write an object of names and values.",
    "list_type": "Write a list.",
    "string_too_short": "Write a text that is not empty.",
    "string_pattern_mismatch": "Write it in the form that the description of the API names.",
    "missing": "Add it.",
    "extra_forbidden": "Remove it.",
}
_WHAT_FITS: dict[str, Callable[[dict[str, Any]], str]] = {
    "literal_error": lambda context: f"Use one of {context['expected']}.",
    "enum": lambda context: f"Use one of {context['expected']}.",
    "greater_than": lambda context: f"Give more than {context['gt']}.",
    "greater_than_equal": lambda context: f"Give at least {context['ge']}.",
    "less_than": lambda context: f"Give less than {context['lt']}.",
    "less_than_equal": lambda context: f"Give at most {context['le']}.",
    "too_long": lambda context: f"Give at most {context['max_length']}.",
    "too_short": lambda context: f"Give at least {context['min_length']}.",
    "string_too_long": lambda context: f"Shorten it to {context['max_length']} characters.",
}


class EnoughFaults(Exception):
    """So many faults were found that looking for more is of no use."""


class Faults(list[Fault]):
    """The faults of one document, each once. Adding the last that is kept raises `EnoughFaults`, so that
    whoever looks for faults stops working."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[tuple[str, str, str]] = set()

    def add(self, fault: Fault) -> None:
        """Raises `EnoughFaults` when there are `MAX_FAULTS` of them."""
        what = (fault.pointer, fault.code, fault.detail)
        if what in self._seen:
            return
        self._seen.add(what)
        self.append(fault)
        if len(self) >= MAX_FAULTS:
            raise EnoughFaults

    def add_all(self, faults: Iterable[Fault]) -> None:
        """Raises `EnoughFaults`."""
        for fault in faults:
            self.add(fault)

    def error(self, what: str) -> InvalidRequest:
        """All of them as one error about `what`, which begins its message."""
        number = "at least 100" if len(self) >= MAX_FAULTS else str(len(self))
        return InvalidRequest(f"{what} has {number} fault{'s' if len(self) > 1 else ''}: {self[0].detail}", list(self))


def remedy_for(kind: str, context: dict[str, Any] | None) -> str:
    """What to write instead, for pydantic's name of a fault
    (https://docs.pydantic.dev/latest/errors/validation_errors/); empty where its message says it already."""
    if kind in _WHAT_FITS and context:
        return _WHAT_FITS[kind](context)
    return _WHAT_TO_WRITE.get(kind, "")
