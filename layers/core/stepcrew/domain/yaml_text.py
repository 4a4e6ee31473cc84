"""YAML text inside a request, read safely and in one pass: JSON's values only, no aliases, no duplicate keys, bounded
size and depth; every value knows its line."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml.events import Event, ScalarEvent

from stepcrew.domain.errors import Fault
from stepcrew.domain.faults import MAX_FAULTS
from stepcrew.domain.nesting import MAX_DEPTH, TOO_DEEP

MAX_CHARACTERS = 2_000_000
MAX_VALUES = 100_000
"""Every value costs about a kilobyte while it is read: where it stands and on which line is kept too."""
MAX_DIGITS = 400
_MEANT_AS_TEXT = re.compile(r"[-+]?(0[0-7_]+$|[0-9_]+:)")
"""Numbers of YAML 1.1 that YAML 1.2 knows no more, and that nobody means: the time 9:30 as 570 in base 60, the postal
code 01234 as 668 in base 8 (https://yaml.org/spec/1.2.2/ext/changes/)."""
_PLAIN_TAGS = {"!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}


class YamlText(NamedTuple):
    """The parsed value, and the line (1-based) of each place by its path of keys."""

    value: Any
    lines: dict[tuple[str, ...], int]
    faults: list[Fault]


class _Unreadable(Exception):
    """Ends the reading: what is wrong, and where."""

    def __init__(self, detail: str, line: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.line = line


def read_yaml(text: str, pointer: str) -> YamlText:
    """Faults carry `pointer`, the place of the text in the request, and the line inside it."""
    reader = _Reader(pointer)
    try:
        value = reader.read(text)
    except _Unreadable as error:
        return YamlText(None, {}, [*reader.faults, _fault(pointer, error.detail, error.line)][-MAX_FAULTS:])
    return YamlText(value, reader.lines, reader.faults)


def _fault(pointer: str, detail: str, line: int | None, code: str = "yaml") -> Fault:
    return Fault(pointer=pointer, code=code, detail=detail, remedy="Correct the YAML text.", line=line)


class _Reader:
    """Builds the value from the parser's events: PyYAML's own loaders read the text more than once, follow aliases and
    make objects that JSON does not know (dates, sets, bytes). Scalars mean what PyYAML's safe loader says, except that
    a date, a time (`9:30`) and digits behind a zero (`01234`) stay the text they were written as."""

    def __init__(self, pointer: str) -> None:
        import yaml  # few requests bring YAML text; every cold start would pay for the import

        self._yaml = yaml
        self._loader: Any = yaml.SafeLoader("")
        self._pointer = pointer
        self._values = 0
        self.lines: dict[tuple[str, ...], int] = {}
        self.faults: list[Fault] = []

    def read(self, text: str) -> Any:
        """Raises `_Unreadable`."""
        if len(text) > MAX_CHARACTERS:
            raise _Unreadable(f"The YAML text is longer than {MAX_CHARACTERS} characters.")
        # libyaml's parser is many times faster; PyYAML brings it in its wheels, but not everywhere.
        parser = getattr(self._yaml, "CSafeLoader", self._yaml.SafeLoader)
        events: Iterator[Event] = self._yaml.parse(text, Loader=parser)
        try:
            return self._document(events)
        except self._yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            raise _Unreadable(f"The YAML text cannot be read: {error.problem}.", line) from error
        except (self._yaml.YAMLError, ValueError) as error:
            raise _Unreadable(f"The YAML text cannot be read: {error}.") from error

    def _document(self, events: Iterator[Event]) -> Any:
        value: Any = None
        found = False
        for event in events:
            if isinstance(event, self._yaml.DocumentStartEvent):
                if found:
                    raise _Unreadable("The YAML text has more than one document.", _line(event))
                found = True
                value = self._value(next(events), events, ())
        if not found:
            raise _Unreadable("The YAML text is empty.")
        return value

    def _value(self, event: Event, events: Iterator[Event], path: tuple[str, ...]) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise _Unreadable(f"The YAML text has more than {MAX_VALUES} values.", _line(event))
        self.lines.setdefault(path, _line(event))
        if isinstance(event, self._yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, self._yaml.AliasEvent):
            # An alias can repeat a large part many times over; crews have no use for it.
            raise _Unreadable("Aliases are not supported.", _line(event))
        kind = getattr(event, "tag", None)
        if kind and kind not in _PLAIN_TAGS:
            raise _Unreadable(f"The tag {kind} is not supported.", _line(event))
        if len(path) >= MAX_DEPTH:
            raise _Unreadable(f"The YAML text is {TOO_DEEP}.", _line(event))
        if isinstance(event, self._yaml.SequenceStartEvent):
            entries: list[Any] = []
            while not isinstance(entry := next(events), self._yaml.SequenceEndEvent):
                entries.append(self._value(entry, events, (*path, str(len(entries)))))
            return entries
        return self._mapping(events, path)

    def _mapping(self, events: Iterator[Event], path: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(key := next(events), self._yaml.MappingEndEvent):
            if not isinstance(key, self._yaml.ScalarEvent):
                raise _Unreadable("A key must be a simple text.", _line(key))
            name = key.value
            if name in found:
                detail = f"The key {name[:100]!r} stands twice in one mapping."
                self.faults.append(_fault(self._pointer, detail, _line(key), "duplicate_key"))
                if len(self.faults) >= MAX_FAULTS:
                    raise _Unreadable("The YAML text has too many keys that stand twice.", _line(key))
            self.lines[(*path, name)] = _line(key)
            found[name] = self._value(next(events), events, (*path, name))
        return found

    def _scalar(self, event: ScalarEvent) -> str | int | float | bool | None:
        text = event.value
        if event.tag in _PLAIN_TAGS:
            return text
        if event.tag:
            raise _Unreadable(f"The tag {event.tag} is not supported.", _line(event))
        tag: str = self._loader.resolve(self._yaml.ScalarNode, text, event.implicit)
        node = self._yaml.ScalarNode(tag, text)
        match tag.removeprefix("tag:yaml.org,2002:"):
            case "null":
                return None
            case "bool":
                return bool(self._loader.construct_yaml_bool(node))
            case "int" | "float" if _MEANT_AS_TEXT.match(text):
                return text
            case "int":
                if len(text) > MAX_DIGITS:
                    raise _Unreadable(f"The number {text[:20]}… has more than {MAX_DIGITS} digits.", _line(event))
                return int(self._loader.construct_yaml_int(node))
            case "float":
                number = float(self._loader.construct_yaml_float(node))
                if not math.isfinite(number):
                    raise _Unreadable(f"{text} is not a number.", _line(event))
                return number
            case _:
                return text


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
