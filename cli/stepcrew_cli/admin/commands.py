"""`stepcrew admin`: the users of a deployed stack's user pool."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import Annotated

import typer
from pydantic import JsonValue

from stepcrew_cli.admin.aws import explained, new_session, stack_outputs
from stepcrew_cli.admin.pool import ROLES, PoolUser, UserPool
from stepcrew_cli.errors import CliError
from stepcrew_cli.options import Json, Output, reporting
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain

Stack = Annotated[str, typer.Option(help="Name of the deployed stack.", envvar="STEPCREW_STACK")]
Region = Annotated[str | None, typer.Option(help="AWS region of the stack. Default: as for any AWS tool.")]
AwsProfile = Annotated[str | None, typer.Option(help="Profile of your AWS configuration.", metavar="NAME")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail address, which is their user name.")]
DEFAULT_STACK = "stepcrew"
KNOWN_ROLES = ", ".join(ROLES)

admin = typer.Typer(help="Administer a deployed stack with your AWS credentials.", no_args_is_help=True)
users = typer.Typer(help="Users of the stack's own user pool.", no_args_is_help=True)
admin.add_typer(users, name="users")


@users.command("add")
def add(
    email: Email,
    group: Annotated[
        list[str], typer.Option(metavar="GROUP", help="A group of theirs; the first is the primary one. Repeatable.")
    ],
    role: Annotated[str, typer.Option(metavar="ROLE", help=f"Role in the primary group: {KNOWN_ROLES}.")] = "member",
    invite: Annotated[
        bool,
        typer.Option(help="Send the temporary password by e-mail, or print it here."),
    ] = True,
    stack: Stack = DEFAULT_STACK,
    region: Region = None,
    aws_profile: AwsProfile = None,
    as_json: Json = False,
) -> None:
    """Add a user with a verified address, groups and a role."""
    output = Output(as_json)
    with reporting(output), _pool(stack, region, aws_profile) as pool:
        password = pool.add(email, group, role, invite=invite)
        if as_json:
            output.json({"email": email, "groups": [*group], "role": role, "temporary_password": password})
        elif password is None:
            output.note(f"Added {email}; an invitation with a temporary password is on its way.", "green")
        else:
            print(password)
            output.note(f"Added {email}. This is the temporary password; it is to be changed at the first sign-in.", "")


@users.command("list")
def list_users(
    stack: Stack = DEFAULT_STACK, region: Region = None, aws_profile: AwsProfile = None, as_json: Json = False
) -> None:
    """List the users with their groups and roles."""
    output = Output(as_json)
    with reporting(output), _pool(stack, region, aws_profile) as pool:
        found = pool.users()
        if as_json:
            output.json([_as_json(user) for user in found])
            return
        columns = ("E-mail", "Groups", "Role", "Status")
        table = table_of(*columns, wrapped=columns)
        for user in found:
            status = user.status if user.enabled else f"{user.status}, disabled"
            table.add_row(*(plain(cell) for cell in (user.email, ", ".join(user.groups), user.role, status)))
        output.console.print(table)


@users.command("set-groups")
def set_groups(
    email: Email,
    groups: Annotated[
        list[str], typer.Argument(metavar="GROUP...", help="All their groups; the first is the primary one.")
    ],
    role: Annotated[
        str | None,
        typer.Option(metavar="ROLE", help=f"Role in the primary group: {KNOWN_ROLES}. Default: as it is."),
    ] = None,
    stack: Stack = DEFAULT_STACK,
    region: Region = None,
    aws_profile: AwsProfile = None,
    as_json: Json = False,
) -> None:
    """Set all groups of a user, and perhaps the role. A token they have keeps the old ones until it ends."""
    output = Output(as_json)
    with reporting(output), _pool(stack, region, aws_profile) as pool:
        user = pool.set_groups(email, groups, role)
        if as_json:
            output.json(_as_json(user))
        else:
            output.note(f"{email} now has the groups {', '.join(user.groups)} and the role {user.role or 'none'}.", "")
            output.note("A token they already have keeps its groups until it ends, within the hour.", "dim")


@users.command("remove")
def remove(
    email: Email,
    stack: Stack = DEFAULT_STACK,
    region: Region = None,
    aws_profile: AwsProfile = None,
    as_json: Json = False,
) -> None:
    """Remove a user from the pool. What they submitted stays in its group."""
    output = Output(as_json)
    with reporting(output), _pool(stack, region, aws_profile) as pool:
        pool.remove(email)
        if as_json:
            output.json({"removed": email})
        else:
            output.note(f"Removed {email}. A token they already have works until it ends, within the hour.", "")


@contextmanager
def _pool(stack: str, region: str | None, aws_profile: str | None) -> Generator[UserPool]:
    session = new_session(region, aws_profile)
    pool_id = stack_outputs(session, stack).get("UserPoolId")
    if pool_id is None:
        raise CliError(
            f"The stack {stack} has no user pool of its own: its users are kept by the issuer JwtIssuer.",
            remedy="Add users and their groups there.",
        )
    with explained(), closing(session.client("cognito-idp")) as cognito:
        yield UserPool(cognito, pool_id)


def _as_json(user: PoolUser) -> dict[str, JsonValue]:
    return {
        "email": user.email,
        "group": user.group,
        "groups": [*user.groups],
        "role": user.role,
        "status": user.status,
        "enabled": user.enabled,
    }
