"""Takes pictures of every view of the console, light and dark, wide and narrow, with a scripted crew behind them.

.venvs/dev/bin/python -m scripts.screenshots [FOLDER]        # build/screenshots unless told otherwise
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from tests.e2e.user import User, agent

from scripted_model import scripted_model
from stepcrew_local.provider import external_model
from stepcrew_local.stack import StackOptions, running_stack

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
ANSWER = """# Tides

The **moon** pulls the sea. See the [overview](https://example.org).

| Sea    | Range |
|--------|-------|
| Fundy  | 16 m  |
| Baltic | 0.2 m |

```python
def range_of(sea: str) -> float:
    return RANGES[sea]
```
"""
CREW = {
    "name": "tide-report",
    "inputs": {"topic": "tides"},
    "agents": {
        "researcher": agent("Researcher", tools=["CalculatorTool"]),
        "writer": agent("Writer"),
        "editor": agent("Editor"),
    },
    "tasks": [
        {
            "name": name,
            "agent": who,
            "description": f"About {{topic}}: {script}",
            "expected_output": "Markdown.",
            "async_execution": parallel,
        }
        for name, who, script, parallel in (
            ("research", "researcher", '[[tool calculator {"expression": "16 / 0.2"}]] [[say Eighty times.]]', False),
            ("outline", "writer", "[[slow 1]] [[say Moon, sun, coast.]]", True),
            ("figures", "researcher", "[[slow 1.5]] [[say 16 m and 0.2 m.]]", True),
            ("write", "writer", f"[[slow 0.5]] [[say {ANSWER}]]", False),
        )
    ],
}
BROKEN = {
    "name": "tide-report",
    "agents": {"writer": agent("Writer")},
    "tasks": [{"name": "write", "agent": "writer", "description": "[[fail 400]]", "expected_output": "Text."}],
}
ASKING = {
    "name": "press-release",
    "agents": {"writer": agent("Writer", tools=["CalculatorTool"])},
    "tasks": [
        {
            "name": "draft",
            "agent": "writer",
            "description": f"[[slow 0.5]] [[say {ANSWER}]]",
            "expected_output": "Markdown.",
            "human_input": True,
        }
    ],
}
GATED = {
    **ASKING,
    "name": "tide-tables",
    "approval": {"tools": ["CalculatorTool"], "timeout_seconds": 3000, "on_timeout": "approve"},
    "tasks": [
        {
            "name": "figures",
            "agent": "writer",
            "description": '[[tool calculator {"expression": "16 / 0.2"}]] [[say Eighty.]]',
            "expected_output": "A number.",
        }
    ],
}
SLOW = {
    "name": "long-report",
    "agents": {"writer": agent("Writer")},
    "tasks": [{"name": "write", "agent": "writer", "description": "[[slow 60]]", "expected_output": "Text."}],
}


def take(page: Page, folder: Path, name: str, theme: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=folder / f"{name}-{theme}.png")
    print(f"{name}-{theme}.png")


def pictures(browser: Browser, url: str, folder: Path, ids: dict[str, str], theme: str, narrow: bool) -> None:
    """Every view in one theme and width."""
    size = {"width": 390, "height": 844} if narrow else {"width": 1360, "height": 860}
    context = browser.new_context(base_url=url, viewport=size, color_scheme=theme, locale="en-GB")  # pyright: ignore[reportArgumentType]
    page = context.new_page()
    prefix = "narrow-" if narrow else ""
    page.goto("/")
    page.get_by_role("button", name=re.compile("^ada", re.IGNORECASE)).first.wait_for()
    take(page, folder, f"{prefix}sign-in", theme)
    page.get_by_role("button", name=re.compile("^ada", re.IGNORECASE)).first.click()
    page.get_by_role("navigation", name="Main").wait_for()
    done, open_, failed, judged, cancelled = (
        f"/executions/{ids[name]}" for name in ("done", "open", "failed", "judged", "cancelled")
    )
    views = {
        "executions": "/executions",
        "timeline": done,
        "event": f"{done}?event=1.4",
        "running": open_,
        "failed": failed,
        "result": f"{done}/result",
        "tasks": f"{done}/tasks",
        "logs": f"{done}/logs",
        "definition": f"{done}/definition",
        "new": "/new",
        "approvals": "/approvals",
        "waiting": f"/executions/{ids['waiting']}/approvals",
        "judged": judged,
        "judged-tasks": f"{judged}/tasks",
        "cancelled": cancelled,
        "compare": f"/compare?a={ids['done']}&b={ids['again']}",
    }
    for name, path in views.items():
        page.goto(path)
        page.locator("main").first.wait_for()
        take(page, folder, f"{prefix}{name}", theme)
    context.close()


def asked(ada: User) -> dict[str, str]:
    """Executions that wait for people, one that was judged and one that was cancelled meanwhile."""
    ids = {name: ada.submit(ASKING) for name in ("waiting", "judged", "cancelled")} | {"gated": ada.submit(GATED)}
    for execution_id in ids.values():
        ada.until(execution_id, lambda record: record["status"] == "WAITING")
    feedback = f"/executions/{ids['judged']}/feedback"
    ada.post(feedback, json={"decision": "revise", "comment": "Shorter, please. [[say The moon pulls the sea.]]"})
    ada.until(ids["judged"], lambda record: bool(record["waiting"]) and record["waiting"]["number"] == 2)
    ada.post(feedback, json={"decision": "approve", "comment": "Good."})
    ada.ended(ids["judged"])
    ada.post(f"/executions/{ids['cancelled']}/cancel")
    return ids


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (
        scripted_model() as model,
        running_stack(StackOptions(port=0, model=external_model(model.url), environment={})) as stack,
        sync_playwright() as playwright,
    ):
        stack.wait_until_healthy()
        with User(stack.url, "ada") as ada:
            ids = {
                name: ada.run(crew)["execution_id"]
                for name, crew in (("failed", BROKEN), ("done", CREW), ("again", CREW))
            }
            ids |= asked(ada)
            ids["open"] = ada.submit(SLOW)
            ada.until(ids["open"], lambda record: record["status"] == "RUNNING")
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            for theme in ("light", "dark"):
                pictures(browser, stack.url, folder, ids, theme, narrow=False)
            pictures(browser, stack.url, folder, ids, "light", narrow=True)
            ada.post(f"/executions/{ids['open']}/cancel")
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots"))
