"""Takes pictures of every view of the console from recorded answers of the API: light, dark, a phone, a phone on its
side, Arabic, long names, 5,000 events, a failed run. No stack runs.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright
from tests.console import settings, stories
from tests.console.recorded import ORIGIN, Recorded
from tests.console.story import LOOKED_AT

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
WIDE = {"width": 1360, "height": 860}
LOW = {"width": 1280, "height": 600}
PHONE = {"width": 390, "height": 844}
SIDEWAYS = {"width": 844, "height": 390}


class View(NamedTuple):
    name: str
    path: str
    size: dict[str, int] = WIDE
    theme: str = "light"


def run(number: int, rest: str = "") -> str:
    return f"/g/demo/executions/01a20d17-6f5b-7000-8000-{number:012d}{rest}"


def views() -> Iterator[View]:
    ordinary = {
        "executions": "/g/demo/executions",
        "timeline": run(1),
        "event": run(1, "?event=1.5"),
        "task": run(1, "?event=t%3AResearcher%7Cresearch"),
        "failed": run(2),
        "prompt": run(3, "?event=1.8"),
        "long-run": run(4),
        "many": run(5),
        "running": run(6),
        "waiting": run(7),
        "result": run(1, "/result"),
        "tasks": run(1, "/tasks"),
        "definition": run(1, "/definition"),
        "approvals": "/g/demo/approvals",
        "compare": f"/g/demo/compare?a={run(1)[-36:]}&b={run(10)[-36:]}",
        "new": "/g/demo/new",
        "secrets": "/g/demo/secrets",
        "crew": "/g/demo/crews/tide-report",
        "tools": "/g/demo/tools",
        "usage": "/g/demo/usage",
        "files": "/g/demo/files",
        "cost": run(1, "/cost"),
        "triggers": "/g/demo/triggers",
        "webhooks": "/g/demo/webhooks",
        "memory": "/g/demo/memory",
        "batches": "/g/demo/batches",
        "batch": f"/g/demo/batches/{settings.BATCH_ID}",
        "why": run(2, "/why"),
        "logs": run(1, "/logs"),
        "audit": "/g/demo/audit",
        "erasures": "/g/demo/erasures",
        "operator": "/g/demo/operator",
    }
    for theme in ("light", "dark"):
        for name, path in ordinary.items():
            yield View(f"{name}-{theme}", path, WIDE, theme)
    for name, path in ordinary.items():
        yield View(f"phone-{name}", path, PHONE)
    for name in ("executions", "timeline", "event", "failed", "approvals", "new"):
        yield View(f"sideways-{name}", ordinary[name], SIDEWAYS)
    for name in ("timeline", "failed"):
        yield View(f"low-{name}", ordinary[name], LOW)
    for name, number in (("arabic", 8), ("long-names", 9)):
        for rest in ("", "/result", "/tasks"):
            yield View(f"{name}{rest.replace('/', '-')}", run(number, rest))
        yield View(f"phone-{name}", run(number), PHONE)
    yield View("arabic-question", run(11, "/approvals"))
    yield View("phone-arabic-question", run(11, "/approvals"), PHONE)


README = View("timeline", run(1, "?event=1.7"))


def take(browser: Browser, view: View, recorded: Recorded, folder: Path) -> None:
    phone = view.size in (PHONE, SIDEWAYS)
    options: dict[str, Any] = {
        "color_scheme": view.theme,
        "viewport": view.size,
        "has_touch": phone,
        "is_mobile": phone,
    }
    context = browser.new_context(base_url=ORIGIN, locale="en-GB", reduced_motion="reduce", **options)
    context.clock.set_fixed_time(LOOKED_AT)
    recorded.serve(context)
    page: Page = context.new_page()
    page.goto(view.path)
    page.locator("main").first.wait_for()
    page.wait_for_timeout(900)  # what follows a run keeps a request open, so the network is never idle
    page.screenshot(path=folder / f"{view.name}.png")
    print(f"{view.name}.png")
    context.close()


def main(folder: Path, chosen: list[View]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shown = stories.everything()
    for approval in (each for story in shown for each in story.approvals):
        approval["expires_at"] = (LOOKED_AT + timedelta(days=2, hours=3)).isoformat()
    recorded = Recorded(*shown, role="admin")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for view in chosen:
            take(browser, view, recorded, folder)
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", default="build/screenshots", help='or "readme": the one of the documents')
    parser.add_argument("names", nargs="*", help="only views with one of these in their name")
    asked = parser.parse_args()
    if asked.folder == "readme":
        main(Path("docs/images"), [README])
    else:
        wanted = [each for each in views() if not asked.names or any(part in each.name for part in asked.names)]
        main(Path(asked.folder), wanted)
