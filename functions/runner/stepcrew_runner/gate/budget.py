"""What an execution may still use. What is in flight is reserved, so that calls side by side cannot pass a limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Limits
from stepcrew.domain.journal import NO_PRICE
from stepcrew_runner.gate.journal import Journal
from stepcrew_runner.gate.requests import ModelRequest, Reserve


class UsedUp(NamedTuple):
    """A limit that leaves no room for another call. With `price_is_unknown`, `used` is the sentence that says so."""

    limit: str
    allowed: Any
    used: Any
    price_is_unknown: bool = False


class Wait(NamedTuple):
    """Whether there is room is known when what is in flight has ended."""


class Budget:
    """What one execution has used of its limits. The gate calls it from one thread at a time."""

    def __init__(self, limits: Limits, journal: Journal) -> None:
        self._limits = limits
        self._journal = journal
        self._in_flight: dict[int, Reserve] = {}
        self._numbers = 0

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def admit(self, request: ModelRequest) -> int | UsedUp | Wait:
        """The number under which the call is reserved, or why it is not let out."""
        limits, used = self._limits, self._journal.usage()
        if request.is_billed:
            calls = used.model_calls + len(self._in_flight)
            if limits.max_model_calls is not None and calls >= limits.max_model_calls:
                return UsedUp("max_model_calls", limits.max_model_calls, calls)
            for limit, spent, reserved in self._amounts():
                allowed = getattr(limits, limit)
                if allowed is None:
                    continue
                if limit == "max_cost_usd" and (request.reserve.usd is None or used.cost_note):
                    told = used.cost_note or f"{NO_PRICE} {request.name}."
                    return UsedUp(limit, allowed, told, price_is_unknown=True)
                if spent >= allowed:
                    return UsedUp(limit, allowed, spent)
                if spent + reserved >= allowed:
                    return Wait()
        self._numbers += 1
        if request.is_billed:
            self._in_flight[self._numbers] = request.reserve
        return self._numbers

    def release(self, number: int) -> None:
        self._in_flight.pop(number, None)

    def _amounts(self) -> list[tuple[str, Any, Any]]:
        """Each limit with what is used (where nobody told, what was reserved) and what is in flight."""
        used, untold, in_flight = self._journal.usage(), self._journal.untold(), list(self._in_flight.values())
        tokens = used.total_tokens + sum(entry.reserved_tokens for entry in untold)
        usd = (used.cost_usd or Decimal(0)) + sum((entry.reserved_usd or Decimal(0) for entry in untold), Decimal(0))
        return [
            ("max_tokens", tokens, sum(one.tokens for one in in_flight)),
            ("max_cost_usd", usd, sum((one.usd or Decimal(0) for one in in_flight), Decimal(0))),
        ]


def reached(category: Category, kind: str, limit: str, allowed: object, unit: str, task: str | None) -> ExecutionError:
    where = f" in crew task {task}" if task else ""
    return ExecutionError(
        category=category,
        type=kind,
        message=f"The execution reached its limit {limit} = {allowed} {unit}".rstrip() + f"{where}.",
        remedy=f"Raise limits.{limit}, or give the crew less to do.",
        task=task,
    )


def used_up_error(found: UsedUp, task: str | None) -> ExecutionError:
    error = reached(Category.BUDGET, "LimitReached", found.limit, found.allowed, "", task)
    error = error.model_copy(update={"message": f"{error.message[:-1]}: {found.used} used."})
    if found.price_is_unknown:
        message = f"{found.used[:-1]}, so that max_cost_usd = {found.allowed} cannot be kept."
        remedy = "Use max_tokens or max_model_calls for a model whose cost nobody can tell."
        return error.model_copy(update={"type": "PriceUnknown", "message": message, "remedy": remedy})
    return error
