"""From scenes to the rows of a table."""

from __future__ import annotations

from tests.faults.field import AT_ONCE, Field
from tests.faults.reliability import Row
from tests.faults.scenes import Found, Scene


class Told:
    """A scene with the words for its row."""

    def __init__(self, what: str, when: str, scene: Scene) -> None:
        self.what = what
        self.when = when
        self.scene = scene

    def row(self, found: Found) -> Row:
        calls = " + ".join(f"{count}" for count in found.calls.values() if count)
        return (self.what, self.when, found.record["status"], str(found.record["attempt"]), calls, found.trace)


def played(field: Field, told: list[Told], at_once: int = AT_ONCE) -> list[Row]:
    """Their rows. Fails with everything that went wrong in any of them."""
    found = field.play([one.scene for one in told], at_once)
    problems = {key: one.problems for key, one in found.items() if one.problems}
    assert not problems, problems
    unstruck = [one.scene.key for one in told if one.scene.faults and not found[one.scene.key].plan.struck]
    assert not unstruck, f"these faults never happened: {unstruck}"
    return [one.row(found[one.scene.key]) for one in told]
