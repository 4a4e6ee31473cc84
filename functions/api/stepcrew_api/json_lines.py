"""Answers as JSON Lines, page by page: the pages put together are the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import Response

from stepcrew.domain import cursor as cursors
from stepcrew.domain.answer_size import how_many_fit
from stepcrew_api.views import JSONL, PREFIX, next_page


def lines_of(view: str) -> dict[int | str, dict[str, Any]]:
    """How the document of the API describes such an answer; `view` is the schema of a line."""
    schema = {"$ref": f"#/components/schemas/{view}"}
    return {200: {"description": "JSON Lines; `Link` names the next page", "content": {JSONL: {"schema": schema}}}}


def page_of_lines(
    lines: Sequence[str], place: Callable[[int], str], path: str, limit: int, **query: str | None
) -> Response:
    """As many of the lines as `limit` says and one answer holds. `lines` has one more where there is more;
    `place` tells the cursor, not encoded yet, of the line of an index. `path` and `query` are those of the request."""
    shown = how_many_fit(lines[:limit])
    headers = {"Cache-Control": "no-store"}
    if shown < len(lines):
        headers |= next_page(f"{PREFIX}{path}", cursors.encode(place(shown - 1)), {"limit": limit, **query})
    return Response("".join(f"{line}\n" for line in lines[:shown]), media_type=JSONL, headers=headers)
