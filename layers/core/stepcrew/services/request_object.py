"""An object of the inbox that is itself a request, as POST /executions takes it."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.execution import Limits
from stepcrew.domain.json_text import NotJson, read_json
from stepcrew.domain.yaml_text import read_yaml
from stepcrew.services.submit_execution import CrewSubmission

REQUEST_ENDINGS = (".json", ".yaml", ".yml")


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    config: dict[str, Any] | None = None
    crew: str | None = None
    inputs: dict[str, Any] | None = None
    name: str | None = None
    limits: Limits | None = None
    job_type: str | None = None


def parsed_json(text: str) -> Any:
    """Raises `InvalidRequest`."""
    try:
        return read_json(text)
    except NotJson as error:
        raise InvalidRequest(f"The object is no JSON: {error}.") from error


def parsed_request(key: str, text: str) -> dict[str, Any]:
    """The request in an object with this key: JSON, or YAML by the key's ending. Raises `InvalidRequest`."""
    if key.endswith(".json"):
        document = parsed_json(text)
    else:
        parsed = read_yaml(text, "")
        if parsed.faults:
            raise InvalidRequest.of(parsed.faults)
        document = parsed.value
    if not isinstance(document, dict):
        raise InvalidRequest("A request must be an object (a mapping).")
    return cast("dict[str, Any]", document)


def request_of(document: object) -> CrewSubmission:
    """What a request asks for, of no group yet. Raises `InvalidRequest` with the place of each fault."""
    try:
        request = _Request.model_validate(document)
    except ValidationError as error:
        faults = [
            Fault(pointer="".join(f"/{step}" for step in one["loc"]), code=one["type"], detail=one["msg"])
            for one in error.errors()
        ]
        raise InvalidRequest(f"The object is no request: {faults[0].detail} ({faults[0].pointer}).", faults) from error
    if (request.config is None) == (request.crew is None):
        raise InvalidRequest("A request has either config or crew.")
    return CrewSubmission(
        group_id="",
        submitted_by=None,
        config=request.config,
        inputs=request.inputs,
        name=request.name,
        limits=request.limits,
        crew=request.crew,
    )
