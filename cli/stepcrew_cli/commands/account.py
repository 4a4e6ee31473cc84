"""Commands for signing in: login, logout, whoami, token."""

from __future__ import annotations

import os
import webbrowser
from typing import Annotated

import typer
from pydantic import JsonValue

from stepcrew_cli.callback import PORTS, Callback
from stepcrew_cli.errors import CliError
from stepcrew_cli.identity import Identity, identity_of
from stepcrew_cli.options import Json, Output, ProfileName, Url, reporting
from stepcrew_cli.profile_token import issuer_of
from stepcrew_cli.profiles import DEFAULT_PROFILE, Profile, TokenKind, stored_profiles
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.sign_in import PATIENCE_SECONDS, sign_in
from stepcrew_cli.sign_in_settings import Given, settings_client, sign_in_profile
from stepcrew_cli.target import local_url
from stepcrew_cli.text import safe
from stepcrew_cli.wire import Me


def register(app: typer.Typer) -> None:
    for command in (login, logout, whoami, token):
        app.command(command.__name__)(command)


def login(
    url: Url = None,
    profile: ProfileName = None,
    issuer: Annotated[
        str | None, typer.Option(help="OpenID Connect issuer. Default: what the server publishes.")
    ] = None,
    client_id: Annotated[str | None, typer.Option(help="Client that is registered at the issuer.")] = None,
    scope: Annotated[str | None, typer.Option(help="Scopes to ask for, separated by spaces.")] = None,
    audience: Annotated[str | None, typer.Option(help="The API to ask tokens for, where the issuer wants it.")] = None,
    sends: Annotated[
        TokenKind | None,
        typer.Option("--sends", help="Which token the API takes. A Cognito user pool needs the ID token."),
    ] = None,
    callback_port: Annotated[
        int | None,
        typer.Option(
            min=1024,
            max=65535,
            help=f"Port on which the browser comes back. Default: a free one of {PORTS[0]} to {PORTS[-1]}.",
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser, or only print the address to open.")] = True,
    seconds: Annotated[float, typer.Option("--timeout", min=1, help="Give up after so many seconds.")] = (
        PATIENCE_SECONDS
    ),
    as_json: Json = False,
) -> None:
    """Sign in to a server in your browser, and keep the tokens in a profile.

    The server's web address is enough: `stepcrew login --url https://HOST`. Later commands take the tokens from the
    profile and renew them. Without --profile, the profile is named default and is used when no other is named.

    On a machine without a browser (over SSH), pass the port on first: `ssh -L 18400:127.0.0.1:18400 MACHINE`, then
    `stepcrew login --no-browser` there, and open the printed address here.
    """
    output = Output(as_json)
    with reporting(output):
        name = profile or DEFAULT_PROFILE
        profiles = stored_profiles()
        earlier = profiles.find(name)
        address = url or (earlier.url if earlier else local_url(os.environ))
        with settings_client(address) as http:
            chosen = sign_in_profile(address, Given(issuer, client_id, scope, audience, sends), earlier, http)

        def show(page: str) -> None:
            opened = browser and webbrowser.open(page)
            output.note("Sign in in your browser:" if opened else "Open this address in a browser:", "")
            output.note(f"  {page}", "")

        with issuer_of(chosen) as at, Callback((callback_port,) if callback_port else PORTS) as callback:
            tokens = sign_in(at, chosen, callback, show, seconds)
        signed_in = chosen.model_copy(update={"tokens": tokens})
        profiles.save(name, signed_in)
        _tell(output, name, signed_in)


def logout(
    profile: ProfileName = None,
    forget: Annotated[bool, typer.Option("--forget", help="Remove the whole profile, its addresses too.")] = False,
    as_json: Json = False,
) -> None:
    """Sign out: tell the issuer to end the tokens, and remove them from this machine."""
    output = Output(as_json)
    with reporting(output):
        name = profile or DEFAULT_PROFILE
        profiles = stored_profiles()
        stored = profiles.get(name)
        revoked = _revoke(output, stored)
        if forget:
            profiles.remove(name)
        else:
            profiles.save(name, stored.model_copy(update={"tokens": None}))
        output.done({"profile": name, "revoked": revoked}, f"Signed out of {stored.url}.", "")


def _revoke(output: Output, profile: Profile) -> bool:
    """The tokens leave this machine whether or not the issuer can be told."""
    refresh_token = profile.tokens.refresh_token if profile.tokens else None
    if refresh_token is None:
        return False
    try:
        with issuer_of(profile) as issuer:
            return issuer.revoke(profile, refresh_token)
    except CliError as error:
        output.note(f"The issuer was not told, so the tokens stay valid until they expire: {error.message}")
        return False


@server_command
def whoami(call: Call) -> None:
    """Tell which server the commands talk to, and who you are for it: your groups, and your role in the one chosen."""
    target = call.target()
    with call.client() as client:
        answer = client.me()
    me = answer.read(Me)
    if call.output.as_json:
        call.output.json({"url": target.url, "profile": target.profile, "me": answer.data})
        return
    who = identity_of(target.auth.token())
    lines = {
        "Server": target.url,
        "Profile": target.profile or "none",
        "You are": me.email or me.subject,
        "Group": f"{me.group_id}, as {me.role}",
        "Your groups": ", ".join(me.groups),
        "Token until": f"{who.expires_at.astimezone():%Y-%m-%d %H:%M:%S}" if who and who.expires_at else "",
    }
    for label, value in lines.items():
        if value:
            print(f"{label:<13}{safe(value)}")


@server_command
def token(call: Call) -> None:
    """Print the token that the commands would send, for other programs.

    As in `curl -H "Authorization: Bearer $(stepcrew token)"`. It is renewed first if it is about to end. On the local
    stack without a profile it is a demo token.
    """
    value = call.target().auth.token()
    if call.output.as_json:
        call.output.json({"access_token": value})
    else:
        print(value)


def _tell(output: Output, name: str, profile: Profile) -> None:
    who = identity_of(profile.sent_token or "")
    if output.as_json:
        output.json({"profile": name, "url": profile.url, **(_as_json(who) if who else {})})
        return
    output.note(f"Signed in to {profile.url}{f' as {who.name}' if who else ''}; kept in the profile {name}.", "green")
    if profile.tokens and profile.tokens.refresh_token is None:
        output.note("The issuer gave no refresh token: sign in again when this one ends. Some give one for the scope")
        output.note(f"offline_access: stepcrew login --profile {name} --scope '{profile.scope} offline_access'")
    if who and not who.group:
        output.note("Your token names no group, so the server will refuse you. An administrator gives you one.")


def _as_json(who: Identity) -> dict[str, JsonValue]:
    return {
        "subject": who.subject,
        "email": who.email,
        "group": who.group,
        "groups": [*who.groups],
        "role": who.role,
        "expires_at": who.expires_at.isoformat() if who.expires_at else None,
    }
