"""The queue of firings that go on later, as a list."""

from __future__ import annotations

from typing import NamedTuple


class Deferred(NamedTuple):
    group_id: str
    trigger: str
    firing_id: str
    turn: int
    seconds: int


class FakeTriggerQueue:
    def __init__(self) -> None:
        self.waiting: list[Deferred] = []

    def proceed(self, group_id: str, trigger: str, firing_id: str, turn: int, seconds: int) -> None:
        self.waiting.append(Deferred(group_id, trigger, firing_id, turn, seconds))
