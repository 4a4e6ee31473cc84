"""Each function is given the variables it reads, and no others."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

import pytest
from tests.template.reading import of_type

from stepcrew.settings import Settings
from stepcrew_local.layout import PROJECT_TEMPLATE, ROOT, TOOL_TEMPLATE
from stepcrew_local.template import read_template

FOLDERS = {
    "ApiFunction": "api",
    "TraceSinkFunction": "trace_sink",
    "ReconcilerFunction": "reconciler",
    "RunnerFunction": "runner",
    "KnowledgeFunction": "runner/stepcrew_runner/knowledge",
    "TriggerFunction": "trigger",
    "AnnouncerFunction": "announcer",
    "WebhookSenderFunction": "webhook_sender",
    "ExporterFunction": "exporter",
}
APART = {"runner": "knowledge"}
"""A room of the folder that belongs to another function."""
DERIVED = {
    "mail_rules": {"mail_from", "mail_recipients"},
    "group_may_hear": {"trigger_buses"},
    "limit_rules": {"default_limits", "limit_ceilings", "max_open_executions", "max_running_executions"},
}
"""Properties of the settings, and the fields each is made of."""
GIVEN_SETTINGS = ("submission_wiring.py", "wiring.py", "aws/trigger_sources.py", "aws/indexed_memory.py")
"""Modules of the core whose functions and classes are handed the settings whole."""
ONLY_IN_TESTS = {"sweep_lost_seconds", "sweep_silent_seconds", "sweep_overdue_seconds"}
"""Their defaults are right on AWS; tests that cannot wait make them shorter."""
ONLY_OF_PROJECTS = {"project_bundle", "project_group", "project_model"}
"""Read by the runner's code where it is the function of a project."""


def read_by(folder: str) -> set[str]:
    """The fields of the settings that a function's code asks for, and what of the core it hands them to."""
    found: set[str] = set()
    for file in (ROOT / "functions" / folder).rglob("*.py"):
        source = file.read_text()
        if "stepcrew.settings" not in source or APART.get(folder) in file.parts:
            continue
        tree = ast.parse(source)
        found |= attributes(tree) | handed_on(tree, names_in(tree))
    return set[str]().union(*(DERIVED.get(name, {name}) for name in found)) & Settings.model_fields.keys()


def handed_on(tree: ast.AST, names: set[str]) -> set[str]:
    """What the core asks for behind those of the names that this source imports of it."""
    found: set[str] = set()
    for module in GIVEN_SETTINGS:
        imported = f"stepcrew.{module.removesuffix('.py').replace('/', '.')}"
        froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == imported]
        found |= read_in_core(module, names & {alias.name for node in froms for alias in node.names})
    return found


def names_in(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def read_in_core(module: str, names: set[str]) -> set[str]:
    """What these functions and classes of a module ask for, and those they use of the same module."""
    tree = ast.parse((ROOT / "layers/core/stepcrew" / module).read_text())
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    found: set[str] = set()
    reached: set[str] = set()
    while further := (names & defined.keys()) - reached:
        reached |= further
        for name in further:
            found |= attributes(defined[name])
            names = names | names_in(defined[name])
    return found | handed_on(tree, names) if reached else found


def attributes(tree: ast.AST) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_every_module_that_is_handed_the_settings_is_looked_into() -> None:
    core = ROOT / "layers/core/stepcrew"
    takers = {
        str(file.relative_to(core))
        for file in core.rglob("*.py")
        if "from stepcrew.settings import Settings" in file.read_text()
    }
    assert takers == set(GIVEN_SETTINGS)


def given_to(template: dict[str, Any], function: str) -> set[str]:
    own = of_type(template, "AWS::Serverless::Function")[function]["Environment"]["Variables"]
    return fields_of({*own, *template["Globals"]["Function"]["Environment"]["Variables"]})


def fields_of(variables: Iterable[str]) -> set[str]:
    return {name.lower() for name in variables if not name.startswith("POWERTOOLS_")}


@pytest.mark.parametrize("function", FOLDERS)
def test_a_function_is_given_what_it_reads(template: dict[str, Any], function: str) -> None:
    assert given_to(template, function) == read_by(FOLDERS[function]) - ONLY_IN_TESTS - ONLY_OF_PROJECTS


def test_the_function_of_a_project_is_given_what_the_runner_reads() -> None:
    """`slice_seconds` is left out: an attempt of a project hands over when its function's own time ends. So is
    what a project's own objects name themselves: embedding models, and addresses of models; and `trace_callbacks`,
    which `debug` of one execution switches on too."""
    template = read_template(PROJECT_TEMPLATE)
    function = of_type(template, "AWS::Serverless::Function")["ProjectFunction"]
    own = {"slice_seconds", "default_embedder", "model_connections", "trace_callbacks"}
    assert fields_of(function["Environment"]["Variables"]) == read_by("runner") - own


def test_the_function_of_a_tool_is_given_what_its_handler_reads() -> None:
    function = of_type(read_template(TOOL_TEMPLATE), "AWS::Serverless::Function")["ToolFunction"]
    wiring = ast.parse((ROOT / "functions/runner/stepcrew_runner/wiring.py").read_text())
    served = [
        node for node in wiring.body if isinstance(node, ast.FunctionDef) and node.name in ("served_tool", "_bundle")
    ]
    read = set[str]().union(*map(attributes, served)) & Settings.model_fields.keys()
    assert fields_of(function["Environment"]["Variables"]) == read


def test_every_function_and_every_setting_is_looked_at(template: dict[str, Any]) -> None:
    assert of_type(template, "AWS::Serverless::Function").keys() == FOLDERS.keys()
    assert set[str]().union(*map(read_by, FOLDERS.values())) == Settings.model_fields.keys()
