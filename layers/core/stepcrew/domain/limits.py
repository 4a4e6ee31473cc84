"""What an execution may use: what was asked for, the group's defaults and ceilings, and raising a used-up budget."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import Any, NamedTuple

from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.execution import MOST_MODEL_CALLS, MOST_TOKENS, MOST_USD, Execution, GroupLimits, Limits, Usage

AMOUNTS = ("timeout_seconds", "max_tokens", "max_cost_usd", "max_model_calls")
BUDGETS = ("max_tokens", "max_cost_usd", "max_model_calls")
_MOST = {"max_tokens": MOST_TOKENS, "max_cost_usd": MOST_USD, "max_model_calls": MOST_MODEL_CALLS}
_BILLIONTH = Decimal("1e-9")
_UNITS = {"timeout_seconds": " s", "max_tokens": " tokens", "max_cost_usd": " US dollars", "max_model_calls": " calls"}


DEFAULT_OPEN_EXECUTIONS = 200
MOST_OPEN_EXECUTIONS = 5_000
DEFAULT_RUNNING_EXECUTIONS = 20
MOST_RUNNING_EXECUTIONS = 1_000


class LimitRules(NamedTuple):
    """The limits of a group: `defaults` stand in for what a submission leaves out, and nothing may exceed `ceilings`. A
    field that is null there has no default or ceiling. `open_executions` may be open at the same time,
    `running_executions` of them run; the others wait for a slot."""

    defaults: GroupLimits = GroupLimits()
    ceilings: GroupLimits = GroupLimits()
    open_executions: int = DEFAULT_OPEN_EXECUTIONS
    running_executions: int = DEFAULT_RUNNING_EXECUTIONS


def effective(asked: Limits | None, rules: LimitRules) -> Limits:
    """The limits of a new execution: what was asked for, else the default, else the ceiling.

    Raises `InvalidRequest` for each amount above its ceiling."""
    asked = asked or Limits()
    amounts: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in AMOUNTS:
        ceiling = getattr(rules.ceilings, field)
        wanted = getattr(asked, field) if field in asked.model_fields_set else None
        if wanted is not None and ceiling is not None and wanted > ceiling:
            faults.append(above_ceiling(field, wanted, ceiling))
        if wanted is None:
            standing = [getattr(rules.defaults, field), getattr(asked, field)]
            wanted = _least(next((amount for amount in standing if amount is not None), None), ceiling)
        amounts[field] = wanted
    if faults:
        raise InvalidRequest.of(faults)
    return asked.model_copy(update=amounts)


def raised(execution: Execution, named: str | None, asked: GroupLimits | None, ceilings: GroupLimits) -> Limits:
    """The limits after a person granted more. What `asked` leaves out and is used up (or is `named` as the one that
    ended the attempt) grows by its first amount over what was used, as far as the ceiling lets it.

    Raises `InvalidRequest` when an amount is above its ceiling or leaves no room."""
    amounts: dict[str, Any] = {}
    faults: list[Fault] = []
    first = execution.first_limits or execution.limits
    for field in AMOUNTS:
        ceiling, now = getattr(ceilings, field), getattr(execution.limits, field)
        wanted, used = getattr(asked, field, None), used_of(execution.usage, field)
        if wanted is None:
            spent = field == named or (now is not None and used is not None and used >= now)
            if now is None or not spent or field not in BUDGETS:
                continue
            grown = max(now, used or now) + getattr(first, field)
            wanted = _least(_least(_exact(grown), _MOST[field]), ceiling)
        elif ceiling is not None and wanted > ceiling:
            faults.append(above_ceiling(field, wanted, ceiling))
        least = used if field in BUDGETS else now - 1
        if least is not None and wanted <= least:
            faults.append(_no_room(field, wanted, least, ceiling))
        amounts[field] = wanted
    if faults:
        raise InvalidRequest.of(faults)
    return execution.limits.model_copy(update=amounts)


def used_of(usage: Usage, field: str) -> int | Decimal | None:
    """How much of a budget is used; null when that is not known (or the field is no budget)."""
    return {
        "max_tokens": usage.total_tokens,
        "max_cost_usd": usage.cost_usd,
        "max_model_calls": usage.model_calls,
    }.get(field)


def above_ceiling(field: str, wanted: int | Decimal, ceiling: int | Decimal) -> Fault:
    return Fault(
        pointer=f"/limits/{field}",
        code="above_ceiling",
        detail=f"{field} = {wanted} is above the ceiling of this group, {ceiling}{_UNITS[field]}.",
        remedy=f"Ask for at most {ceiling}, or ask the operator for a higher ceiling.",
    )


def _no_room(field: str, wanted: int | Decimal, used: int | Decimal, ceiling: int | Decimal | None) -> Fault:
    least = f"{used}{_UNITS[field]} are used already" if field in BUDGETS else "a deadline is never moved back"
    capped = ceiling is not None and wanted >= ceiling
    return Fault(
        pointer=f"/limits/{field}",
        code="no_room",
        detail=f"{field} = {wanted} leaves no room: {least}.",
        remedy="The ceiling of this group is reached: reject, or ask the operator." if capped else "Grant more.",
    )


def _exact(amount: Any) -> Any:
    """Money to the billionth, as limits keep it, never less."""
    return amount.quantize(_BILLIONTH, ROUND_UP) if isinstance(amount, Decimal) else amount


def _least(amount: Any, bound: Any) -> Any:
    """The smaller of both; null counts as no bound."""
    return min((one for one in (amount, bound) if one is not None), default=None)
