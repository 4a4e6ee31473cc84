"""The way into AWS of those who administer or deploy: clients, stacks, and AWS's refusals as our errors.

boto3 is imported here and nowhere else in the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from typing import Any

from stepcrew_cli.errors import CliError, Unreachable

Explain = Callable[[str], CliError | None]
"""Gives the error for an AWS error code, or None for one it does not know."""


def new_session(region: str | None, aws_profile: str | None) -> Any:
    """A boto3 session. Raises CliError when boto3 is missing or there is no such profile or region."""
    try:
        import boto3
        from botocore.exceptions import ProfileNotFound
    except ImportError:
        raise CliError(
            "This command needs boto3, which is not installed.",
            remedy="Install the command line with its extra: uv tool install 'stepcrew-cli[admin]', or the same with "
            "pipx install. In a checkout: make setup.",
        ) from None
    try:
        session: Any = boto3.Session(region_name=region, profile_name=aws_profile)
    except ProfileNotFound as error:
        raise CliError(str(error), remedy="aws configure list-profiles names those there are.") from error
    if session.region_name is None:
        raise CliError("No AWS region is set.", remedy="Give --region, or set AWS_REGION.")
    return session


def find_stack(cloudformation: Any, name: str) -> Any | None:
    """What CloudFormation tells of a stack; None when there is none of that name. Raises as boto3 does."""
    from botocore.exceptions import ClientError

    try:
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return None


def stack_outputs(session: Any, stack: str) -> dict[str, str]:
    """Raises CliError when there is no such stack."""

    def explain(code: str) -> CliError | None:
        if code != "ValidationError":
            return None
        return CliError(
            f"There is no stack {stack} in {session.region_name}.", remedy="Give --stack, --region or --aws-profile."
        )

    with explained(explain), closing(session.client("cloudformation")) as cloudformation:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


@contextmanager
def explained(explain: Explain = lambda _: None) -> Generator[None]:
    """Turns what boto3 raises inside the block into our errors."""
    from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError

    try:
        yield
    except ClientError as error:
        found: Any = error.response.get("Error", {})
        code, message = str(found.get("Code", "")), str(found.get("Message", ""))
        known = explain(code)
        if known is not None:
            raise known from error
        if "AccessDenied" in code or code == "UnauthorizedOperation":
            raise CliError(
                f"AWS does not let you do that: {message}", remedy="Use credentials that may administer the stack."
            ) from error
        raise CliError(f"AWS refused: {message} ({code})") from error
    except NoCredentialsError as error:
        raise CliError(
            "There are no AWS credentials.", remedy="Sign in to AWS first: aws sso login or aws configure."
        ) from error
    except EndpointConnectionError as error:
        raise Unreachable(str(error), remedy="Is --region right, and the network up?") from error
    except BotoCoreError as error:
        raise CliError(f"AWS could not be asked: {error}", remedy="Check your AWS configuration.") from error
