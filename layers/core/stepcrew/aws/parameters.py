"""Single parameters of Parameter Store, where one that is not there is no fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from stepcrew.aws.errors import code_of, platform_errors

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def read_parameter(client: SSMClient, name: str, doing: str) -> str | None:
    """Its value, decrypted; None where there is none. Raises `PlatformUnavailable`."""
    with platform_errors(doing):
        try:
            return client.get_parameter(Name=name, WithDecryption=True)["Parameter"].get("Value")
        except ClientError as error:
            if code_of(error) == "ParameterNotFound":
                return None
            raise


def delete_parameter(client: SSMClient, name: str, doing: str) -> None:
    """Deleting it again changes nothing. Raises `PlatformUnavailable`."""
    with platform_errors(doing):
        try:
            client.delete_parameter(Name=name)
        except ClientError as error:
            if code_of(error) != "ParameterNotFound":
                raise
