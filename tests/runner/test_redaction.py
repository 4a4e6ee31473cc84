from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from scripted_model import ScriptedModel
from stepcrew_runner.crew.failures import explain
from stepcrew_runner.isolation.redaction import MASK, Redactor
from stepcrew_runner.trace.kinds import MOST_CHARACTERS
from tests.runner.harness import GROUP, Harness, agent, task


def test_a_secret_is_masked_wherever_it_stands() -> None:
    redactor = Redactor()
    redactor.learn("s3cret-value")
    assert redactor.text("a s3cret-value b") == "a [secret] b"
    assert redactor.json({"s3cret-value": ["x", {"y": "=s3cret-value"}], "n": 1, "z": None}) == {
        "[secret]": ["x", {"y": "=[secret]"}],
        "n": 1,
        "z": None,
    }


def test_the_longer_secret_goes_first() -> None:
    redactor = Redactor()
    redactor.learn("abcdef")
    redactor.learn("abcdef-ghijkl")
    assert redactor.text("abcdef-ghijkl abcdef") == "[secret] [secret]"


def test_the_token_of_a_header_is_a_secret_too() -> None:
    redactor = Redactor()
    redactor.learn("Bearer token-1234")
    assert redactor.text("used token-1234") == "used [secret]"


VALUES = ["pw1!", 'a"b/c\\d é&<+ %', "s3cret-value-9f8e7d6c", "line one\nline two", "ключ-密钥-0123"]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
def test_a_secret_is_masked_in_base64_whatever_stands_around_it(value: str, before: str) -> None:
    redactor = Redactor()
    redactor.learn(value)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for behind in ("", "x", "xy"):
            text = encode(f"{before}{value}{behind}".encode()).decode()
            masked = redactor.text(f"token={text};")
            assert MASK in masked
            left = masked.replace(MASK, "")
            assert len(left) <= len("token=;") + len(before) * 4 // 3 + 8


ENCODINGS: dict[str, Callable[[str], str]] = {
    "json": json.dumps,
    "json in json": lambda value: json.dumps(json.dumps(value)),
    "json with signs": lambda value: json.dumps(value, ensure_ascii=False),
    "json of a web page": lambda value: json.dumps(value).replace("/", "\\/"),
    "python": repr,
    "html": html.escape,
    "address": lambda value: quote(value, safe=""),
    "address in small letters": lambda value: re.sub("%..", lambda found: found[0].lower(), quote(value, safe="")),
    "path": quote,
    "form": quote_plus,
    "hex": lambda value: value.encode().hex(),
    "HEX": lambda value: value.encode().hex().upper(),
    "hex with colons": lambda value: value.encode().hex(":"),
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", ENCODINGS)
def test_a_secret_is_masked_however_it_is_encoded(value: str, name: str) -> None:
    redactor = Redactor()
    redactor.learn(value)
    encoded = ENCODINGS[name](value)
    masked = redactor.text(f"a {encoded} z")
    assert MASK in masked
    assert len(masked) <= len(f'a "\\"{MASK}\\"" z')


def test_user_and_password_of_a_basic_header_are_secrets_too() -> None:
    redactor = Redactor()
    redactor.learn("Basic " + base64.b64encode(b"ada:pass-word-1").decode())
    assert redactor.text("signed in with pass-word-1, ada:pass-word-1") == f"signed in with {MASK}, {MASK}"


@pytest.mark.parametrize("ending", ["", "…", "..."])
def test_the_beginning_of_a_secret_is_masked_where_somebody_cut_the_text(ending: str) -> None:
    redactor = Redactor()
    redactor.learn("s3cret-value-9f8e7d6c")
    assert redactor.text(f"used s3cret-val{ending}") == f"used {MASK}{ending}"
    assert redactor.text(f"used s3cret-val{ending} and more") == (
        f"used {MASK}{ending} and more" if ending else "used s3cret-val and more"
    )


def test_what_is_recorded_is_masked_before_it_is_cut(harness: Harness, model: ScriptedModel) -> None:
    value = "s3cret-" + "v" * 400
    harness.secrets.groups[GROUP, "SERPER_API_KEY"] = value
    for room in range(0, 60, 7):
        argument = "x" * (MOST_CHARACTERS - 300 - room) + value
        described = f"Do. [[tool calculator {json.dumps({'expression': argument})}]] [[say done]]"
        config = {"agents": {"worker": agent(tools=["CalculatorTool", "SerperDevTool"])}, "tasks": [task(described)]}
        ended = harness.run(config)
        assert ended.outcome == "COMPLETED"
        assert "s3cret" not in harness.queue.text()


def test_an_error_is_masked_before_it_is_cut() -> None:
    redactor = Redactor()
    redactor.learn("s3cret-value-9f8e7d6c")
    for room in range(25):
        found = explain(RuntimeError("x" * (500 - room) + "s3cret-value-9f8e7d6c"), None, redactor.text)
        assert "s3c" not in found.message


def test_very_short_values_leave_ordinary_text_alone() -> None:
    redactor = Redactor()
    redactor.learn("a")
    redactor.learn("")
    redactor.learn(None)
    assert redactor.text("banana") == "banana"


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert Redactor().json(["a\ud83d", "🐝"]) == ["a?", "🐝"]
