"""Which server a command talks to, and as whom."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import httpx

from stepcrew_cli.errors import CliError
from stepcrew_cli.loopback_address import is_loopback, same_origin
from stepcrew_cli.profile_token import ProfileToken
from stepcrew_cli.profiles import DEFAULT_PROFILE, Profiles
from stepcrew_cli.tokens import DemoToken

DEFAULT_PORT = 8400
PORT_VARIABLE = "STEPCREW_PORT"


class GivenToken(httpx.Auth):
    """Puts the same token on every request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request

    def token(self) -> str:
        return self._token


@dataclass(frozen=True)
class Choice:
    """What was given by options and their environment variables; None means not given."""

    url: str | None = None
    token: str | None = None
    profile: str | None = None
    identity: str = "ada"


@dataclass(frozen=True)
class Target:
    """A server's address and the tokens for it; `profile` is the name of the profile they come from."""

    url: str
    auth: GivenToken | ProfileToken | DemoToken
    profile: str | None = None


def choose_target(choice: Choice, profiles: Profiles, environment: Mapping[str, str]) -> Target:
    """Address: --url, the named profile's, STEPCREW_PORT, the profile `default`, the local stack.
    Token: --token, the profile's, a demo token of the local stack.

    Raises CliError when a profile is named together with another server's address: its token stays with its server.
    """
    name = choice.profile
    if name is None and not environment.get(PORT_VARIABLE):
        name = DEFAULT_PROFILE if profiles.find(DEFAULT_PROFILE) else None
        if name and choice.url and not same_origin(choice.url, profiles.get(name).url):
            name = None
    if name is None:
        url = choice.url or local_url(environment)
        return Target(url, GivenToken(choice.token) if choice.token else DemoToken(url, choice.identity))
    profile = profiles.get(name)
    if choice.url and not same_origin(choice.url, profile.url):
        raise CliError(
            f"The profile {name} is for {profile.url}, not for {choice.url}.",
            remedy="Leave out --url (STEPCREW_URL), or name another profile.",
        )
    url = choice.url or profile.url
    if choice.token:
        return Target(url, GivenToken(choice.token), name)
    if profile.tokens is None and is_loopback(url):
        return Target(url, DemoToken(url, choice.identity), name)
    return Target(url, ProfileToken(profiles, name), name)


def local_url(environment: Mapping[str, str]) -> str:
    """The local stack on this machine. Raises CliError when STEPCREW_PORT is no port."""
    text = environment.get(PORT_VARIABLE) or str(DEFAULT_PORT)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CliError(f"{PORT_VARIABLE}={text} is not a port.", remedy="Give a number from 1 to 65535, or unset it.")
    return f"http://127.0.0.1:{int(text)}"
