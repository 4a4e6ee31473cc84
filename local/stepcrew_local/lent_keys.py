"""Keys of tools that the operator of a local stack lends to every group, where the runner looks for them."""

from __future__ import annotations

import os
from collections.abc import Mapping

from botocore.exceptions import ClientError

from stepcrew_local.emulator import Emulator

LENT = ("BRAVE_API_KEY", "SERPER_API_KEY")


def lend(emulator: Emulator, prefix: str, environment: Mapping[str, str] | None) -> None:
    """Puts those of the environment (None: this process's) below `prefix`, and removes the others: an earlier start may
    have left them."""
    environment = os.environ if environment is None else environment
    parameters = emulator.client("ssm")
    for name in LENT:
        path = f"{prefix}/operator/{name}"
        if value := environment.get(name):
            parameters.put_parameter(Name=path, Value=value, Type="SecureString", Overwrite=True)
            continue
        try:
            parameters.delete_parameter(Name=path)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ParameterNotFound":
                raise
