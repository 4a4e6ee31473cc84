"""CrewAI's own client of its hosted API runs a stored crew here, unchanged."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from stepcrew_local.layout import python_of
from tests.e2e.user import User, crew, task

CLIENT = """
import json, sys
from crewai_tools import InvokeCrewAIAutomationTool
asked = json.load(sys.stdin)
tool = InvokeCrewAIAutomationTool(
    crew_api_url=asked["url"], crew_bearer_token=asked["token"], crew_name="poet", crew_description="Writes"
)
print("ANSWER", tool.run(prompt="rain"))
"""


def test_the_public_client_runs_a_crew_when_its_address_points_here(ada: User, tmp_path: Path) -> None:
    assert ada.put("/crews/hosted", json={"config": crew(task("About {prompt}. [[say RAINY]]"))}).status_code == 201
    asked = {"url": f"{ada.url}/api/v1/amp/hosted", "token": ada.headers["Authorization"].removeprefix("Bearer ")}
    done = subprocess.run(
        [python_of("runner"), "-c", CLIENT],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={
            "HOME": "/nonexistent",
            "NO_PROXY": "127.0.0.1",
            "CREWAI_DISABLE_TELEMETRY": "true",
            "OTEL_SDK_DISABLED": "true",
        },
    )
    assert "RAINY" in done.stdout.partition("ANSWER")[2], done.stdout + done.stderr
