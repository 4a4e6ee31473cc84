"""Keys that nobody can guess: of the account's root and of the functions.

The emulator takes several well-known keys for root and works a function's credentials out of its name.
"""

from __future__ import annotations

import secrets
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import iam, lambda_svc, sts

_functions: dict[tuple[str, str], dict[str, str]] = {}
"""Credentials by ARN of the function and of its role, for as long as the emulator runs."""


def install(administrator: str) -> None:
    """Makes this key the only one with every permission."""

    def is_root_access_key(access_key_id: str) -> bool:
        return access_key_id == administrator

    iam_evaluator.is_root_access_key = is_root_access_key
    sts.is_root_access_key = is_root_access_key
    lambda_runtime.execution_credentials = execution_credentials
    lambda_svc.execution_credentials = execution_credentials


def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
    """A session of the function's role, as Lambda hands it to the function in variables."""
    function, role_arn = config["FunctionArn"], config["Role"]
    account, role_name = function.split(":")[4], role_arn.rsplit("/", 1)[-1]
    session_name = config["FunctionName"][:64]
    known = _functions.setdefault(
        (function, role_arn),
        {
            "AWS_ACCESS_KEY_ID": f"ASIA{secrets.token_hex(8).upper()}",
            "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20),
            "AWS_SESSION_TOKEN": secrets.token_hex(64),
        },
    )
    role: dict[str, Any] = iam._roles.get_scoped(account, None, role_name) or {}
    sts.register_session(
        known["AWS_ACCESS_KEY_ID"],
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{session_name}",
            "UserId": f"{role.get('RoleId', role_name)}:{session_name}",
            "SecretAccessKey": known["AWS_SECRET_ACCESS_KEY"],
            "SessionToken": known["AWS_SESSION_TOKEN"],
            "AccountId": account,
            "PrincipalType": "AssumedRole",
        },
    )
    return dict(known)
