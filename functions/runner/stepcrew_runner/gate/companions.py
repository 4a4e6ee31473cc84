"""The objects that every part of one attempt works with."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.execution import Execution
from stepcrew.services.ports import Clock
from stepcrew_runner.gate.control import Control
from stepcrew_runner.gate.gate import Gate
from stepcrew_runner.isolation.redaction import Redactor


class Companions(NamedTuple):
    """Made when an attempt begins, and used until its last write."""

    execution: Execution
    clock: Clock
    redactor: Redactor
    control: Control
    gate: Gate
