"""Body of every function's `bootstrap`: runs AWS's own runtime client on the function's live source folder.

Standard library only: it is run by path. The emulator starts it as a custom runtime; it gives the function what Lambda
would (its declared variables, its role's credentials, a temporary folder of its own) and nothing else, writes its log
lines to a file, and ends the whole process group when the emulator says so or is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import IO, TypedDict

LOGS = "STEPCREW_LOCAL_LOGS"
"""Variable with the folder of log files."""
TEMPORARY = "STEPCREW_LOCAL_TMP"
"""Variable with the folder of temporary folders."""
FORK_SERVERS = "STEPCREW_LOCAL_FORK_SERVERS"
"""Variable with the folder of the sockets of fork servers, see `address_of`."""
HANDED = "STEPCREW_LOCAL_FOR_"
"""Prefix of variables meant for one function: STEPCREW_LOCAL_FOR_<function>_<name>."""

RUNTIME_CLIENT = Path(__file__).with_name("runtime_client.py")
INHERITED = ("PATH", "LANG", "TZ", "_HANDLER", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
POLL_HANG_UP = select.POLLERR | select.POLLHUP


class Launch(TypedDict):
    """How one function starts. Paths are absolute."""

    function: str
    root: str
    python: str
    python_path: str
    variables: list[str]


def environment(launch: Launch, temporary: str) -> dict[str, str]:
    """The function's environment variables."""
    handed = f"{HANDED}{launch['function']}_"
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("AWS_", "_X_AMZN_")) or name in INHERITED or name in launch["variables"]
    }
    given = {name[len(handed) :]: value for name, value in os.environ.items() if name.startswith(handed)}
    fixed = {
        "LAMBDA_TASK_ROOT": launch["root"],
        "PYTHONPATH": launch["python_path"],
        "PYTHONUNBUFFERED": "1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "HOME": temporary,
        "TMPDIR": temporary,
    }
    return {**kept, **fixed, **given}


def address_of(folder: str, python: str, python_path: str) -> str:
    """Where a fork server listens that serves this interpreter with these folders."""
    return str(Path(folder) / hashlib.sha256(f"{python}\n{python_path}".encode()).hexdigest()[:16])


class Started(subprocess.Popen[bytes]):
    """A function's process that was started from nothing."""

    def __init__(self, command: list[str], folder: str, variables: dict[str, str], log: IO[bytes]) -> None:
        super().__init__(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_own_group,
        )

    @property
    def most_memory_kb(self) -> int:
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss

    def watch(self, poll: select.poll) -> None:
        """A signal tells of its end."""


class Forked:
    """A function's process that a fork server forks.

    Raises:
        OSError, ValueError: there is no such server, or it ends.
    """

    def __init__(
        self, address: str, command: list[str], folder: str, variables: dict[str, str], log: IO[bytes]
    ) -> None:
        request = json.dumps({"command": command, "folder": folder, "variables": variables}).encode() + b"\n"
        with contextlib.ExitStack() as unless_it_runs:
            self._connection = unless_it_runs.enter_context(socket.socket(socket.AF_UNIX))
            self._answers = unless_it_runs.enter_context(self._connection.makefile("rb"))
            self._connection.connect(address)
            if rest := request[socket.send_fds(self._connection, [request], [log.fileno()]) :]:
                self._connection.sendall(rest)
            self.pid: int = json.loads(self._answers.readline())["pid"]
            unless_it_runs.pop_all()
        self.most_memory_kb = 0
        self._code: int | None = None

    def watch(self, poll: select.poll) -> None:
        poll.register(self._connection, select.POLLIN)

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        if self._code is None and select.select([self._connection], [], [], 0)[0]:
            self.wait()
        return self._code

    def wait(self) -> int:
        if self._code is None:
            line = self._answers.readline()
            # Without a line the server has ended, and its processes with it.
            told: dict[str, int] = json.loads(line) if line else {"code": -signal.SIGKILL, "most_memory_kb": 0}
            self._code, self.most_memory_kb = told["code"], told["most_memory_kb"]
            self._answers.close()
            self._connection.close()
        return self._code


def start(launch: Launch, temporary: str, log: IO[bytes]) -> Started | Forked:
    """From the fork server that has its imports, if there is one."""
    command = [launch["python"], "-P", str(RUNTIME_CLIENT), os.environ["_HANDLER"]]
    process = command, launch["root"], environment(launch, temporary), log
    if FORK_SERVERS in os.environ:
        address = address_of(os.environ[FORK_SERVERS], launch["python"], launch["python_path"])
        with contextlib.suppress(OSError, ValueError):
            return Forked(address, *process)
    return Started(*process)


def _own_group() -> None:
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # dies with this process, even when that is killed


def _only_wake_up(_number: int, _frame: FrameType | None) -> None:
    """A handler must exist for the signal to reach the wake-up pipe."""


def how_it_ended(function: str, pid: int, code: int, most_memory_kb: int) -> str:
    """One log line, as Lambda's own about a runtime that exits: with the exit status or the signal, and the most memory
    that the process had. `code` is negative for a signal."""
    if code >= 0:
        reason = f"exit status {code}"
    else:
        known = {number.value: number.name for number in signal.Signals}
        reason = f"signal {-code} ({known.get(-code, 'unknown')})"
    return json.dumps(
        {
            "level": "ERROR",
            "message": f"The process of {function} ended by itself: {reason}",
            "pid": pid,
            "most_memory_mb": most_memory_kb // 1024,
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
    )


def main() -> int:
    launch: Launch = json.loads(sys.argv[1])
    temporary = tempfile.mkdtemp(prefix=f"{launch['function']}-", dir=os.environ.get(TEMPORARY))
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, _only_wake_up)
    log_file = Path(os.environ.get(LOGS, temporary)) / f"{launch['function']}.log"
    with log_file.open("ab", buffering=0) as log:
        process = start(launch, temporary, log)
    poll = select.poll()
    poll.register(wake_read, select.POLLIN)
    process.watch(poll)
    poll.register(sys.stdout.fileno(), 0)  # only hang-ups: the emulator reads the other end as long as it lives
    ordered = False
    while process.poll() is None:
        ready = dict(poll.poll())
        hung_up = ready.get(sys.stdout.fileno(), 0) & POLL_HANG_UP
        if hung_up or (wake_read in ready and any(number != signal.SIGCHLD for number in os.read(wake_read, 64))):
            ordered = True
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    shutil.rmtree(temporary, ignore_errors=True)
    code = process.wait()
    if not ordered:
        with log_file.open("a") as log:
            log.write(how_it_ended(launch["function"], process.pid, code, process.most_memory_kb) + "\n")
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
