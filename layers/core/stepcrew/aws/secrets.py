"""Secrets in Parameter Store (SecureString). They are read where they are used and kept nowhere else."""

from __future__ import annotations

from botocore.exceptions import ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors


class ParameterSecrets:
    """`Secrets` over `<prefix>/operator/NAME` and `<prefix>/groups/<group>/NAME`."""

    def __init__(self, clients: Clients, prefix: str) -> None:
        self._clients = clients
        self._prefix = prefix.rstrip("/")

    def group_secret(self, group_id: str, name: str) -> str | None:
        with platform_errors("Reading a secret"):
            try:
                answer = self._clients.ssm.get_parameter(
                    Name=f"{self._prefix}/groups/{group_id}/{name}", WithDecryption=True
                )
            except ClientError as error:
                if code_of(error) == "ParameterNotFound":
                    return None
                raise
            return answer["Parameter"].get("Value")

    def operator_secrets(self) -> dict[str, str]:
        path = f"{self._prefix}/operator"
        with platform_errors("Reading the operator's keys"):
            pages = self._clients.ssm.get_paginator("get_parameters_by_path").paginate(Path=path, WithDecryption=True)
            return {
                parameter.get("Name", "").rsplit("/", 1)[-1]: parameter.get("Value", "")
                for page in pages
                for parameter in page["Parameters"]
            }
