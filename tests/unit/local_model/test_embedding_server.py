"""The local embedding model finds what means the same, for those who have its key."""

from __future__ import annotations

import base64
import os
import struct
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from stepcrew_local.model_name import EMBEDDER_NAME, KEY_VARIABLE

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [str(ROOT / ".venvs/model/bin/python"), "-m", "stepcrew_local.embedding_server"]
KEY = "a key"
CALLER = {"Authorization": f"Bearer {KEY}"}
FACTS = Path(__file__).with_name("facts.txt")

pytestmark = [pytest.mark.embedded_model, pytest.mark.slow]


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "local"), KEY_VARIABLE: KEY}
    with subprocess.Popen(COMMAND, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().removeprefix("ready ").strip() + "/v1"
        finally:
            process.terminate()
            assert process.wait(10) == 0


def ask(url: str, given: Any, **more: Any) -> httpx.Response:
    body = {"model": EMBEDDER_NAME, "input": given, **more}
    return httpx.post(f"{url}/embeddings", json=body, headers=CALLER, timeout=20, trust_env=False)


def vectors(url: str, texts: list[str]) -> list[list[float]]:
    answer = ask(url, texts)
    assert answer.status_code == 200, answer.text
    return [one["embedding"] for one in answer.json()["data"]]


def test_a_question_finds_its_fact_among_two_hundred(url: str) -> None:
    """A broken or exchanged model finds few: chance finds none. Measured: see docs/memory.md."""
    lines = FACTS.read_text().splitlines()
    pairs = [line.split(" | ") for line in lines if " | " in line]
    facts = [pair[0] for pair in pairs] + [line for line in lines if line and " | " not in line]
    assert len(facts) == 200
    kept = vectors(url, facts)
    firsts = fives = 0
    for place, asked in enumerate(vectors(url, [question for _, question in pairs])):
        likeness = [sum(a * b for a, b in zip(asked, one, strict=True)) for one in kept]
        rank = sorted(range(len(kept)), key=lambda index: -likeness[index]).index(place)
        firsts, fives = firsts + (rank < 1), fives + (rank < 5)
    assert firsts / len(pairs) >= 0.8, f"{firsts} of {len(pairs)}"
    assert fives / len(pairs) >= 0.9, f"{fives} of {len(pairs)}"


def test_it_speaks_as_openai_does(url: str) -> None:
    answer = ask(url, "one text").json()
    assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] > 0
    numbers = answer["data"][0]["embedding"]
    assert len(numbers) == 256
    packed = ask(url, ["one text"], encoding_format="base64").json()["data"][0]["embedding"]
    assert struct.unpack("<256f", base64.b64decode(packed)) == pytest.approx(numbers)


@pytest.mark.parametrize("given", [None, [], "", [""], [1], {}, ["x"] * 2049])
def test_what_is_no_list_of_texts_is_refused(url: str, given: Any) -> None:
    assert ask(url, given).status_code == 400


def test_another_model_is_refused_by_name(url: str) -> None:
    answer = ask(url, "text", model="text-embedding-3-small")
    assert answer.status_code == 404
    assert EMBEDDER_NAME in answer.json()["error"]["message"]


def test_nobody_without_the_key_is_answered(url: str) -> None:
    for headers in ({}, {"Authorization": "Bearer another"}):
        answer = httpx.post(f"{url}/embeddings", content=b"{}", headers=headers, trust_env=False)
        assert answer.status_code == 401
