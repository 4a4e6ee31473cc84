"""What must be set before CrewAI is imported, and what no crew may change. CrewAI writes below HOME and sends
telemetry unless it is told otherwise.

This module imports nothing of CrewAI.
"""

from __future__ import annotations

import faulthandler
import os
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from stepcrew.domain.secrets import is_reserved
from stepcrew_runner.isolation import loading
from stepcrew_runner.isolation.addresses import is_trusted

FOLDER = Path(tempfile.gettempdir()) / f"stepcrew-runner-{os.getpid()}"
WORK = FOLDER / "work"
TURN_SECONDS = 0.1


def prepare() -> None:
    """Once per process, before the first import of CrewAI; `loading.end` follows."""
    faulthandler.enable()  # a crash in native code leaves the stack of every thread in the log
    FOLDER.mkdir(parents=True, exist_ok=True)
    loading.begin(FOLDER)
    wipe()
    sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - for the life of the process: nothing may ever ask a terminal
    warnings.filterwarnings("ignore", module=r"crewai|pydantic|chromadb")


def variables() -> dict[str, str]:
    """A copy of the environment as it is now."""
    return dict(os.environ)


class SettingOfThePlatform(PermissionError):
    """A crew tried to change what the platform or a library reads from the environment."""


def _check(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("os.putenv", "os.unsetenv") and _turn.locked() and not is_trusted():
        name = os.fsdecode(arguments[0])
        if is_reserved(name.upper()):
            raise SettingOfThePlatform(f"A crew may not change the environment variable {name}.")


@cache
def install_guard() -> None:
    """Once per process; an audit hook cannot be removed."""
    sys.addaudithook(_check)


def take_proxies() -> dict[str, str]:
    """The proxies of the environment by scheme (`http`, `https`, `all`, `no`), which are no longer there afterwards:
    through a proxy a crew's tools and servers would be reached without a look at their addresses."""
    taken: dict[str, str] = {}
    for name in list(os.environ):
        scheme = name.lower().removesuffix("_proxy")
        if name.lower().endswith("_proxy") and scheme in ("http", "https", "all", "no"):
            taken[scheme] = os.environ.pop(name)
    return taken


_turn = threading.Lock()


@contextmanager
def workspace(stopped: Callable[[], BaseException | None] = lambda: None) -> Generator[None]:
    """While a crew runs, alone: its folder, its standard output and CrewAI's own listeners are those of the process.
    Another one waits for its turn; what `stopped` answers meanwhile is raised. Nothing of the one before is there when
    it starts, nothing is left when it ends."""
    while not _turn.acquire(timeout=TURN_SECONDS):
        if reason := stopped():
            raise reason
    try:
        wipe()
        yield
    finally:
        try:
            wipe()
        finally:
            _turn.release()


@contextmanager
def extra_variables(values: Mapping[str, str]) -> Generator[None]:
    """Environment variables while a project's code runs; afterwards everything is as it was before."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


def wipe() -> None:
    """Removes what was written and makes the working folder a fresh one."""
    os.chdir(tempfile.gettempdir())
    for name in ("work", "storage"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
    os.chdir(WORK)
