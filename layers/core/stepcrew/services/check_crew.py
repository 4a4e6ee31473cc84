"""What a crew must fulfil before it is run or stored."""

from __future__ import annotations

import json
from typing import Any

from stepcrew.domain.answer_size import MOST_ANSWER_BYTES, answered_bytes
from stepcrew.domain.canonical import canonical_json
from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.parsing import ParsedCrew, parse_crew
from stepcrew.domain.references import ModelRules, check_references

MAX_INPUTS_BYTES = 1_000_000


def check_crew(
    config: dict[str, Any],
    inputs: dict[str, Any] | None,
    models: ModelRules,
    retention_days: int,
    *,
    inputs_follow: bool = False,
) -> ParsedCrew:
    """Raises `InvalidRequest` with every fault; with `inputs_follow`, inputs may still be missing."""
    parsed = parse_crew(config, inputs)
    check_references(parsed, models, retention_days, inputs_follow=inputs_follow)
    if len(json.dumps(parsed.inputs)) > MAX_INPUTS_BYTES:
        detail = "The inputs are larger than 1 MB."
        raise InvalidRequest(detail, [Fault(pointer="/inputs", code="too_large", detail=detail)])
    if answered_bytes(canonical_json([parsed.definition, parsed.inputs])) > MOST_ANSWER_BYTES:
        detail = "The crew with its inputs is larger than an answer of this service can be."
        raise InvalidRequest(detail, [Fault(pointer="/config", code="too_large", detail=detail)])
    return parsed
