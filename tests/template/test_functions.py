"""How the functions are built and set up."""

from __future__ import annotations

import re
from typing import Any

from scripts import build_zip
from tests.template.reading import of_type

from stepcrew_local.layout import ROOT

FUNCTION = "AWS::Serverless::Function"


def test_a_zip_is_built_for_the_runtime_and_the_processor_of_the_template(template: dict[str, Any]) -> None:
    zips = {name: each for name, each in of_type(template, FUNCTION).items() if "Runtime" in each}

    assert {each["Runtime"] for each in zips.values()} == {f"python{build_zip.PYTHON_VERSION}"}
    assert template["Globals"]["Function"]["Architectures"] == ["arm64"]
    assert build_zip.PLATFORM.startswith("aarch64-")


def test_every_zip_is_built_from_its_own_folder_by_the_makefile(template: dict[str, Any]) -> None:
    makefile = (ROOT / "functions/Makefile").read_text()
    written = re.findall(r"^build-(\w+):\n\tpython3 -m scripts\.build_zip (\S+) ", makefile, re.MULTILINE)
    zips = {name: each["CodeUri"] for name, each in of_type(template, FUNCTION).items() if "CodeUri" in each}

    assert dict(written) == zips
    assert all(template["Resources"][name]["Metadata"]["BuildMethod"] == "makefile" for name in zips)


def test_every_function_writes_to_a_log_group_whose_lines_end(template: dict[str, Any]) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    used = {each["LoggingConfig"]["LogGroup"]["Ref"] for each in of_type(template, FUNCTION).values()}

    assert used < groups.keys()
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
