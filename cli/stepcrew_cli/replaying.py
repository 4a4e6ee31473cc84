"""Replays bundles with the runner of a checkout, and tells how they went."""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, JsonValue, ValidationError

from stepcrew_cli.errors import CliError
from stepcrew_cli.places import REPOSITORY, python_of

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What a replay that lets nothing out is given of the environment: no key is among it."""
MOST_LINES = 40


class Difference(BaseModel):
    what: str
    task: str | None = None
    before: str | None = None
    after: str | None = None


class Replayed(BaseModel):
    """What the runner tells of one replay; `refused` where it could not begin."""

    status: str = ""
    differences: list[Difference] = []
    answered: int = 0
    asked_anew: int = 0
    unanswered: str | None = None
    outputs: list[dict[str, JsonValue]] = []
    refused: str | None = None
    remedy: str = ""


def replay(file: Path, config: JsonValue, *, live: bool) -> Replayed:
    """Raises CliError when there is no runner on this machine, or for a file or a crew that it does not accept."""
    python = python_of("runner", "The runner, which replays bundles,")
    environment = {name: value for name, value in os.environ.items() if live or name in PASSED_ON}
    environment["PYTHONPATH"] = os.pathsep.join(str(REPOSITORY / part) for part in ("functions/runner", "layers/core"))
    command = [str(python), "-m", "stepcrew_runner.replay", str(file.resolve()), *(["--live"] if live else [])]
    with tempfile.TemporaryDirectory(prefix="stepcrew-") as folder:
        if config is not None:
            crew = Path(folder) / "crew.json"
            crew.write_text(json.dumps(config))
            command += ["--crew", str(crew)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    lines = done.stdout.splitlines()
    try:
        told = Replayed.model_validate_json(lines[-1] if lines else "")
    except ValidationError as error:
        raise CliError(f"The runner did not come to an end:\n{done.stderr.strip()[-2_000:]}") from error
    if told.refused is not None:
        raise CliError(told.refused, remedy=told.remedy)
    return told


def describe(told: Replayed) -> Iterator[tuple[str, str]]:
    """The lines to print, each with its style."""
    asked = f"{told.asked_anew} asked anew" if told.asked_anew else "nothing asked anew"
    yield f"{told.status}: {asked}.", "dim"
    if told.unanswered:
        yield told.unanswered, "yellow"
    if not told.differences:
        yield "No difference.", "green"
    for one in told.differences:
        yield (f"The output of crew task {one.task} differs:" if one.task else "The end differs:"), "red"
        if one.after is None or one.before is None:
            yield ("  it is missing now" if one.after is None else "  it was not there before"), "red"
            continue
        diff = difflib.unified_diff(one.before.splitlines(), one.after.splitlines(), "before", "now", lineterm="")
        lines = list(diff)[2:]
        yield from ((f"  {line}", "") for line in lines[:MOST_LINES])
        if len(lines) > MOST_LINES:
            yield f"  … {len(lines) - MOST_LINES} more lines (all of them with --json)", "dim"
