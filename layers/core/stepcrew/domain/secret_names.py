"""How secrets may be named."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

SECRET_NAME = r"^[A-Z][A-Z0-9_]{0,99}$"  # noqa: S105 - a pattern
SecretName = Annotated[str, StringConstraints(pattern=SECRET_NAME)]
