"""What a crew must fulfil before it is run or stored."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from stepcrew.domain.answer_size import MOST_ANSWER_BYTES, answered_bytes
from stepcrew.domain.canonical import canonical_json
from stepcrew.domain.errors import Fault
from stepcrew.domain.faults import EnoughFaults, Faults
from stepcrew.domain.flow import is_flow
from stepcrew.domain.flow_checks import CrewRules, examine_flow
from stepcrew.domain.models import ModelRules
from stepcrew.domain.own_names import NOTHING_OWN, OwnNames
from stepcrew.domain.parsing import ParsedCrew, read_crew
from stepcrew.domain.references import find_reference_faults

MAX_INPUTS_BYTES = 1_000_000


class Examined(NamedTuple):
    """The crew as far as it could be read, null when it has too many faults to go on; it may be used only where
    `faults` is empty."""

    parsed: ParsedCrew | None
    faults: Faults

    def sound(self) -> ParsedCrew:
        """Raises `InvalidRequest` with every fault."""
        if self.faults or self.parsed is None:
            raise self.faults.error("The crew")
        return self.parsed


def examine_crew(
    config: dict[str, Any],
    inputs: dict[str, Any] | None,
    models: ModelRules,
    retention_days: int,
    own: OwnNames = NOTHING_OWN,
    *,
    inputs_follow: bool = False,
) -> Examined:
    """Every fault of form, of reference and of size at once, up to a bound; with `inputs_follow`, inputs may still be
    missing."""
    faults = Faults()
    parsed = None
    try:
        if is_flow(config):
            rules = CrewRules(models, retention_days, own)
            parsed = examine_flow(config, inputs or {}, faults, rules, inputs_follow=inputs_follow)
            if parsed is None:
                return Examined(None, faults)
        else:
            parsed = read_crew(config, inputs, faults)
            find_reference_faults(parsed, models, retention_days, own, inputs_follow=inputs_follow)
        check_size(parsed.inputs, faults)
        if answered_bytes(canonical_json([parsed.definition, parsed.inputs])) > MOST_ANSWER_BYTES:
            detail = "The crew with its inputs is larger than an answer of this service can be."
            faults.add(Fault(pointer="/config", code="too_large", detail=detail, remedy="Make it smaller."))
    except EnoughFaults:
        return Examined(None, faults)
    return Examined(parsed, faults)


def check_size(inputs: dict[str, Any], faults: Faults) -> None:
    """Adds a fault for inputs that are larger than any crew may have."""
    if len(json.dumps(inputs)) > MAX_INPUTS_BYTES:
        detail, remedy = "The inputs are larger than 1 MB.", "Make them smaller."
        faults.add(Fault(pointer="/inputs", code="too_large", detail=detail, remedy=remedy))
