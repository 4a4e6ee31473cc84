"""Where the API's things are."""

from __future__ import annotations

from urllib.parse import quote

API = "/api/v1"


def api_path(*parts: str) -> str:
    """Every part is quoted: no name or id leads to another path."""
    return "/".join((API, *(quote(part, safe="") for part in parts)))
