from __future__ import annotations

import pytest
from tests.aws_table import execution

from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.trace import SYSTEM_ATTEMPT, RecordedRange
from stepcrew.services.read_trace import emitted, gaps_of, is_complete


def record(
    emitted: dict[int, int], recorded: dict[int, int], status: Status = Status.COMPLETED, attempt: int = 1
) -> Execution:
    return execution().model_copy(
        update={
            "status": status,
            "attempt": attempt,
            "traces_emitted": {str(number): count for number, count in emitted.items()},
            "traces_recorded": {str(number): count for number, count in recorded.items()},
        }
    )


def ranges(*given: tuple[int, int, int]) -> list[RecordedRange]:
    return [RecordedRange(attempt=attempt, first=first, last=last) for attempt, first, last in given]


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        (record({1: 5}, {1: 5}), True),
        (record({1: 5}, {1: 4}), False),
        (record({1: 5}, {1: 5}, Status.RUNNING), False),
        (record({}, {1: 5}), False),  # the attempt died without a word
        (record({2: 5}, {1: 3, 2: 5}, attempt=2), False),
        (record({1: 3, 2: 5}, {1: 3, 2: 5}, attempt=2), True),
        (record({1: 3, SYSTEM_ATTEMPT: 1}, {1: 3}, Status.FAILED), False),
        (record({1: 3, SYSTEM_ATTEMPT: 1}, {1: 3, SYSTEM_ATTEMPT: 1}, Status.FAILED), True),
        (record({}, {}, Status.CANCELLED, attempt=0), True),
    ],
)
def test_a_trace_is_complete_when_all_attempts_told_their_count_and_all_is_recorded(
    given: Execution, complete: bool
) -> None:
    assert is_complete(given) is complete


def test_the_emitted_count_is_unknown_while_an_attempt_has_not_said() -> None:
    assert emitted(record({1: 3}, {}, attempt=2)) is None
    assert emitted(record({1: 3, 2: 4}, {}, attempt=2)) == 7


@pytest.mark.parametrize(
    ("given", "stored", "expected"),
    [
        (record({1: 6}, {}), ranges((1, 1, 3), (1, 4, 6)), []),
        (record({1: 6}, {}), ranges((1, 1, 2), (1, 5, 6)), [(1, 3, 4)]),
        (record({1: 6}, {}), ranges((1, 3, 4)), [(1, 1, 2), (1, 5, 6)]),
        (record({1: 6}, {}), [], [(1, 1, 6)]),
        (record({1: 0}, {}), [], []),
        (record({1: 6}, {}), ranges((1, 1, 4), (1, 3, 6)), []),  # a batch cut differently when it was sent again
        (record({}, {}), ranges((1, 1, 4)), [(1, 5, None)]),
        (record({}, {}, Status.RUNNING), ranges((1, 1, 4)), []),
        (record({}, {}, Status.RUNNING), ranges((1, 3, 4)), [(1, 1, 2)]),
        (record({2: 2}, {}, attempt=2), ranges((2, 1, 2)), [(1, 1, None)]),
        (record({1: 1, SYSTEM_ATTEMPT: 1}, {}), ranges((1, 1, 1)), [(SYSTEM_ATTEMPT, 1, 1)]),
    ],
)
def test_what_lies_between_the_recorded_ranges_is_named(
    given: Execution, stored: list[RecordedRange], expected: list[tuple[int, int, int | None]]
) -> None:
    assert [(gap.attempt, gap.first, gap.last) for gap in gaps_of(given, stored)] == expected
