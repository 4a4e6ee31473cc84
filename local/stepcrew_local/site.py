"""The console's built files, with every unknown path answered by its first page (the console routes by itself)."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
FOREVER = "public, max-age=31536000, immutable"
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Stepcrew</title>
<h1>Stepcrew runs</h1>
<p>The console is not built here. The API is described under <a href="/api/docs">/api/docs</a>.</p></html>
"""


class Site:
    """Files below a folder. The build names its assets by their content, so those may be kept forever."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def answer(self, path: str) -> Response:
        """The file at the path; the first page for a path without a file extension; otherwise 404."""
        index = self._root / "index.html"
        if not index.is_file():
            return HTMLResponse(NOT_BUILT, headers=SECURITY_HEADERS)
        file = (self._root / path.lstrip("/")).resolve()
        if file.is_relative_to(self._root) and file.is_file() and file != index:
            lifetime = FOREVER if path.startswith("/assets/") else "no-cache"
            return FileResponse(file, headers={**SECURITY_HEADERS, "cache-control": lifetime})
        if file.suffix and file != index:
            return PlainTextResponse("Not found\n", 404, SECURITY_HEADERS)
        return FileResponse(index, headers={**SECURITY_HEADERS, "cache-control": "no-cache"})
