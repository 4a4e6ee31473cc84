"""Executions under faults: what is injected, what is expected, and what is found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.e2e.user import crew, task
from tests.faults.proxy import Fault, Plan

TASKS = ("first", "second", "third")


class Expected(NamedTuple):
    """`calls` are the model calls of tasks that need not just one; `died` are the attempts that could not say how many
    events they emitted; `unknown` is how many model calls may be missing in the usage, because their caller died before
    they ended or within a second after."""

    status: str = "COMPLETED"
    attempts: int = 1
    calls: Mapping[str, int] = MappingProxyType({})
    died: tuple[int, ...] = ()
    unknown: int = 0


class Case(NamedTuple):
    """One execution under faults, of the crew that `config` makes or the stored one that is named. `key` is its name;
    `during` is called once it is accepted. When it is `abandoned`, nobody asks again whether it was accepted."""

    key: str
    faults: Sequence[Fault]
    expected: Expected = Expected()
    hold: bool = False
    abandoned: bool = False
    during: Callable[[str, Plan], None] | None = None
    config: Callable[[str], dict[str, Any]] | None = None
    stored: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """What is submitted."""
        if self.stored is not None:
            return {"crew": self.stored, "inputs": {"key": self.key}}
        return {"config": (self.config or three_tasks)(self.key)}


class Found(NamedTuple):
    """What an execution left behind. `calls` are the model calls by task."""

    record: dict[str, Any]
    calls: dict[str, int]
    trace: str
    problems: list[str]
    plan: Plan

    @property
    def told_calls(self) -> str:
        """`1 + 1 + 1`, for a table."""
        return " + ".join(f"{count}" for count in self.calls.values() if count)


def three_tasks(key: str) -> dict[str, Any]:
    """The third sees the others' outputs, so a lost one would show; the second is slow enough for progress to be saved
    and for several batches of trace events."""
    return crew(
        task(f"Do first of {key}. [[say ONE]]", "first"),
        task(f"Do second of {key}. [[slow 1.3]] [[say TWO]]", "second"),
        task(f"Do third of {key}. [[say THREE]]", "third", context=["first", "second"]),
        name=key,
    )


def wrong(what: str, found: object, expected: object) -> list[str]:
    return [] if found == expected else [f"{what}: {found}, expected {expected}"]


def usage_wrong(used: int, made: int, unknown: int) -> list[str]:
    return [] if made - unknown <= used <= made else [f"used model calls: {used} of {made}, {unknown} may be unknown"]


def events_wrong(events: list[dict[str, Any]], gaps: list[dict[str, Any]]) -> list[str]:
    """Within each attempt, numbers without a hole or a double; a gap only behind the last, of one that died."""
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    for event in events:
        numbers[event["attempt"]].append(event["sequence"])
    wrong = [
        f"attempt {n} has events {found}" for n, found in numbers.items() if found != list(range(1, len(found) + 1))
    ]
    open_ends = {gap["attempt"]: (gap["first"], gap["last"]) for gap in gaps}
    wrong += [f"gap {n}: {gap}" for n, gap in open_ends.items() if gap != (len(numbers[n]) + 1, None)]
    doubles = Counter((event["attempt"], event["sequence"]) for event in events)
    return wrong + [f"{one} is there {count} times" for one, count in doubles.items() if count > 1]
