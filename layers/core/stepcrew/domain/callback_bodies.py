"""What is posted to callbacks, as CrewAI documents it.

Source: https://docs.crewai.com/en/enterprise/guides/webhook-automation, "Webhook Output Examples". `status` and `error`
are our own: the page shows no failed crew.
"""

from __future__ import annotations

from pydantic import JsonValue

from stepcrew.domain.execution import Execution, Status, TaskOutput
from stepcrew.domain.trace import PayloadReference, TraceEvent

Body = dict[str, JsonValue]

_WORDS_OF_SUMMARY = 10


def task_body(output: TaskOutput, address: str) -> Body:
    """`address` is where the whole output is read, if it is too large for a body. The summary is CrewAI's: source,
    `set_summary` of crewai/tasks/task_output.py."""
    summary = " ".join(output.description.split(" ")[:_WORDS_OF_SUMMARY])
    return {
        "description": output.description,
        "name": output.name,
        "expected_output": output.expected_output,
        "summary": f"{summary}...",
        "agent": output.agent_role,
        "output": shortened(output.raw, output.raw_reference, address),
        "output_json": _json(output),
    }


def step_body(step: TraceEvent, before: list[TraceEvent], address: str) -> Body:
    """`before` are earlier events of the same attempt, oldest first: the agent's beginning has the prompt, and the last
    answer of its model the thought. An agent's answer names no tool."""
    prompt = next((one.output for one in before if one.sequence == beginning_of(step)), None)
    answers = [one for one in before if one.event_type == "llm_call_completed" and one.agent_role == step.agent_role]
    thought = answers[-1].output if answers else None
    return {
        "prompt": prompt if isinstance(prompt, str) else None,
        "thought": thought if isinstance(thought, str) else "",
        "tool": step.extra_data.get("tool_name"),
        "tool_input": step.extra_data.get("tool_args"),
        "result": shortened(step.output, step.output_reference, address),
    }


def beginning_of(step: TraceEvent) -> int | None:
    """The number of the event that its agent began with."""
    return step.started_sequence if step.event_type == "agent_execution_completed" else step.parent_sequence


def crew_body(execution: Execution, answer: TaskOutput | None, address: str) -> Body:
    """`answer` is the crew's own, where it completed."""
    used = execution.usage
    completed = execution.status is Status.COMPLETED
    told = execution.error.message if execution.error else execution.message
    return {
        "result": shortened(answer.raw, answer.raw_reference, address) if answer else None,
        "result_json": _json(answer) if answer else None,
        "token_usage": {
            "total_tokens": used.total_tokens,
            "prompt_tokens": used.prompt_tokens,
            "completion_tokens": used.completion_tokens,
        },
        "status": "completed" if completed else "error",
        "error": None if completed else told,
    }


def shortened(whole: JsonValue, reference: PayloadReference | None, address: str) -> JsonValue:
    """What is too large is told by its beginning and its address."""
    return f"{reference.preview}… (whole: {address})" if reference else whole


def _json(output: TaskOutput) -> JsonValue:
    return output.model_dump(mode="json", include={"json_dict"})["json_dict"]
