"""What a task produced fits into the table, however large its parts are."""

from __future__ import annotations

import pytest
from tests.aws_table import GROUP, ID, NOW, emulated_aws, execution, submission

from stepcrew.domain.execution import TaskOutput


@pytest.mark.parametrize(
    "output",
    [
        TaskOutput(index=0, name="haiku", raw="text", description="x" * 500_000, expected_output="y" * 500_000),
        TaskOutput(index=0, name="haiku", raw="\x01" * 90_000, json_dict={"text": "\x01" * 16_000}),
    ],
    ids=["inputs in the description", "characters that take six bytes"],
)
def test_an_output_is_stored_whatever_surrounds_it(output: TaskOutput) -> None:
    with emulated_aws() as aws:
        aws.executions.create(execution(), submission(), None)
        aws.tasks.save_task_output(aws.executions.begin_attempt(GROUP, ID, NOW), output)
        found = aws.tasks.task_outputs(GROUP, ID)[0]
    assert (found.raw, found.json_dict) == (output.raw, output.json_dict)
    assert len(found.description) <= 10_001
