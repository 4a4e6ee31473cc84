"""A tool in a function of its own, as its handler serves it."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Generator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from stepcrew_runner.isolation.addresses import trusted
from stepcrew_runner.project.bundle import unpack
from stepcrew_runner.project.loading import EntryNotUsable
from stepcrew_runner.project.served_tool import MANIFEST, ServedTool

SOURCE = (Path(__file__).parents[1] / "projects/order_tool/orders.py").read_text()
ROMAN = "def toRoman(number):\n    return 'I' * number\n"


@pytest.fixture(autouse=True)
def unguarded() -> Generator[None]:
    """In a process of its own, which runs a group's own code and no other, no guard is put in place."""
    with trusted():
        yield


def served(tmp_path: Path, entry: str = "orders:LookUpOrder", source: str = SOURCE, **secrets: str) -> ServedTool:
    module = entry.partition(":")[0]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"project/{module}.py", source)
        archive.writestr("packages/roman.py", ROMAN)
        archive.writestr(MANIFEST, json.dumps({"entry": entry, "environment": ["SHOP_KEY", "ABSENT"]}))
    content = buffer.getvalue()
    return ServedTool(unpack(content, sha256(content).hexdigest(), tmp_path / "bundle"), secrets.get)


def test_a_call_has_its_arguments_and_the_groups_secrets_and_nothing_of_the_call_before(tmp_path: Path) -> None:
    tool = served(tmp_path, SHOP_KEY="sk-shop")
    answer = {"order": "A-7", "pieces": "III", "key": "hop", "calls": 1, "seen": "A-7"}
    before = dict(os.environ)
    for _ in range(2):
        assert tool.call({"order": "A-7", "lines": [{"item": "cup", "count": 2}, {"item": "pot"}]}) == answer
        assert dict(os.environ) == before


def test_a_changed_secret_is_seen_by_the_next_call(tmp_path: Path) -> None:
    values = iter(["old", "new"])
    tool = served(tmp_path)

    def secret(name: str) -> str | None:
        return next(values) if name == "SHOP_KEY" else None

    tool._secret = secret  # pyright: ignore[reportPrivateUsage]
    assert [tool.call({"order": "A"})["key"] for _ in range(2)] == ["old", "new"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [({"order": "none"}, "There is no such order"), ({"lines": []}, "order"), ({"order": "A", "lines": "x"}, "lines")],
)
def test_what_goes_wrong_is_raised(tmp_path: Path, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises((LookupError, ValueError), match=told):
        served(tmp_path).call(arguments)


def test_a_function_marked_as_a_tool(tmp_path: Path) -> None:
    source = (
        "from crewai.tools import tool\n"
        "@tool('add')\n"
        "def add(a: int, b: int) -> int:\n"
        "    '''Adds.'''\n"
        "    return a + b\n"
    )
    assert served(tmp_path, "sums:add", source).call({"a": 1, "b": 2}) == 3


@pytest.mark.parametrize("entry", ["other:nothing", "other:calls"])
def test_an_entry_that_is_no_tool(tmp_path: Path, entry: str) -> None:
    with pytest.raises(EntryNotUsable, match="is no tool"):
        served(tmp_path, entry).call({})
