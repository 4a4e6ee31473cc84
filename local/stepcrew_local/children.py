"""Child processes that never outlive the stack, with their output in files."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx

from stepcrew_local.errors import StackError

TETHER = Path(__file__).with_name("tether.py")
KEPT_FROM_THE_USER = ("PATH", "LANG", "TZ", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
LAST_LINES = 15


class Child:
    """A running child process. Start it from a thread that lives as long as the stack: it ends with that thread."""

    def __init__(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        tethered = [sys.executable, "-I", str(TETHER), str(os.getpid()), *map(str, command)]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                tethered,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a terminal's Ctrl-C is for the supervisor, which ends the others in order
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code of the process; None while it runs."""
        return self._process.poll()

    def check(self) -> None:
        """Raises StackError, with the end of its log, when it has ended."""
        if self.exit_code is not None:
            raise StackError(
                f"The {self.name} ended with code {self.exit_code}.\n{self._last_lines()}", f"See {self.log}"
            )

    def stop(self, seconds: float) -> None:
        """Ends it: SIGTERM, then after so many seconds SIGKILL to its whole process group."""
        if self.exit_code is None:
            self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _last_lines(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join(f"  | {line}" for line in lines)


def kept_from_the_user() -> dict[str, str]:
    """What a child that runs code of AWS's or of crews gets of this process's variables."""
    return {name: os.environ[name] for name in KEPT_FROM_THE_USER if name in os.environ}


def answers(url: str, headers: Mapping[str, str]) -> bool:
    """Whether the address answers with success."""
    try:
        return httpx.get(url, headers=headers, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


def wait_until_ready(child: Child, is_ready: Callable[[], bool], seconds: float) -> None:
    """Calls `is_ready` until it answers true.

    Raises:
        StackError: the child ended, or is not ready after so many seconds.
    """
    deadline = time.monotonic() + seconds
    while not is_ready():
        child.check()
        if time.monotonic() > deadline:
            raise StackError(f"The {child.name} did not answer within {seconds:g} s.", f"See {child.log}")
        time.sleep(0.03)
