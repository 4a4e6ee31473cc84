"""What of the template changes on the way to the emulator: the packaging, and nothing that is tested through it."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.local.tiny_stack import invoke, tiny_options

from stepcrew_local.errors import StackError
from stepcrew_local.layout import TEMPLATE
from stepcrew_local.stack import Stack, running_stack
from stepcrew_local.template import BY_VARIABLE, FunctionSource, parameters_in, prepare, read_template, runner_source

FUNCTIONS = {
    "ApiFunction",
    "TraceSinkFunction",
    "ReconcilerFunction",
    "TriggerFunction",
    "AnnouncerFunction",
    "KnowledgeFunction",
    "WebhookSenderFunction",
    "ExporterFunction",
    "RunnerFunction",
}
PUBLIC = [
    "GET /api/v1/health",
    "POST /api/v1/hooks/{address}",
    "GET /api/v1/decide",
    "POST /api/v1/decide",
    "GET /api/openapi.json",
    "GET /api/docs",
    "GET /api/docs.js",
]
"""Routes without an authorizer."""
ROUTE = "AWS::ApiGatewayV2::Route"
PARAMETERS = {"JwtIssuer": "http://127.0.0.1:1/auth", "JwtAudience": "stepcrew-local"}


@pytest.fixture(scope="module")
def prepared() -> tuple[dict[str, Any], list[bytes]]:
    zips: list[bytes] = []

    def put_code(content: bytes) -> dict[str, str]:
        zips.append(content)
        return {"Bucket": "code", "Key": str(len(zips))}

    return prepare(TEMPLATE, PARAMETERS, put_code, {}), zips


def _of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def test_every_function_runs_the_runtime_client_on_its_live_sources(
    prepared: tuple[dict[str, Any], list[bytes]],
) -> None:
    template, zips = prepared
    scripts = [zipfile.ZipFile(io.BytesIO(content)).read("bootstrap").decode() for content in zips]

    assert _of_type(template, "AWS::Lambda::Function").keys() == FUNCTIONS
    assert all(
        f["Properties"]["Runtime"] == "provided.al2023" for f in _of_type(template, "AWS::Lambda::Function").values()
    )
    for folder in ("api", "trace_sink", "reconciler", "trigger", "announcer", "webhook_sender", "exporter", "runner"):
        script = next(script for script in scripts if f"/functions/{folder}:" in script)
        assert f"/.venvs/{folder}/bin/python" in script
        assert "/layers/core" in script
    runner = runner_source()
    assert sum(f'"{runner.python}", "python_path": "{runner.search_path}"' in script for script in scripts) == 2


def test_timeouts_sizes_roles_and_variables_stay_as_they_are(prepared: tuple[dict[str, Any], list[bytes]]) -> None:
    original = read_template(TEMPLATE)["Resources"]["ReconcilerFunction"]["Properties"]
    function = prepared[0]["Resources"]["ReconcilerFunction"]["Properties"]

    assert function["Timeout"] == original["Timeout"]
    assert function["MemorySize"] == original["MemorySize"]
    assert function["Environment"]["Variables"]["TABLE_NAME"] == {"Ref": "Table"}
    role = prepared[0]["Resources"]["ReconcilerFunctionRole"]["Properties"]
    assert role["Policies"][0]["PolicyDocument"] == original["Policies"][0]


def test_only_health_and_the_description_of_the_api_ask_for_no_token(
    prepared: tuple[dict[str, Any], list[bytes]],
) -> None:
    routes = {r["Properties"]["RouteKey"]: r["Properties"] for r in _of_type(prepared[0], ROUTE).values()}

    assert {key for key, route in routes.items() if route["AuthorizationType"] == "NONE"} == set(PUBLIC)


def test_only_what_demands_tls_is_left_out(prepared: tuple[dict[str, Any], list[bytes]]) -> None:
    assert "aws:SecureTransport" in json.dumps(read_template(TEMPLATE))
    assert "aws:SecureTransport" not in json.dumps(prepared[0])


def test_a_missing_environment_says_how_to_make_it(tmp_path: Path) -> None:
    (tmp_path / "functions" / "unknown").mkdir(parents=True)
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources:\n  Unknown:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {CodeUri: functions/unknown, Handler: a.b, Runtime: python3.13}\n"
    )

    with pytest.raises(StackError, match=r"python3 scripts/bootstrap\.py unknown"):
        prepare(template, {}, lambda _: {}, {})


def test_a_changed_source_is_what_runs_after_the_next_deployment(tmp_path: Path) -> None:
    source = tmp_path / "changing.py"
    source.write_text("def handler(event, context):\n    return 'before'\n")
    options = tiny_options()
    reconciler = FunctionSource(tmp_path, options.sources["ReconcilerFunction"].python, handler="changing.handler")
    changed = {**options.sources, "ReconcilerFunction": reconciler}
    with running_stack(dataclasses.replace(options, sources=changed)) as stack:
        assert _reconciler(stack) == "before"
        source.write_text("def handler(event, context):\n    return 'after'\n")
        stack.deploy()
        assert _reconciler(stack) == "after"


def _reconciler(stack: Stack) -> Any:
    return invoke(stack, "ReconcilerFunction", {})


def test_variables_of_this_machine_set_parameters_of_the_template() -> None:
    given = {"LOG_LEVEL": "DEBUG", "TRACE_CALLBACKS": "true", "MONITOR_QUEUES": ""}
    assert parameters_in(given) == {"LogLevel": "DEBUG", "TraceCallbacks": "true"}
    assert set(BY_VARIABLE.values()) <= read_template(TEMPLATE)["Parameters"].keys()
