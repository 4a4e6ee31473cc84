from __future__ import annotations

import json
from typing import Any

import pytest

from stepcrew_cli.options import Output
from stepcrew_cli.text import json_text, safe

UNSEEN = [
    *("\x1b", "\x9b", "\x7f", "\x00", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u061c"),
    *("\u2028", "\u2029", "\U000e0041", "\ud83d"),
]


@pytest.mark.parametrize("char", UNSEEN, ids=lambda char: f"U+{ord(char):04X}")
def test_what_steers_a_terminal_or_hides_in_it_is_never_written_raw(char: str) -> None:
    value: Any = {"a": [f"x{char}y"], f"k{char}": char}
    for text in (json_text(value), json_text(value, 2), safe(f"x{char}y")):
        assert char not in text
    assert json.loads(json_text(value)) == value


def test_the_machine_output_of_every_command_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=True)
    output.json({"a": "\x9b31m"})
    output.json_line({"a": "\x9b31m"})
    printed = capsys.readouterr().out
    assert "\x9b" not in printed
    assert printed.count("\\u009b31m") == 2


def test_ordinary_text_of_every_language_stays() -> None:
    text = "Grüße, 東京, עברית, 🐝\n\tdone"
    assert safe(text) == text
    assert json.loads(json_text(text)) == text
    assert "東京" in json_text(text)
