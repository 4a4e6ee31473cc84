"""`python -P runtime_client.py HANDLER` is `python -m awslambdaric HANDLER` for an address with a path.

The local stack puts a secret into AWS_LAMBDA_RUNTIME_API, behind host and port. AWS's runtime client uses the variable
as it is for everything but two calls at the start, which take it for a host and a port. Standard library and
`awslambdaric` only: it is run by path, in the function's own environment.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from awslambdaric import __main__ as command
from awslambdaric import lambda_runtime_client

client: Any = lambda_runtime_client.BaseLambdaRuntimeClient
call = client.call_rapid


def call_with_path(self: Any, method: str, endpoint: str, *more: Any, **named: Any) -> None:
    """Does what the client's own function does, below the path of the address."""
    self.lambda_runtime_address, _, path = os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")
    call(self, method, f"/{path}{endpoint}", *more, **named)


if __name__ == "__main__":
    client.call_rapid = call_with_path
    untyped: Any = command
    untyped.main(sys.argv)
