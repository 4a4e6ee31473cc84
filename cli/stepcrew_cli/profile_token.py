"""The token of a profile on every request, renewed before it ends."""

from __future__ import annotations

from collections.abc import Callable, Generator
from http import HTTPStatus

import httpx

from stepcrew_cli.clock import epoch_seconds
from stepcrew_cli.errors import CliError
from stepcrew_cli.oidc import Issuer, Refused, issuer_client
from stepcrew_cli.profiles import Profile, Profiles, Tokens

EARLY_SECONDS = 60
"""A token is renewed this long before it ends, so that it does not end on its way to the server."""


def issuer_of(profile: Profile) -> Issuer:
    return Issuer(issuer_client(profile.issuer), profile.issuer)


class ProfileToken(httpx.Auth):
    """Reads the tokens from the profile's file and writes new ones there, for every command that runs meanwhile.

    Raises CliError with the command to type when nobody is signed in any more.
    """

    def __init__(
        self,
        profiles: Profiles,
        name: str,
        issuer_of: Callable[[Profile], Issuer] = issuer_of,
        now: Callable[[], float] = epoch_seconds,
    ) -> None:
        self._profiles = profiles
        self._name = name
        self._issuer_of = issuer_of
        self._now = now

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self.token()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {self.token(refused=token)}"
            yield request

    def token(self, refused: str | None = None) -> str:
        """A token that is valid for a while; another one than `refused`."""
        profile = self._profiles.get(self._name)
        sent, tokens = profile.sent_token, profile.tokens
        if sent is None or tokens is None:
            raise self._signed_out("Nobody is signed in")
        if sent != refused and tokens.expires_at - EARLY_SECONDS > self._now():
            return sent
        renewed = profile.model_copy(update={"tokens": self._renew(profile, tokens)})
        self._profiles.save(self._name, renewed)
        assert renewed.sent_token is not None  # the issuer's answer was checked for it
        return renewed.sent_token

    def _renew(self, profile: Profile, tokens: Tokens) -> Tokens:
        if tokens.refresh_token is None:
            raise self._signed_out("The sign-in has ended")
        try:
            with self._issuer_of(profile) as issuer:
                return issuer.renew(profile, tokens.refresh_token)
        except Refused as error:
            # Another command may have renewed at the same moment, and some issuers take a refresh token only once.
            now = self._profiles.get(self._name).tokens
            if now is not None and now != tokens:
                return now
            raise self._signed_out("The sign-in has ended") from error

    def _signed_out(self, what: str) -> CliError:
        return CliError(
            f"{what} with the profile {self._name}.", remedy=f"Sign in with: stepcrew login --profile {self._name}"
        )
