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
from ministack.core.responses import get_account_id
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
    """As the emulator's; that of a mail with what it says of itself, on the identity that sends it."""
    if method != "POST" or not path.rstrip("/").endswith("/outbound-emails"):
        return _enforce_ses_v2(method, path, headers, body, query_params, request_id)
    keys, region = keys_of(body), app.extract_region(headers, query_params)
    identity = f"arn:aws:ses:{region}:{get_account_id()}:identity/{keys.get('ses:FromAddress', '')}"
    token = of_mail.set(keys)
    try:
        return app._enforce_data_plane(
            *("sesv2", "ses:SendEmail", headers, query_params, request_id),
            resource_arn=identity,
            named_resource=identity,
        )
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
