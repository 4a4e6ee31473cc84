"""Whatever a client sends: no server error, and only what the OpenAPI document announces."""

# schemathesis leaves the parameters of its generic classes unknown.
# pyright: basic

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from stepcrew.domain.execution import Status, TaskOutput
from tests.aws_table import GROUP, NOW
from tests.routes import PARAMETERS
from tests.unit.api.harness import ADA, INBOX, Harness, WithClaims, api_harness, body
from tests.waiting import parked

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).parents[3] / "docs/openapi.json"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def harness() -> Generator[Harness]:
    """With one ended execution, one that waits and a stored crew, so that some requests find something."""
    with api_harness() as made:
        made.aws.clients.s3.create_bucket(Bucket=INBOX)
        execution_id = made.client().post("/executions", json=body()).json()["execution_id"]
        execution = made.aws.executions.begin_attempt(GROUP, execution_id, NOW)
        made.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="haiku", raw="text"))
        made.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW, traces_emitted=0)
        parked(made.aws)
        made.client().put("/crews/poems", json=body())
        yield made


@pytest.fixture(scope="module")
def operations(harness: Harness) -> dict[str, Any]:
    document = schemathesis.openapi.from_asgi("/api/openapi.json", WithClaims(harness.app, ADA))
    return {one.ok().label: one.ok() for one in document.get_all_operations() if isinstance(one, Ok)}


LABELS = sorted(
    f"{method.upper()} {path}"
    for path, methods in json.loads(DOCUMENT.read_text())["paths"].items()
    for method in methods
)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["sound", "broken"])
@pytest.mark.parametrize("label", LABELS)
def test_any_request_is_answered_as_announced(operations: dict[str, Any], label: str, mode: GenerationMode) -> None:
    operation = operations[label]
    if mode is GenerationMode.NEGATIVE and not (list(operation.iter_parameters()) or list(operation.body)):
        return  # nothing about it can be broken

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    def any_request(case: Case) -> None:
        case.call_and_validate(checks=CHECKS)

    any_request()


def test_what_exists_is_answered_as_announced(harness: Harness, operations: dict[str, Any]) -> None:
    execution_id = harness.client().get("/executions").json()["executions"][0]["execution_id"]
    for found in operations.values():
        if found.method.upper() != "GET":
            continue
        parameters = PARAMETERS | {"execution_id": execution_id, "name": "poems"}
        names = {parameter.name for parameter in found.path_parameters}
        case = found.Case(path_parameters={name: value for name, value in parameters.items() if name in names})
        case.call_and_validate(checks=CHECKS)
