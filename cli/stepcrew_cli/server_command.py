"""Commands that talk to a server: the options all of them have, in one place."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from stepcrew_cli.client import Client, connect
from stepcrew_cli.options import Group, IdentityName, Json, Output, ProfileName, Token, Url, reporting
from stepcrew_cli.profiles import stored_profiles
from stepcrew_cli.target import Choice, Target, choose_target

Own = ParamSpec("Own")


class Call:
    """What a command was called with beside its own arguments: where to print, which server to ask, and as whom."""

    def __init__(self, output: Output, choice: Choice, group: str | None) -> None:
        self.output = output
        self._choice = choice
        self._group = group

    def target(self) -> Target:
        """Raises CliError when the options contradict each other or name no profile there is."""
        return choose_target(self._choice, stored_profiles(), os.environ)

    def client(self) -> Client:
        """To be used as a context manager. Raises CliError as `target` does."""
        return connect(self.target(), self._group)


def _server_options(
    url: Url = None,
    token: Token = None,
    profile: ProfileName = None,
    identity: IdentityName = "ada",
    group: Group = None,
    as_json: Json = False,
) -> Call:
    return Call(Output(as_json), Choice(url, token, profile, identity), group)


def server_command(function: Callable[Concatenate[Call, Own], None]) -> Callable[..., None]:
    """Makes a command of a function whose first parameter is the Call. Its other parameters are its own options; those
    of the server follow them. Errors are reported and end the program with their exit code."""
    own = [*inspect.signature(function, eval_str=True).parameters.values()][1:]
    shared = [*inspect.signature(_server_options, eval_str=True).parameters.values()]

    @wraps(function)
    def command(**given: Any) -> None:
        call = _server_options(**{option.name: given.pop(option.name) for option in shared})
        with reporting(call.output):
            function(call, **given)  # pyright: ignore[reportCallIssue] - given by name, as Typer does

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *shared)]
    command.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportAttributeAccessIssue]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command
