"""AWS clients, made once per process with timeouts and retries that fit inside a request."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

CONFIG = Config(connect_timeout=3, read_timeout=15, retries={"mode": "standard", "max_attempts": 4})


class Clients:
    """Each client is made when first used: a cold start pays only for what its request needs."""

    def open(self, *services: str) -> None:
        """Makes them now, with the environment as it is."""
        for service in services:
            getattr(self, service)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return boto3.client("dynamodb", config=CONFIG)  # pyright: ignore[reportUnknownMemberType]

    @cached_property
    def s3(self) -> S3Client:
        # Stated, because presigned addresses are otherwise signed the old way, which new buckets refuse.
        return boto3.client("s3", config=CONFIG.merge(Config(signature_version="s3v4")))  # pyright: ignore[reportUnknownMemberType]

    @cached_property
    def sqs(self) -> SQSClient:
        return boto3.client("sqs", config=CONFIG)  # pyright: ignore[reportUnknownMemberType]

    @cached_property
    def ssm(self) -> SSMClient:
        return boto3.client("ssm", config=CONFIG)  # pyright: ignore[reportUnknownMemberType]

    @cached_property
    def stepfunctions(self) -> SFNClient:
        return boto3.client("stepfunctions", config=CONFIG)  # pyright: ignore[reportUnknownMemberType]
