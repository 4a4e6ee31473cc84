"""What the operator of a local stack keeps in Parameter Store: keys of tools that are lent to every group, where the
runner looks for them, and the headers of the collector of traces."""

from __future__ import annotations

import os
from collections.abc import Mapping

from botocore.exceptions import ClientError

from stepcrew_local.emulator import Emulator

KEPT = ("operator/BRAVE_API_KEY", "operator/SERPER_API_KEY", "export/OTLP_HEADERS")
"""Below the stack's prefix. The last part of each is also the name of the variable it is taken from."""


def lend(emulator: Emulator, prefix: str, environment: Mapping[str, str] | None) -> None:
    """Puts those of the environment (None: this process's) below `prefix`, and removes the others: an earlier start may
    have left them."""
    environment = os.environ if environment is None else environment
    parameters = emulator.client("ssm")
    for kept in KEPT:
        path = f"{prefix}/{kept}"
        if value := environment.get(kept.rpartition("/")[2]):
            parameters.put_parameter(Name=path, Value=value, Type="SecureString", Overwrite=True)
            continue
        try:
            parameters.delete_parameter(Name=path)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ParameterNotFound":
                raise
