"""The clients of an attempt: made with its session's keys, and reaching the addresses of the start of the process."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest
from moto import mock_aws

from stepcrew.aws.attempt_sessions import ONLY_MODELS, AttemptSessions, take_own_keys
from stepcrew.aws.clients import SessionKeys
from stepcrew.domain.errors import PlatformUnavailable

ROLE = "arn:aws:iam::123456789012:role/attempt"
OWN = SessionKeys("AKIAOWN", "own-secret", "own-token")


@pytest.fixture
def sessions() -> Generator[AttemptSessions]:
    with mock_aws():
        yield AttemptSessions(OWN, ROLE)


def test_the_functions_keys_leave_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, name.lower())

    assert take_own_keys() == SessionKeys("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    assert take_own_keys() is None


def test_keys_are_not_shown() -> None:
    assert "own-secret" not in repr(OWN)
    assert "own-token" not in repr(OWN)


def test_a_session_is_named_after_its_execution_and_reaches_as_its_role(sessions: AttemptSessions) -> None:
    clients = sessions.clients("demo", "0190")

    assert clients.sts.get_caller_identity()["Arn"].endswith("assumed-role/attempt/0190")


def test_every_attempt_has_keys_and_clients_of_its_own(sessions: AttemptSessions) -> None:
    one, other = sessions.clients("demo", "0190"), sessions.clients("demo", "0190")

    assert one.dynamodb is not other.dynamodb
    assert one.sts.get_caller_identity()["UserId"] != other.sts.get_caller_identity()["UserId"]


def test_addresses_and_proxies_are_those_of_the_start(
    sessions: AttemptSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_STS"):
        monkeypatch.setenv(name, "http://evil.example")
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://evil.example:3128")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "evil-1")

    clients = sessions.clients("demo", "0190")

    for client in (clients.dynamodb, clients.s3, clients.sqs, clients.ssm):
        assert "evil" not in client.meta.endpoint_url
        assert client.meta.region_name == "us-east-1"
        untyped: Any = client
        assert not untyped.meta.config.proxies


def test_keys_for_models_are_limited_to_calling_models(sessions: AttemptSessions) -> None:
    [statement] = json.loads(ONLY_MODELS)["Statement"]

    assert all(action.startswith("bedrock:InvokeModel") for action in statement["Action"])
    assert sessions.model_keys("demo", "0190").access_key_id


def test_no_session_is_a_fault_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        sessions = AttemptSessions(OWN, "")

        with pytest.raises(PlatformUnavailable, match="Beginning a session"):
            sessions.clients("demo", "0190")
