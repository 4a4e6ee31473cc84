"""A real Chromium in front of the whole local stack with a scripted model.

Without Chromium or a built console the tests are skipped, saying why; with STEPCREW_REQUIRE_BROWSER=1 (as in CI) they
fail instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from scripted_model import ScriptedModel, scripted_model
from stepcrew_local.provider import external_model
from stepcrew_local.stack import StackOptions, running_stack
from tests.console.person import Person
from tests.console.recorded import ORIGIN, Recorded
from tests.console.story import Story
from tests.e2e.user import User

PATIENCE_MS = 20_000
"""For what a page shows and for what is done on it: a busy machine loads a part of the page late."""
expect.set_options(timeout=PATIENCE_MS)
BUILT = Path(__file__).parents[2] / "console/dist/index.html"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]


def missing(reason: str) -> None:
    """Skips the test, or fails it where a browser is required."""
    if os.environ.get("STEPCREW_REQUIRE_BROWSER") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = os.environ.get("STEPCREW_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        missing("There is no Chromium: apt-get install chromium, or name one in STEPCREW_CHROMIUM.")
    if not BUILT.is_file():
        missing("The console is not built: cd console && npm ci && npm run build.")
    return str(found)


@pytest.fixture(scope="session")
def scripted() -> Generator[ScriptedModel]:
    with scripted_model() as model:
        yield model


@pytest.fixture(scope="session")
def stack_url(chromium: str, scripted: ScriptedModel) -> Generator[str]:
    with running_stack(StackOptions(port=0, model=external_model(scripted.url), environment={})) as stack:
        stack.wait_until_healthy()
        yield stack.url


@pytest.fixture(scope="session")
def browser(chromium: str) -> Generator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, stack_url: str) -> Generator[BrowserContext]:
    context = browser.new_context(
        base_url=stack_url,
        viewport={"width": 1360, "height": 860},
        locale="en-GB",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, stack_url: str) -> Generator[Page]:
    """A page that asks nobody else for anything and breaks nowhere."""
    page = context.new_page()
    foreign: list[str] = []
    broken: list[str] = []
    home = urlsplit(stack_url).netloc

    def asked(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.netloc != home:
            foreign.append(request.url)

    page.on("request", asked)
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    assert not foreign, "requests to others"
    assert not broken, "errors on the page"


@pytest.fixture
def sign_in(page: Page) -> Callable[..., Person]:
    def as_whom(name: str = "ada", path: str = "/") -> Person:
        page.goto(path)
        person = Person(page)
        person.choose(name)
        return person

    return as_whom


Recordings = Callable[..., tuple[Page, Recorded]]


@pytest.fixture
def recording(browser: Browser) -> Generator[Recordings]:
    """Opens the console in front of recorded answers; no stack is needed. The page must break nowhere."""
    contexts: list[BrowserContext] = []
    broken: list[str] = []

    def opened(*stories: Story, path: str = "", role: str = "member", **options: Any) -> tuple[Page, Recorded]:
        size = {"width": 1360, "height": 860}
        given: dict[str, Any] = {"viewport": size, "locale": "en-GB", "reduced_motion": "reduce", **options}
        context = browser.new_context(base_url=ORIGIN, **given)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        recorded = Recorded(*stories, role=role)
        recorded.serve(context)
        page = context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(path if path.startswith("/") else f"/g/demo/executions/{stories[0].id}{path}")
        return page, recorded

    yield opened
    for context in contexts:
        context.close()
    assert not broken, "errors on the page"


@pytest.fixture
def ada_api(stack_url: str, scripted: ScriptedModel) -> Generator[User]:
    scripted.reset()
    with User(stack_url, "ada") as user:
        yield user
