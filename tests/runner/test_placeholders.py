"""What the journal holds of a secret, in every form, and what comes back."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from stepcrew_runner.gate.placeholders import Placeholders

KEY = 'Bearer s3cret/"value"+9f8e'


@pytest.fixture
def placeholders() -> Placeholders:
    made = Placeholders()
    made.learn({"MCP_KEY": KEY, "SHORT": "pw1!", "ODD": "stepcrew"})
    return made


@pytest.mark.parametrize(
    "text",
    [
        f"plain {KEY}",
        json.dumps({"a": KEY}),
        json.dumps(json.dumps({"a": KEY})),
        quote(KEY, safe=""),
        KEY.encode().hex(),
        base64.b64encode(f"user:{KEY}".encode()).decode(),
        base64.urlsafe_b64encode(f"u{KEY}!".encode()).decode(),
        's3cret/"value"+9f8e alone',
        "pw1! and stepcrew",
    ],
)
def test_a_secret_is_sealed_in_every_form_and_comes_back_in_the_same(placeholders: Placeholders, text: str) -> None:
    sealed = placeholders.seal(text)
    assert sealed != text
    assert "s3cret" not in sealed
    assert "9f8e" not in sealed
    assert placeholders.unseal(sealed) == text


def test_a_placeholder_that_a_model_writes_never_becomes_a_secret(placeholders: Placeholders) -> None:
    written = "say <stepcrew:secret:MCP_KEY:0> and <stepcrew:literal:secret:MCP_KEY:0> and <stepcrew:"
    assert placeholders.unseal(placeholders.seal(written)) == written


def test_a_secret_that_is_no_longer_known_stays_a_placeholder(placeholders: Placeholders) -> None:
    assert Placeholders().unseal(placeholders.seal(KEY)) == placeholders.seal(KEY)
