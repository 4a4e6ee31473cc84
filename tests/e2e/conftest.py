"""The whole product on this machine, once for all end-to-end tests, with a scripted model."""

from __future__ import annotations

import json
from collections.abc import Generator

import pytest

from scripted_model import ScriptedModel, scripted_model
from stepcrew_local.emulator import ACCOUNT
from stepcrew_local.ports import free_port
from stepcrew_local.provider import external_model
from stepcrew_local.stack import StackOptions, running_stack
from tests.e2e.user import User

RECEIVER_PORT = free_port()
"""Where a test may listen for deliveries of webhooks: the only place inside that the stack posts to."""


@pytest.fixture(scope="session")
def running() -> Generator[tuple[str, ScriptedModel, object]]:
    with (
        scripted_model() as model,
        running_stack(
            StackOptions(
                port=0,
                model=external_model(model.url),
                environment={},
                # The administrator may put trace messages into the queue, as an operator who redrives them.
                parameters={
                    "RedriveSenderId": ACCOUNT,
                    "WebhookInsideUrls": f"http://127.0.0.1:{RECEIVER_PORT}",
                    # The scripted model once more, under another name of its server, and a server that does not answer.
                    "ModelConnections": json.dumps(
                        {
                            "inside": {"base_url": model.url.replace("127.0.0.1", "localhost")},
                            "down": {"base_url": "http://127.0.0.1:1/v1"},
                        }
                    ),
                },
            )
        ) as stack,
    ):
        stack.wait_until_healthy()
        yield stack.url, model, stack


@pytest.fixture
def model(running: tuple[str, ScriptedModel, object]) -> ScriptedModel:
    running[1].reset()
    return running[1]


@pytest.fixture
def ada(running: tuple[str, ScriptedModel, object]) -> Generator[User]:
    with User(running[0], "ada") as user:
        yield user


@pytest.fixture
def bob(running: tuple[str, ScriptedModel, object]) -> Generator[User]:
    with User(running[0], "bob") as user:
        yield user
