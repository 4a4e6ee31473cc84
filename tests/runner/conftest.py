"""The runner's own environment is prepared before CrewAI is imported, as its handler does."""

from __future__ import annotations

from stepcrew_runner.isolation import environment
from tests.light_gc import pytest_collection_finish as pytest_collection_finish

environment.prepare()

import gc  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Generator  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402

from scripted_model import ScriptedModel, scripted_model  # noqa: E402
from stepcrew_runner.isolation import addresses  # noqa: E402
from stepcrew_runner.isolation.references import refuse_outside  # noqa: E402
from stepcrew_runner.project.loading import forget  # noqa: E402
from tests.runner.harness import Harness  # noqa: E402

OPERATOR_KEY = "sk-operator-key-0123456789"


@pytest.fixture(scope="session")
def running_model() -> Generator[ScriptedModel]:
    """The operator's endpoint for the whole session, with the guard on, as in the deployed function."""
    with scripted_model() as server:
        os.environ["OPENAI_BASE_URL"] = server.url
        os.environ["OPENAI_API_KEY"] = OPERATOR_KEY
        addresses.install_guard()
        addresses.allow_operator_endpoints()
        environment.install_guard()
        refuse_outside()
        yield server


@pytest.fixture
def model(running_model: ScriptedModel) -> ScriptedModel:
    running_model.reset()
    return running_model


@pytest.fixture
def harness(model: ScriptedModel) -> Harness:
    return Harness(model)


@pytest.fixture(autouse=True)
def of_one_project() -> Generator[None]:
    """A process serves one project, so that the next test does not find this one's modules under the same names."""
    paths, temporary = sys.path.copy(), tempfile.gettempdir()
    yield
    for path in [one for one in sys.path if one not in paths and one.startswith(temporary)]:
        sys.path.remove(path)
        forget(Path(path))


def pytest_sessionfinish() -> None:
    """What aborted crews left is collected now: a plugin of pytest imports modules after this, and Python 3.11's parser
    fails where a collection interrupts it (CPython issue 106905)."""
    gc.collect()


@pytest.fixture
def provided(model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    """The operator's keys and endpoints of all three providers."""
    root = model.url.removesuffix("/v1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-anthropic-0123456789")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", root)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-token-0123456789")
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", root)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return model
