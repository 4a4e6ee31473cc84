"""Where to sign in to a server: from options, from the server itself, or from an earlier sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from stepcrew_cli.errors import CliError, ServerTrouble, Unreachable
from stepcrew_cli.loopback_address import is_loopback, require_web_address, same_origin
from stepcrew_cli.profiles import SCOPE, Profile, TokenKind

SETTINGS_PATH = "/config.json"


@dataclass(frozen=True)
class Given:
    """Options of `stepcrew login`; None means not given."""

    issuer: str | None = None
    client_id: str | None = None
    scope: str | None = None
    audience: str | None = None
    sends: TokenKind | None = None


class PublishedSettings(BaseModel):
    """What a server publishes for its web console and for the command line; see docs/console.md, "Signing in"."""

    issuer: str
    client_id: str
    cli_client_id: str | None = None
    scope: str = SCOPE
    audience: str | None = None
    token: TokenKind = "access_token"  # noqa: S105 - the name of a kind
    api: str | None = None


def sign_in_profile(url: str, given: Given, earlier: Profile | None, http: httpx.Client) -> Profile:
    """The profile to sign in with, without tokens.

    Raises CliError when neither the options nor the server nor an earlier sign-in tell where to sign in.
    """
    require_web_address(url, "The server")
    if given.issuer is None:
        published = _published(url, http)
        if published is not None:
            require_web_address(published.api or url, "The server's API")
            base = Profile(
                url=(published.api or url).rstrip("/"),
                issuer=published.issuer,
                client_id=published.cli_client_id or published.client_id,
                scope=published.scope,
                audience=published.audience,
                sends=published.token,
            )
        elif earlier is not None and same_origin(url, earlier.url):
            base = earlier.model_copy(update={"tokens": None})
        else:
            raise CliError(
                f"{url} does not tell where to sign in.",
                remedy="Give --issuer and --client-id: the outputs Issuer and CommandLineClientId of the stack.",
            )
    elif given.client_id is None:
        raise CliError("--issuer needs --client-id.", remedy="Give the client that is registered at the issuer.")
    else:
        base = Profile(url=url.rstrip("/"), issuer=given.issuer, client_id=given.client_id, sends=_kind(given.issuer))
    changes = {key: value for key, value in vars(given).items() if value is not None}
    return base.model_copy(update=changes)


def _published(url: str, http: httpx.Client) -> PublishedSettings | None:
    """None when the server has none: an API without the web console."""
    address = url.rstrip("/") + SETTINGS_PATH
    try:
        response = http.get(address)
    except httpx.TransportError as error:
        raise Unreachable(f"Cannot reach {url}: {error or type(error).__name__}.", remedy="Is --url right?") from error
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ServerTrouble(f"{address} answered {response.status_code}.", remedy="Try again later.")
    if not response.is_success:
        return None
    try:
        return PublishedSettings.model_validate_json(response.content)
    except ValidationError:
        return None


def _kind(issuer: str) -> TokenKind:
    """A Cognito user pool puts a user's own attributes, the group among them, into the ID token only:
    https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html"""
    host = urlsplit(issuer).hostname or ""
    return "id_token" if host.startswith("cognito-idp.") else "access_token"


def settings_client(url: str) -> httpx.Client:
    return httpx.Client(timeout=20, follow_redirects=False, trust_env=not is_loopback(url))
