"""What an execution may use, and what a person may add."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.aws_table import execution

from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.execution import Execution, GroupLimits, Limits, Usage
from stepcrew.domain.limits import LimitRules, effective, raised


def rules(defaults: dict[str, object] | None = None, ceilings: dict[str, object] | None = None) -> LimitRules:
    return LimitRules(GroupLimits.model_validate(defaults or {}), GroupLimits.model_validate(ceilings or {}))


def asked(**limits: object) -> Limits:
    return Limits.model_validate(limits)


def used(limits: Limits, first: Limits | None = None, **usage: object) -> Execution:
    return execution().model_copy(
        update={"limits": limits, "first_limits": first, "usage": Usage.model_validate(usage)}
    )


def faults(caught: pytest.ExceptionInfo[InvalidRequest]) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def test_without_rules_a_submission_gets_what_it_asks_for() -> None:
    assert effective(None, rules()) == Limits()
    assert effective(asked(max_tokens=5, on_budget="ask"), rules()) == asked(max_tokens=5, on_budget="ask")


def test_what_is_left_out_is_the_default_and_else_the_ceiling() -> None:
    found = effective(asked(max_tokens=7), rules({"max_model_calls": 9}, {"max_cost_usd": 2, "timeout_seconds": 60}))
    assert found == asked(max_tokens=7, max_model_calls=9, max_cost_usd=2, timeout_seconds=60)
    assert effective(None, rules({"timeout_seconds": 7200}, {"max_tokens": 5})).timeout_seconds == 7200
    assert effective(asked(max_tokens=None), rules({}, {"max_tokens": 5})).max_tokens == 5


def test_a_default_never_exceeds_the_ceiling() -> None:
    assert effective(None, rules({"max_tokens": 10}, {"max_tokens": 5})).max_tokens == 5


def test_every_amount_above_its_ceiling_is_a_fault_that_names_both_numbers() -> None:
    with pytest.raises(InvalidRequest) as caught:
        effective(
            asked(max_tokens=7, max_cost_usd=3, timeout_seconds=60), rules({}, {"max_tokens": 5, "max_cost_usd": 2})
        )
    assert faults(caught) == [("/limits/max_tokens", "above_ceiling"), ("/limits/max_cost_usd", "above_ceiling")]
    fault: Fault = caught.value.faults[0]
    assert fault.detail == "max_tokens = 7 is above the ceiling of this group, 5 tokens."


def test_a_used_up_budget_grows_by_its_first_amount_over_what_was_used() -> None:
    limits = asked(max_tokens=100, max_model_calls=10, max_cost_usd=1)
    found = raised(used(limits, total_tokens=130, model_calls=4, cost_usd=0.5), "max_tokens", None, GroupLimits())
    assert found == asked(max_tokens=230, max_model_calls=10, max_cost_usd=1)
    again = used(found, first=limits, total_tokens=240, model_calls=10)
    assert raised(again, "max_tokens", None, GroupLimits()) == asked(max_tokens=340, max_model_calls=20, max_cost_usd=1)


def test_money_grows_exactly_and_stays_what_the_record_can_hold() -> None:
    execution = used(asked(max_cost_usd=0.1), cost_usd=Decimal("0.10000000000001"))
    found = raised(execution, "max_cost_usd", None, GroupLimits())
    assert found.max_cost_usd == Decimal("0.200000001")
    assert Limits.model_validate_json(found.model_dump_json()) == found


def test_a_person_names_amounts_and_only_those_change() -> None:
    execution = used(asked(max_tokens=100), total_tokens=100)
    more = GroupLimits.model_validate({"max_tokens": 150, "timeout_seconds": 7200})
    assert raised(execution, "max_tokens", more, GroupLimits()) == asked(max_tokens=150, timeout_seconds=7200)


@pytest.mark.parametrize(
    ("more", "ceilings", "expected"),
    [
        ({"max_tokens": 100}, {}, [("/limits/max_tokens", "no_room")]),
        ({"max_tokens": 300}, {"max_tokens": 200}, [("/limits/max_tokens", "above_ceiling")]),
        ({"timeout_seconds": 60}, {}, [("/limits/timeout_seconds", "no_room")]),
        (None, {"max_tokens": 100}, [("/limits/max_tokens", "no_room")]),
    ],
)
def test_more_that_is_not_more_or_too_much_is_refused(
    more: dict[str, object] | None, ceilings: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    execution = used(asked(max_tokens=100), total_tokens=100)
    wanted = GroupLimits.model_validate(more) if more else None
    with pytest.raises(InvalidRequest) as caught:
        raised(execution, "max_tokens", wanted, GroupLimits.model_validate(ceilings))
    assert [found for found in faults(caught) if found[0] == expected[0][0]] == expected


def test_what_is_granted_by_itself_stops_at_the_ceiling() -> None:
    execution = used(asked(max_tokens=100), total_tokens=100)
    assert raised(execution, "max_tokens", None, GroupLimits(max_tokens=150)).max_tokens == 150


amounts = st.integers(min_value=1, max_value=1000)


@given(limit=amounts, used_up=amounts, ceiling=st.none() | amounts, wanted=st.none() | amounts)
def test_whatever_is_granted_leaves_room_below_the_ceiling(
    limit: int, used_up: int, ceiling: int | None, wanted: int | None
) -> None:
    execution = used(asked(max_tokens=limit), total_tokens=used_up)
    more = GroupLimits(max_tokens=wanted) if wanted else None
    try:
        found = raised(execution, "max_tokens", more, GroupLimits(max_tokens=ceiling)).max_tokens
    except InvalidRequest:
        # Only what was asked for can be wrong, or there is no room left below the ceiling.
        assert wanted is not None or (ceiling is not None and ceiling <= max(used_up, limit))
        return
    assert found is not None
    assert found > used_up
    assert ceiling is None or found <= ceiling
    assert wanted in (None, found)
