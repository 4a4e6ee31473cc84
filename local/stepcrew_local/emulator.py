"""The local AWS: starts the emulator and makes clients for it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from stepcrew_local import bootstrap
from stepcrew_local.children import Child, answers, kept_from_the_user, wait_until_ready
from stepcrew_local.layout import ROOT, python_of
from stepcrew_local.ports import LOOPBACK
from stepcrew_local.serving import IDLE_SECONDS

REGION = "us-east-1"
ACCOUNT = "123456789012"
START_SECONDS = 30
STOP_SECONDS = 10
HEALTH = "/_ministack/health"
OWN_HEADER = "x-stepcrew-secret"


@dataclass(frozen=True)
class Credentials:
    """The administrator's key of one emulator. Only who started it knows the secret: no page, no other user."""

    access_key_id: str
    secret_access_key: str
    stack_secret: str
    """What the gateway and the stack's start send along on the few paths that nobody signs."""

    @classmethod
    def make(cls) -> Credentials:
        """Makes new credentials."""
        return cls("local-administrator", secrets.token_hex(20), secrets.token_hex(32))


@dataclass(frozen=True)
class Emulator:
    """A running emulator."""

    child: Child
    url: str
    credentials: Credentials

    @property
    def own_headers(self) -> dict[str, str]:
        """What lets a request of the stack itself through."""
        return {OWN_HEADER: self.credentials.stack_secret}

    def client(self, service: str, **options: object) -> Any:
        """A boto3 client with the administrator's key, without retries unless `config` says otherwise."""
        settings = {
            "endpoint_url": self.url,
            "region_name": REGION,
            "aws_access_key_id": self.credentials.access_key_id,
            "aws_secret_access_key": self.credentials.secret_access_key,
            "config": Config(retries={"total_max_attempts": 1}, read_timeout=60),
            **options,
        }
        untyped: Any = boto3  # its stubs know only literal service names
        return untyped.client(service, **settings)


def start_emulator(
    *,
    port: int,
    credentials: Credentials,
    logs: Path,
    temporary: Path,
    state: Path | None,
    for_functions: Mapping[str, Mapping[str, str]],
    fork_servers: Path | None = None,
    wait_scale: float = 1,
) -> Emulator:
    """Starts the emulator and waits until it answers.

    Args:
        state: folder in which tables, objects and the deployed stack survive; None keeps them in memory.
        for_functions: extra environment variables by logical id of the function.
        fork_servers: folder of the sockets of fork servers, if there are any.
        wait_scale: factor on the waits of state machines (tests of back-off use a small one).

    Raises:
        StackError: it did not start; the reason holds the end of its log.
    """
    url = f"http://{LOOPBACK}:{port}"
    settings = {
        **kept_from_the_user(),
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(ROOT / "local"),
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "localhost",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "STEPCREW_LOCAL_SECRET": credentials.stack_secret,
        "AUTH": "true",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "SFN_WAIT_SCALE": str(wait_scale),
        "DOCKER_HOST": "unix:///nonexistent",
        "STEPCREW_LOCAL_MAILS": str(logs.parent / "mails"),
        bootstrap.LOGS: str(logs),
        bootstrap.TEMPORARY: str(temporary),
        **{
            f"{bootstrap.HANDED}{function}_{name}": value
            for function, variables in for_functions.items()
            for name, value in variables.items()
        },
    }
    if fork_servers:
        settings[bootstrap.FORK_SERVERS] = str(fork_servers)
    if state:
        settings |= {
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "objects"),
        }
    command = [
        python_of("emulator"),
        *("-m", "hypercorn", "stepcrew_local.emulated.app:app"),
        *("--bind", f"{LOOPBACK}:{port}", "--workers", "0"),
        *("--keep-alive", str(IDLE_SECONDS), "--graceful-timeout", "1"),
    ]
    child = Child("emulator", command, settings, logs / "emulator.log")
    emulator = Emulator(child, url, credentials)
    try:
        wait_until_ready(child, lambda: answers(url + HEALTH, emulator.own_headers), START_SECONDS)
    except BaseException:
        child.stop(0)
        raise
    return emulator
