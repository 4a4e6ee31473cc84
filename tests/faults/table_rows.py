"""From cases to the rows of a table."""

from __future__ import annotations

from tests.faults.cases import Case, Found
from tests.faults.harness import AT_ONCE, FaultHarness
from tests.faults.reliability import Row


class DescribedCase:
    """A case with the words for its row."""

    def __init__(self, what: str, when: str, case: Case) -> None:
        self.what = what
        self.when = when
        self.case = case

    def row(self, found: Found) -> Row:
        status, attempts = found.record["status"], str(found.record["attempt"])
        return (self.what, self.when, status, attempts, found.told_calls, found.trace)


def run_all(harness: FaultHarness, described: list[DescribedCase], at_once: int = AT_ONCE) -> list[Row]:
    """Runs the cases and answers their rows. Fails with everything that went wrong in any of them."""
    found = harness.run([one.case for one in described], at_once)
    problems = {key: one.problems for key, one in found.items() if one.problems}
    assert not problems, problems
    not_injected = [one.case.key for one in described if one.case.faults and not found[one.case.key].plan.injected]
    assert not not_injected, f"these faults never happened: {not_injected}"
    return [one.row(found[one.case.key]) for one in described]
