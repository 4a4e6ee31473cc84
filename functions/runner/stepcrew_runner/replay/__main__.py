"""`python -m stepcrew_runner.replay FILE`: replays a bundle and prints how it went as one JSON document.

{"status", "error", "differences": [{"what", "task", "before", "after"}], "answered", "asked_anew", "unanswered",
"outputs": [{"name", "raw"}]}; for a file or a crew that is not accepted, {"refused", "remedy"}.
"""

from __future__ import annotations

from stepcrew_runner.isolation import environment, loading

environment.prepare()

import argparse  # noqa: E402 - CrewAI may be imported only after `prepare`
import json  # noqa: E402
import os  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from stepcrew.domain.bundle import Bundle, read_bundle  # noqa: E402
from stepcrew.domain.errors import StepcrewError  # noqa: E402
from stepcrew_runner import wiring  # noqa: E402
from stepcrew_runner.isolation.addresses import trusted  # noqa: E402
from stepcrew_runner.replay.replaying import replay  # noqa: E402

loading.end()

ENDPOINTS = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL"}
NOWHERE = "https://endpoint.invalid/v1"
"""A name that never resolves (RFC 2606)."""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("file", type=Path)
    options.add_argument("--crew", type=Path, help="a JSON file with another config")
    options.add_argument("--live", action="store_true")
    chosen = options.parse_args()
    given = dict(os.environ)
    try:
        bundle = read_bundle(chosen.file)
        if not chosen.live:
            _name_endpoints(bundle)
        wiring.guard_process()
        with trusted():
            told = _replayed(bundle, chosen.crew, chosen.live, given)
    except StepcrewError as error:
        told = {"refused": error.message, "remedy": error.remedy}
    print(json.dumps(told), flush=True)


def _name_endpoints(bundle: Bundle) -> None:
    """Where the crew's models had endpoints of the operator's, gives them some. Nothing is sent there."""
    for provider, variable in ENDPOINTS.items():
        os.environ.pop(variable, None)
        if any(entry.own_endpoint and entry.name.startswith(f"{provider}/") for entry in bundle.journal):
            os.environ[variable] = NOWHERE


def _replayed(bundle: Bundle, crew: Path | None, live: bool, given: dict[str, str]) -> dict[str, Any]:
    config = json.loads(crew.read_text()) if crew else None
    done = replay(bundle, bundle.default_model, live=live, config=config, environment=given)
    return {
        **done._asdict(),
        "error": done.error.model_dump(mode="json") if done.error else None,
        "differences": [one._asdict() for one in done.differences],
        "outputs": [{"name": output.name, "raw": output.raw} for output in done.outputs],
    }


if __name__ == "__main__":
    main()
