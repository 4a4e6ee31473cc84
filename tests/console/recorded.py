"""The built console in front of recorded answers of the API: what the page does with them, without a stack.

The files are served from `console/dist` and the answers from memory, both inside the browser's own requests; no port is
opened. Tests that need the stack's behaviour (deciding, cancelling, running) use the real one.
"""

from __future__ import annotations

import json
import mimetypes
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, Page, Route

from stepcrew.domain.crew_schema import crew_schema
from stepcrew.domain.errors import InvalidRequest
from stepcrew_api.body_shapes import ProjectToRead
from stepcrew_api.project_texts import crew_of
from tests.console import settings
from tests.console.story import Story

ORIGIN = "https://console.test"
DIST = Path(__file__).parents[2] / "console/dist"
Fields = dict[str, Any]
ANYTHING = {"timeout_seconds": None, "max_tokens": None, "max_cost_usd": None, "max_model_calls": None}


def refused(*faults: tuple[str, str, str]) -> tuple[int, Fields]:
    """The answer of the API to a crew with faults: pointer, code and detail of each."""
    errors = [{"pointer": at, "code": code, "detail": told, "remedy": "", "line": None} for at, code, told in faults]
    problem = {"type": "about:blank", "title": "Invalid request", "status": 400, "detail": "The crew has faults."}
    return 400, {**problem, "category": "validation", "retryable": False, "remedy": "", "errors": errors}


PLAN = {
    "valid": True,
    "name": "crew",
    "process": "sequential",
    "model": "openai/gpt-5.2",
    "models": ["openai/gpt-5.2"],
    "agents": ["writer"],
    "tasks": [{"name": "write", "agent": "writer", "context": None, "asynchronous": False, "conditional": False}],
    "tools": [],
    "placeholders": [],
    "unset_environment": [],
    "limits": ANYTHING,
    "estimate": None,
}
SIGNED_IN = """(() => localStorage.setItem("oidc.user:%s/auth:console", JSON.stringify({
  access_token: "recorded", token_type: "Bearer", expires_at: 4102444800, scope: "openid",
  profile: {sub: "ada", name: "Ada", email: "ada@example.org", iss: "%s/auth", aud: "console", exp: 4102444800, iat: 0},
})))()"""


class Recorded:
    """Answers for a group with the given executions. Tests may change the stories while the page looks at them, and
    call `tell` so that a page which waits for news gets its answer."""

    def __init__(self, *stories: Story, role: str = "member") -> None:
        self.stories = {story.id: story for story in stories}
        self.role = role
        self.sent: list[tuple[str, str, Any]] = []
        self.asked: list[str] = []
        self.check: Callable[[Fields], tuple[int, Any]] = lambda _: (200, PLAN)
        self.start: Callable[[Fields], tuple[int, Any]] | None = None
        """What a submission is answered that is no dry run; `check` answers it too where this is null."""
        self.rerun = ""
        self.answers = dict(settings.ANSWERS)

    def serve(self, context: BrowserContext) -> None:
        context.add_init_script(SIGNED_IN % (ORIGIN, ORIGIN))
        context.route(f"{ORIGIN}/**", self._answer)

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/api/"):
            self._api(route)
        elif path == "/config.json":
            route.fulfill(json={"issuer": f"{ORIGIN}/auth", "client_id": "console", "local": True, "identities": []})
        else:
            file = DIST / path.lstrip("/")
            found = file if file.is_file() else DIST / "index.html"
            route.fulfill(path=found, content_type=mimetypes.guess_type(found.name)[0] or "text/html")

    def _api(self, route: Route) -> None:
        request = route.request
        parts = urlsplit(request.url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix("/api/v1")
        self.asked.append(f"{request.method} {path}" + (f"?{parts.query}" if parts.query else ""))
        if request.method != "GET":
            self.sent.append((request.method, path, request.post_data_json if request.post_data else None))
        if given := self.answers.get(f"{request.method} {path}"):
            return route.fulfill(status=given[0], json=given[1])
        if found := re.fullmatch(r"/executions/([0-9a-f-]{36})(/.*)?", path):
            story = self.stories.get(found[1])
            if story is None:
                return route.fulfill(status=404, json={"detail": "There is no such execution."})
            return self._execution(route, story, found[2] or "", query)
        status, answer = self._group(request.method, path, query, request.post_data)
        return route.fulfill(status=status, json=answer)

    def _group(self, method: str, path: str, query: Fields, body: str | None) -> tuple[int, Any]:
        if path == "/me":
            me = {"subject": "ada", "email": "ada@example.org", "group_id": "demo", "groups": ["demo", "research"]}
            limits = {"defaults": ANYTHING, "ceilings": ANYTHING, "open_executions": 100}
            return 200, {**me, "role": self.role, "limits": limits, "operator": self.role == "admin"}
        if path == "/health":
            return 200, {"status": "ok", "version": "0", "default_model": "openai/gpt-5.2", "allowed_models": []}
        if path == "/executions" and method == "GET":
            return 200, self._list(query)
        if path == "/executions":
            answers = self.check if self.start is None or "dry_run" in query else self.start
            return answers(json.loads(body or "{}"))
        if path == "/approvals":
            asked = [one for story in self.stories.values() for one in story.approvals]
            return 200, {"approvals": [one for one in asked if one["decision"] is None], "next_cursor": None}
        if path == "/crews":
            return 200, {"crews": [], "next_cursor": None}
        if path == "/schema":
            return 200, crew_schema()
        if path == "/projects/read":
            return self._read(json.loads(body or "{}"))
        return 404, {"detail": f"Nothing is recorded for {method} {path}."}

    @staticmethod
    def _read(project: Fields) -> tuple[int, Fields]:
        try:
            return 200, crew_of(ProjectToRead.model_validate(project)).model_dump()
        except InvalidRequest as error:
            return 422, {"status": 422, "detail": error.message, "remedy": error.remedy, "errors": []}

    def _list(self, query: Fields) -> Fields:
        """Newest first, in pages; the cursor is the number of those before."""
        wanted = [
            story.record
            for story in sorted(self.stories.values(), key=lambda story: story.id, reverse=True)
            if query.get("status") in (None, story.record["status"])
            and query.get("crew") in (None, story.record["name"])
            and query.get("search", "").lower() in (story.record["name"] + story.id).lower()
        ]
        first = int(query.get("cursor", 0))
        size = int(query.get("limit", 50))
        more = first + size < len(wanted)
        return {"executions": wanted[first : first + size], "next_cursor": str(first + size) if more else None}

    def _execution(self, route: Route, story: Story, rest: str, query: Fields) -> None:
        headers = route.request.headers
        whole = f"/api/v1/executions/{story.id}{rest}"
        if rest == "" and route.request.method == "GET":
            record = story.record
            tag = f'"{len(story.events)}-{record["status"]}-{record["progress"]}-{len(story.approvals)}"'
            told = {"etag": tag}
            if headers.get("if-none-match") == tag:
                route.fulfill(status=304, headers=told)
                return
            route.fulfill(json=record, headers=told)
        elif rest == "/traces":
            route.fulfill(json=self._page(story, query))
        elif whole in story.bodies:
            route.fulfill(body=story.bodies[whole], content_type="application/json")
        elif rest == "/result":
            route.fulfill(json=story.result())
        elif rest == "/cost":
            route.fulfill(json=story.cost())
        elif rest == "/why":
            route.fulfill(json=story.why())
        elif rest == "/definition":
            route.fulfill(json=story.definition)
        elif rest == "/approvals":
            route.fulfill(json={"approvals": story.approvals, "next_cursor": None})
        elif rest == "/artifacts":
            route.fulfill(json={"artifacts": story.artifacts})
        elif rest == "/logs":
            route.fulfill(json={"lines": story.logs, "cursor": "end", "more": False})
        elif rest == "/rerun":
            route.fulfill(status=202, json={"execution_id": self.rerun, "status": "PENDING", "replayed": False})
        elif rest == "/feedback":
            sent: Fields = route.request.post_data_json or {}
            story.decide(sent["decision"], sent.get("comment"))
            route.fulfill(status=202, json=story.record)
        else:
            route.fulfill(status=404, json={"detail": f"Nothing is recorded for {rest}."})

    def _page(self, story: Story, query: Fields) -> Fields:
        first, size = int(query.get("after", 0)), int(query.get("limit", 200))
        events = story.events[first : first + size]
        last = first + len(events)
        if search := query.get("search", "").lower():
            events = [one for one in events if search in self._text(story, one).lower()]
        more = last < len(story.events)
        told = {"events": events, "cursor": str(last), "more": more, "gaps": [], "status": story.record["status"]}
        return {**told, "complete": story.record["traces"]["complete"] and not more}

    @staticmethod
    def _text(story: Story, event: Fields) -> str:
        reference = event["output_reference"]
        return json.dumps(event) + (story.bodies[reference["url"]] if reference else "")


def until(page: Page, holds: Callable[[], object], seconds: float = 20) -> None:
    """Playwright's own assertions wait for the page; this waits for what the page asked, and lets it be answered."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that in time"
        page.wait_for_timeout(20)


def until_asked(page: Page, recorded: Recorded, *parts: str) -> None:
    """Waits for a request with all these parts: what shows that a page opened may be there before its requests are."""
    until(page, lambda: any(all(part in one for part in parts) for one in recorded.asked))


def paths(asked: Sequence[str], ending: str) -> list[str]:
    return [one for one in asked if one.split("?")[0].endswith(ending)]
