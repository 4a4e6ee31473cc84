"""When the local stack's schedules fire: in their time zone, over changes of daylight saving, with a given clock."""

from __future__ import annotations

import json
import subprocess

import pytest

from stepcrew_local.layout import ROOT, python_of

PROGRAM = """
import json, sys
from datetime import datetime
from stepcrew_local.emulated.schedules import following
schedule, after, number = json.loads(sys.argv[1])
moment = datetime.fromisoformat(after)
for _ in range(number):
    moment = following(schedule, moment)
    if moment is None:
        break
    print(moment.strftime("%Y-%m-%dT%H:%MZ"))
"""
BERLIN = "Europe/Berlin"


def times(expression: str, after: str, **more: str) -> list[str]:
    """The next times behind `after`, in UTC."""
    schedule = {"ScheduleExpression": expression, "ScheduleExpressionTimezone": BERLIN, **more}
    done = subprocess.run(
        [python_of("emulator"), "-c", PROGRAM, json.dumps([schedule, after, 3])],
        env={"PYTHONPATH": str(ROOT / "local"), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_time_of_day_stays_the_same_over_both_changes_of_the_clock() -> None:
    spring = times("cron(0 9 * * ? *)", "2026-03-28T00:00:00+00:00")
    assert spring == ["2026-03-28T08:00Z", "2026-03-29T07:00Z", "2026-03-30T07:00Z"]
    autumn = times("cron(0 9 * * ? *)", "2026-10-24T00:00:00+00:00")
    assert autumn == ["2026-10-24T07:00Z", "2026-10-25T08:00Z", "2026-10-26T08:00Z"]


def test_a_time_that_the_clock_leaves_out_is_skipped() -> None:
    found = times("cron(30 2 * * ? *)", "2026-03-28T00:00:00+00:00")
    assert found == ["2026-03-28T01:30Z", "2026-03-30T00:30Z", "2026-03-31T00:30Z"]


def test_a_time_that_comes_twice_fires_once() -> None:
    found = times("cron(30 2 * * ? *)", "2026-10-24T12:00:00+00:00")
    assert found == ["2026-10-25T00:30Z", "2026-10-26T01:30Z", "2026-10-27T01:30Z"]


def test_a_rate_takes_no_notice_of_the_clock() -> None:
    found = times("rate(1 hour)", "2026-10-25T00:10:00+00:00")
    assert found == ["2026-10-25T01:10Z", "2026-10-25T02:10Z", "2026-10-25T03:10Z"]


@pytest.mark.parametrize(
    ("after", "found"), [("2026-06-30T12:00:00+00:00", ["2026-07-01T07:00Z"]), ("2026-07-01T07:00:00+00:00", [])]
)
def test_one_time_is_once_in_its_own_time_zone(after: str, found: list[str]) -> None:
    assert times("at(2026-07-01T09:00:00)", after) == found


def test_nothing_fires_before_the_start_or_after_the_end() -> None:
    between = {"StartDate": "2026-07-02T00:00:00Z", "EndDate": "2026-07-03T12:00:00Z"}
    found = times("cron(0 9 * * ? *)", "2026-06-01T00:00:00+00:00", **between)
    assert found == ["2026-07-02T07:00Z", "2026-07-03T07:00Z"]
