"""The Lambda handler of a group's own tool (projects/tool.yaml): one invocation is one call of it.

The event is the object of the arguments, as the runner and the gateway of Amazon Bedrock AgentCore send it. What the
tool raises is the function's error, which its caller tells the model.
"""

from __future__ import annotations

from stepcrew_runner.isolation import environment, loading

environment.prepare()

from collections.abc import Mapping  # noqa: E402 - CrewAI may be imported only after `prepare`
from typing import Any  # noqa: E402

from stepcrew_runner import wiring  # noqa: E402

loading.end()


def handler(event: Mapping[str, Any], context: object) -> Any:
    """Answers what the tool answers, as JSON."""
    del context
    return wiring.served_tool().call(event)
