"""Where the function of a project is made: by the local stack itself, or on AWS with CloudFormation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from stepcrew_cli.admin.aws import new_session
from stepcrew_cli.client import Client
from stepcrew_cli.deploying.cloudformation import AwsFunction
from stepcrew_cli.deploying.wire import DeployedFunction, RemovedFunction
from stepcrew_cli.loopback_address import is_loopback


class OnAws(NamedTuple):
    """What the deployer chose for AWS: region and profile of the credentials, parameters of the template. The local
    stack needs nothing of it."""

    region: str | None = None
    aws_profile: str | None = None
    parameters: Mapping[str, str] = {}


NOTHING_CHOSEN = OnAws()


class ProjectsFunction(Protocol):
    """The function of one project. Every method may be repeated."""

    def put(self) -> str:
        """Makes or updates it, and answers it with its version."""
        ...

    def plan(self) -> list[str]:
        """What `put` would change, one line for each resource; nothing is changed."""
        ...

    def remove(self) -> bool:
        """Removes it with everything made for it; False when there is none."""
        ...


class LocalFunction:
    """On the local stack, which hosts it as a process."""

    def __init__(self, client: Client, name: str, parameters: Mapping[str, str]) -> None:
        self._client = client
        self._name = name
        self._parameters = parameters

    def put(self) -> str:
        return self._client.deploy_locally(self._name, self._parameters["Bundle"]).read(DeployedFunction).function

    def plan(self) -> list[str]:
        return []

    def remove(self) -> bool:
        return self._client.remove_locally(self._name).read(RemovedFunction).removed


def function_of(
    client: Client, name: str, parameters: Mapping[str, str], tell: Callable[[str], None], aws: OnAws
) -> ProjectsFunction:
    """Of the project that is stored under this name; `parameters` are those that the API answers for it. Raises
    CliError where AWS is needed and there is no way into it."""
    if is_loopback(client.url):
        return LocalFunction(client, name, parameters)
    return AwsFunction(new_session(aws.region, aws.aws_profile), parameters, aws.parameters, tell)
