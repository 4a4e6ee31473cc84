"""Distributed maps: what the pinned emulator lacks of them. `engine` checks that each piece still fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import stepfunctions

EVALUATED = {"MaxConcurrency": "number", "ToleratedFailureCount": "number", "ToleratedFailurePercentage": "number"}


def install() -> None:
    """Fields of a distributed map may be JSONata expressions, which the emulator would use unevaluated; and its output
    is the one that the state names."""
    stepfunctions._run_distributed_map = _with_expressions(stepfunctions._run_distributed_map)


def _with_expressions(run_map: Callable[..., Any]) -> Callable[..., Any]:
    def run(
        state: Mapping[str, Any],
        raw_input: object,
        effective: object,
        iterator: object,
        execution: object,
        context: Any,
    ) -> Any:
        if stepfunctions._state_query_language(state, context) != "JSONata":
            return run_map(state, raw_input, effective, iterator, execution, context)
        evaluated = dict(state)
        for field, kind in EVALUATED.items():
            if field in state:
                evaluated[field] = stepfunctions._jsonata_state_field(state, field, kind, raw_input, context)
        reader = state.get("ItemReader")
        if reader:
            arguments = stepfunctions._apply_jsonata_template(reader["Arguments"], raw_input, context)
            evaluated["ItemReader"] = {**reader, "Arguments": arguments}
        results, following = run_map(evaluated, raw_input, effective, iterator, execution, context)
        output = stepfunctions._apply_jsonata_output(state, raw_input, context, result=results, default=results)
        stepfunctions._apply_state_assign(state, raw_input, context, result=results)
        return output, following

    return run
