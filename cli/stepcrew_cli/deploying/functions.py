"""Where the function of a project or tool is made: by the local stack itself, or on AWS with CloudFormation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from stepcrew_cli.admin.aws import new_session
from stepcrew_cli.api_paths import API, api_path
from stepcrew_cli.client import Client
from stepcrew_cli.deploying.cloudformation import PROJECT, TOOL, AwsFunction, Kind
from stepcrew_cli.deploying.wire import BundleUpload, FunctionPlace, MadeFunction, RemovedFunction
from stepcrew_cli.errors import CliError
from stepcrew_cli.loopback_address import is_loopback


class OnAws(NamedTuple):
    """What the deployer chose for AWS: region and profile of the credentials, parameters of the template. The local
    stack needs nothing of it."""

    region: str | None = None
    aws_profile: str | None = None
    parameters: Mapping[str, str] = {}


NOTHING_CHOSEN = OnAws()


class Deployable(NamedTuple):
    """A project or tool of the group: `place` is its path in the API."""

    kind: Kind
    place: str

    def function_place(self, client: Client) -> FunctionPlace:
        """What names its function, and of a project which executions still need it."""
        return client.ask("GET", f"{self.place}/function").read(FunctionPlace)


def project(name: str) -> Deployable:
    return Deployable(PROJECT, api_path("projects", name))


def tool(name: str) -> Deployable:
    return Deployable(TOOL, api_path("tools", name))


class DeployedFunction(Protocol):
    """The function of one project or tool. Every method may be repeated."""

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
    """`DeployedFunction` on the local stack, which runs it as a process."""

    def __init__(self, client: Client, place: str, parameters: Mapping[str, str]) -> None:
        self._client = client
        self._path = f"/local{place.removeprefix(API)}"
        self._parameters = parameters

    def put(self) -> str:
        body = {"sha256": self._parameters["Bundle"]}
        return self._client.ask("POST", self._path, body).read(MadeFunction).function

    def plan(self) -> list[str]:
        return []

    def remove(self) -> bool:
        return self._client.ask("DELETE", self._path).read(RemovedFunction).removed


class Upload(NamedTuple):
    """A bundle on its way to the function that has it."""

    client: Client
    offer: BundleUpload
    content: bytes
    function: DeployedFunction

    def put(self) -> str:
        """Stores the bytes where they are not yet, and answers the function with its version."""
        if not self.offer.stored:
            self.client.upload(self.offer.url or "", self.offer.headers, self.content)
        return self.function.put()


def upload_of(
    client: Client, what: Deployable, content: bytes, digest: str, tell: Callable[[str], None], aws: OnAws
) -> Upload:
    """Nothing is stored by it. Raises as `function_of` does."""
    offer = client.ask("POST", f"{what.place}/bundle", {"sha256": digest}).read(BundleUpload)
    return Upload(client, offer, content, function_of(client, what, offer.parameters, tell, aws))


def function_of(
    client: Client, what: Deployable, parameters: Mapping[str, str], tell: Callable[[str], None], aws: OnAws
) -> DeployedFunction:
    """`parameters` are those that the API answers for it. Raises CliError where AWS is needed and there is no way into
    it."""
    if is_loopback(client.url):
        return LocalFunction(client, what.place, parameters)
    return AwsFunction(new_session(aws.region, aws.aws_profile), what.kind, parameters, aws.parameters, tell)


def parameters_of(given: list[str]) -> dict[str, str]:
    """Of `NAME=VALUE`, as they are given on the command line."""
    pairs = [each.partition("=") for each in given]
    if wrong := next((name for name, equals, _ in pairs if not (name and equals)), None):
        raise CliError(f"--parameter {wrong} has no value.", remedy="Give --parameter NAME=VALUE.")
    return {name: value for name, _, value in pairs}
