"""AWS clients, made once per process or session with timeouts and retries that fit inside a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.utils import get_environ_proxies

from stepcrew.aws.expiry import leave_out_expired
from stepcrew.aws.meter import RequestMeter
from stepcrew.clock import SystemClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

CONFIG = Config(connect_timeout=3, read_timeout=15, retries={"mode": "standard", "max_attempts": 4})


@dataclass(frozen=True)
class SessionKeys:
    """Temporary credentials of a role's session. They are shown nowhere, not even in a traceback."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)

    @property
    def as_arguments(self) -> dict[str, str]:
        """The credentials under the names of boto3's arguments."""
        return {
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            "aws_session_token": self.session_token,
        }


class Clients:
    """Each client is made when first used: a cold start pays only for what its request needs.

    Args:
        keys: whose clients they are; None means the function's own role, as boto3 finds it.
        like: clients whose region, endpoints and proxies these have too, whatever the environment says by now.
        now: the time, which decides what of the table has expired.
        meter: counts what is asked of the table and the bucket.
    """

    def __init__(
        self,
        keys: SessionKeys | None = None,
        like: Clients | None = None,
        now: Callable[[], datetime] | None = None,
        meter: RequestMeter | None = None,
    ) -> None:
        self._keys = keys
        self._like = like
        self._made: list[Any] = []
        self._watchers: list[Callable[[Any], None]] = [meter.watch] if meter else []
        self.now = now or SystemClock().now

    def watch(self, watcher: Callable[[Any], None]) -> None:
        """Hands it every client: those that are made already, and each that will be."""
        self._watchers.append(watcher)
        for client in self._made:
            watcher(client)

    def open(self, *services: str) -> None:
        """Makes them now, with the environment as it is, and remembers the proxies their addresses are reached by."""
        for service in services:
            client: Any = getattr(self, service)
            self.proxies[service.rstrip("_")] = get_environ_proxies(client.meta.endpoint_url)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        client: Any = self._make("dynamodb")
        leave_out_expired(client, self.now)
        return client

    @cached_property
    def s3(self) -> S3Client:
        # Stated, because botocore otherwise signs addresses for the global host (bucket.s3.amazonaws.com), which leads
        # requests for a new bucket, or one in a newer region, to another host: there the signature no longer fits.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html#deprecated-global-endpoint
        regional: Any = {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
        return self._make("s3", Config(signature_version="s3v4", s3=regional))

    @cached_property
    def sqs(self) -> SQSClient:
        return self._make("sqs")

    @cached_property
    def hasty_sqs(self) -> SQSClient:
        """For messages that may be lost, of senders that must not wait."""
        return self._make("sqs", Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1}))

    @cached_property
    def ssm(self) -> SSMClient:
        return self._make("ssm")

    @cached_property
    def stepfunctions(self) -> SFNClient:
        return self._make("stepfunctions")

    @cached_property
    def events(self) -> EventBridgeClient:
        return self._make("events")

    @cached_property
    def scheduler(self) -> EventBridgeSchedulerClient:
        return self._make("scheduler")

    @cached_property
    def s3vectors(self) -> Any:
        return self._make("s3vectors")

    @cached_property
    def sesv2(self) -> Any:
        return self._make("sesv2")

    @cached_property
    def sts(self) -> Any:
        return self._make("sts")

    @cached_property
    def lambda_(self) -> Any:
        return self._make("lambda")

    def functions(self, seconds: int) -> Any:
        """A client that waits so long for a function, and calls it once: a call that is repeated has its effects
        twice."""
        return self._make("lambda", Config(read_timeout=seconds, retries={"total_max_attempts": 1}))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What these clients and those they are like sign with, to be masked wherever text goes out."""
        own = tuple(self._keys.as_arguments.values()) if self._keys else ()
        return own + (self._like.secrets if self._like else ())

    def _make(self, service: str, more: Config | None = None) -> Any:
        settings: dict[str, Any] = self._keys.as_arguments if self._keys else {}
        config = CONFIG.merge(more) if more else CONFIG
        if self._like is not None:
            model: Any = getattr(self._like, "lambda_" if service == "lambda" else service)
            url: str = model.meta.endpoint_url
            config = config.merge(Config(proxies=self._like.proxies[service]))
            settings |= {"endpoint_url": url, "region_name": model.meta.region_name}
        untyped: Any = boto3  # its stubs know only literal service names
        client = untyped.client(service, config=config, **settings)
        self._made.append(client)
        for watcher in self._watchers:
            watcher(client)
        return client

    @cached_property
    def proxies(self) -> dict[str, dict[str, str]]:
        """By service, of those that `open` was called with."""
        return {}
