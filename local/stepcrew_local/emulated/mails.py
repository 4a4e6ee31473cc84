"""E-mails: the condition keys that Amazon SES has for a request, which the emulator does not fill in; and the mails
that are sent, which lie in a folder, each as a file that programs for mails open.

Source: "Controlling access to Amazon SES", condition keys (SES developer guide): `ses:FromAddress`, `ses:Recipients`.
"""

from __future__ import annotations

import json
import os
import time
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ministack import app
from ministack.services import ses_v2

MAILS = "STEPCREW_LOCAL_MAILS"
"""The variable that names the folder."""

_enforce_ses_v2 = app._enforce_ses_v2
of_mail: ContextVar[dict[str, Any] | None] = ContextVar("condition keys of the mail that is sent", default=None)


def install() -> None:
    """Puts itself before the check of a request to SES, and in place of a relay to a server for mails."""
    app._enforce_ses_v2 = enforce
    ses_v2._smtp_relay = keep


def enforce(
    method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any], request_id: str
) -> Any:
    """As the emulator's, with what the mail says of itself."""
    is_mail = method == "POST" and path.rstrip("/").endswith("/outbound-emails")
    token = of_mail.set(keys_of(body) if is_mail else None)
    try:
        return _enforce_ses_v2(method, path, headers, body, query_params, request_id)
    finally:
        of_mail.reset(token)


def keys_of(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
        receivers = [address for kind in request["Destination"].values() for address in kind]
        return {"ses:FromAddress": request["FromEmailAddress"], "ses:Recipients": receivers}
    except (ValueError, KeyError, AttributeError):
        return {}


def keep(_source: str, _receivers: list[str], mail: str) -> None:
    folder = Path(os.environ[MAILS])
    folder.mkdir(exist_ok=True)
    (folder / f"{time.time_ns()}.eml").write_text(mail)
