"""Turns template.yaml into what the emulator deploys. Only the packaging changes, in memory.

- Every function, zip or image, becomes a custom runtime whose `bootstrap` runs AWS's runtime client on the live source
  folder, in the function's own virtual environment.
- Layers are folders on the function's path, so no layer is published.
- The state machine's definition is put into the template, and the partition into its conditions.
- Policies that demand TLS lose that statement: the loopback interface has none, and the emulator keeps to policies.
- Alarms over several metrics, which the emulator does not know, and the dashboard that names them are left out.
- SAM's own translator does the rest.
"""

from __future__ import annotations

import hashlib
import io
import json
import shlex
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import boto3
import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.utils.py27hash_fix import to_py27_compatible_template, undo_mark_unicode_str_in_template

from stepcrew_local.bootstrap import Launch
from stepcrew_local.emulator import REGION
from stepcrew_local.errors import StackError
from stepcrew_local.layout import ROOT, python_of

Template = dict[str, Any]
BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
SCRIPT = """#!/bin/sh
# source: {digest}
exec {interpreter} -I {bootstrap} {launch}
"""

BY_VARIABLE = {
    "LOG_LEVEL": "LogLevel",
    "TRACE_CALLBACKS": "TraceCallbacks",
    "MONITOR_QUEUES": "MonitorQueues",
    "WEBHOOK_INSIDE_URLS": "WebhookInsideUrls",
    "MEMORY_BACKEND": "MemoryBackend",
    "EXPORT_ENDPOINT": "ExportEndpoint",
}
"""Of the template, by the variable that sets each on this machine."""


@dataclass(frozen=True)
class FunctionSource:
    """Where a function's code lies and what runs it. `handler` replaces the template's when given."""

    root: Path
    python: Path
    python_path: tuple[Path, ...] = ()
    handler: str | None = None

    @property
    def search_path(self) -> str:
        """Where its Python looks for modules."""
        return ":".join(map(str, (self.root, *self.python_path)))


def runner_source() -> FunctionSource:
    """Of every function that runs crews or their tools."""
    return FunctionSource(ROOT / "functions/runner", python_of("runner"), (ROOT / "layers/core",))


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags; dates stay text, as CloudFormation reads them."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)  # pyright: ignore[reportUnknownMemberType] - an untyped callback
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_template(path: Path) -> Template:
    return yaml.load(path.read_text(), _Loader)  # noqa: S506 - it derives from SafeLoader


def parameters_in(variables: Mapping[str, str]) -> dict[str, str]:
    """Parameters of the template that variables of this machine set."""
    return {name: value for variable, name in BY_VARIABLE.items() if (value := variables.get(variable))}


def source_of(name: str, resource: Template, base: Path, layers: tuple[Path, ...]) -> FunctionSource:
    """The folder and virtual environment of a function of the template: functions/NAME runs in .venvs/NAME."""
    if resource["Properties"].get("PackageType") == "Image":
        root = (base / resource["Metadata"]["Dockerfile"]).parent
    else:
        root = base / resource["Properties"]["CodeUri"]
    if not root.is_dir():
        raise StackError(f"{name} has no source folder {root}.")
    return FunctionSource(root, python_of(root.name), layers)


def prepare(
    path: Path,
    parameters: Mapping[str, str],
    put_code: Callable[[bytes], Mapping[str, str]],
    sources: Mapping[str, FunctionSource],
) -> Template:
    """The plain CloudFormation template to deploy.

    Args:
        put_code: stores a function's zip and answers its {"Bucket", "Key"}.
        sources: functions, by logical id, whose code is somewhere else than the template says.

    Raises:
        StackError: a source folder or virtual environment is missing.
    """
    template = read_template(path)
    resources: dict[str, Template] = template["Resources"]
    base = path.parent
    layers = tuple(base / layer["Properties"]["ContentUri"] for _, layer in _of_type(resources, "LayerVersion"))
    variables = template.get("Globals", {}).get("Function", {}).get("Environment", {}).get("Variables", {})
    for name, function in _of_type(resources, "Function"):
        source = sources.get(name) or source_of(name, function, base, layers)
        _package(name, function, source, sorted(variables), put_code)
    for _, machine in _of_type(resources, "StateMachine"):
        properties = machine["Properties"]
        properties["Definition"] = read_template(base / properties.pop("DefinitionUri"))
    for policy in (r for r in resources.values() if r["Type"] == "AWS::S3::BucketPolicy"):
        document = policy["Properties"]["PolicyDocument"]
        document["Statement"] = [s for s in document["Statement"] if "aws:SecureTransport" not in json.dumps(s)]
    template["Resources"] = {name: resource for name, resource in resources.items() if not _is_left_out(resource)}
    template["Conditions"] = _with_partition(template.get("Conditions", {}))
    defaults = {k: p["Default"] for k, p in template.get("Parameters", {}).items() if "Default" in p}
    return _translate(template, {**defaults, **parameters})


def _is_left_out(resource: Template) -> bool:
    is_over_several = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return is_over_several or resource["Type"] in ("AWS::Serverless::LayerVersion", "AWS::CloudWatch::Dashboard")


def _with_partition(part: Any) -> Any:
    """Conditions with the partition written out: the emulator knows no pseudo parameters there."""
    if part == {"Ref": "AWS::Partition"}:
        return "aws"
    if isinstance(part, dict):
        return {key: _with_partition(value) for key, value in cast("Template", part).items()}
    return [_with_partition(each) for each in cast("list[Any]", part)] if isinstance(part, list) else part


def _translate(template: Template, parameters: Mapping[str, Any]) -> Template:
    """As samtranslator.translator.transform does it, for the emulator's region instead of the user's."""
    values = dict(parameters)
    to_py27_compatible_template(template, values)
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION))
    translated: Template = undo_mark_unicode_str_in_template(translator.translate(template, values))
    return translated


def _of_type(resources: Mapping[str, Template], kind: str) -> Iterator[tuple[str, Template]]:
    return ((name, r) for name, r in resources.items() if r["Type"] == f"AWS::Serverless::{kind}")


def _package(
    name: str,
    function: Template,
    source: FunctionSource,
    shared_variables: list[str],
    put_code: Callable[[bytes], Mapping[str, str]],
) -> None:
    properties = function["Properties"]
    function.pop("Metadata", None)
    command = properties.pop("ImageConfig", {}).get("Command", [None])[0]
    for key in ("PackageType", "ImageUri", "Layers"):
        properties.pop(key, None)
    own_variables = properties.get("Environment", {}).get("Variables", {})
    launch: Launch = {
        "function": name,
        "root": str(source.root),
        "python": str(source.python),
        "python_path": source.search_path,
        "variables": sorted({*shared_variables, *own_variables}),
    }
    script = SCRIPT.format(
        digest=digest_of((source.root, *source.python_path)),
        interpreter=shlex.quote(sys.executable),
        bootstrap=shlex.quote(str(BOOTSTRAP)),
        launch=shlex.quote(json.dumps(launch)),
    )
    properties["Handler"] = source.handler or command or properties["Handler"]
    properties["Runtime"] = "provided.al2023"
    properties["CodeUri"] = put_code(_zip_of("bootstrap", script))


def digest_of(folders: tuple[Path, ...]) -> str:
    """Changes when a source file below the folders does: then the emulator starts the function's processes again."""
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            digest.update(str(file).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _zip_of(name: str, content: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))  # the same content is the same zip
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, content)
    return buffer.getvalue()
