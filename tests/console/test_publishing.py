"""The built console in the bucket of a deployed stack (an emulated AWS)."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from scripts.publish_console import publish

from stepcrew_local.layout import TEMPLATE
from stepcrew_local.template import read_template

SETTINGS = '{"issuer": "https://issuer.example", "client_id": "console"}'
BUCKET = "console-files"


class Stacks:
    """CloudFormation as far as outputs go."""

    def __init__(self, **outputs: str) -> None:
        self._outputs = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        return {"Stacks": [{"StackName": StackName, "Outputs": self._outputs}]}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Generator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with mock_aws():
        session: Any = boto3.Session(region_name="us-east-1")
        client = session.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def built(tmp_path: Path) -> Path:
    for name, text in {
        "index.html": "<!doctype html>",
        "theme.js": "// theme",
        "assets/app-1a2b.js": "// app",
        ".vite/manifest.json": "{}",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_every_file_comes_with_its_kind_and_lifetime_and_the_settings_beside_it(s3: Any, built: Path) -> None:
    stacks = Stacks(ConsoleBucketName=BUCKET, ConsoleSettings=SETTINGS, ConsoleUrl="https://d1.cloudfront.example")

    assert publish("crews", built, stacks, s3) == "https://d1.cloudfront.example"
    assert publish("crews", built, stacks, s3)  # it may be repeated

    def told(name: str) -> tuple[str, str]:
        head = s3.head_object(Bucket=BUCKET, Key=name)
        return head["ContentType"], head["CacheControl"]

    stored = {item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert stored == {"index.html", "theme.js", "assets/app-1a2b.js", "config.json"}
    assert told("index.html") == ("text/html", "no-cache")
    assert told("config.json") == ("application/json", "no-cache")
    kind, lifetime = told("assets/app-1a2b.js")
    assert "javascript" in kind
    assert "immutable" in lifetime
    assert s3.get_object(Bucket=BUCKET, Key="config.json")["Body"].read().decode() == SETTINGS


def test_it_says_what_is_missing(s3: Any, built: Path, tmp_path: Path) -> None:
    stacks = Stacks(ApiUrl="https://api.example")
    with pytest.raises(SystemExit, match="DeployConsole"):
        publish("bare", built, stacks, s3)
    with pytest.raises(SystemExit, match="not built"):
        publish("bare", tmp_path / "nowhere", stacks, s3)


def routing() -> re.Pattern[str]:
    code = read_template(TEMPLATE)["Resources"]["ConsoleRouting"]["Properties"]["FunctionCode"]
    written = re.search(r"!/(.+)/\.test", code)
    assert written
    return re.compile(written[1])


@pytest.mark.parametrize("path", ["/index.html", "/config.json", "/favicon.svg", "/assets/app-1a2b.js"])
def test_a_file_is_answered_as_it_is(path: str) -> None:
    assert routing().search(path)


@pytest.mark.parametrize("path", ["/", "/signed-in", "/executions/01-2", "/g/my.group/executions", "/g/a/compare"])
def test_every_other_path_is_the_consoles_first_page(path: str) -> None:
    assert not routing().search(path)


def test_a_settings_output_is_json_in_each_of_its_forms() -> None:
    forms = json.dumps(read_template(TEMPLATE)["Outputs"]["ConsoleSettings"]["Value"])
    texts = re.findall(r'"Fn::Sub": ("(?:[^"\\]|\\.)*")', forms)
    assert len(texts) == 3
    for text in texts:
        assert {"issuer", "client_id"} <= json.loads(json.loads(text)).keys()
