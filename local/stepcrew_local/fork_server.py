"""`python -P fork_server.py SOCKET FOLDER` imports CrewAI once, and then forks a process for each function that asks.

CrewAI takes seconds to import, in each process anew: here a function's process has it from its beginning. It is what
a sandbox of Lambda is after SnapStart: memory as after the import, everything else its own. What is ours is imported in
the new process, as it is in the checkout by then.

Whoever connects sends one line of JSON, `{"command", "folder", "variables"}`, with the descriptor for the output, and
reads `{"pid"}`, and at the end `{"code", "most_memory_kb"}`. Closing the connection kills the process. Linux only.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import sys
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple, NoReturn

PR_SET_PDEATHSIG = 1
MOST_BYTES = 1 << 20
REQUEST_SECONDS = 10
"""Whoever connects sends everything at once."""


class Request(NamedTuple):
    """What a function's process runs: a Python script with its arguments, where, and with which variables."""

    command: list[str]
    folder: str
    variables: dict[str, str]


class ForkServer:
    """Forks processes until it is killed; they end with it."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._clients: dict[int, socket.socket] = {}
        self._woken, wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def next_process(self) -> Request:
        """Returns in each process that is forked, and never in this one."""
        while True:
            poll = select.poll()
            poll.register(self._woken, select.POLLIN)
            poll.register(self._listener, select.POLLIN)
            for client in self._clients.values():
                poll.register(client, select.POLLIN)
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, MOST_BYTES)
            self._reap()
            for pid, client in list(self._clients.items()):
                if client.fileno() in ready:  # nothing more is sent: it was closed
                    self._clients.pop(pid).close()
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(pid, signal.SIGKILL)
            if self._listener.fileno() in ready and (request := self._forked()):
                return request

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.wait4(-1, os.WNOHANG))[0]:
                pid, status, usage = ended
                if client := self._clients.pop(pid, None):
                    _tell(client, code=os.waitstatus_to_exitcode(status), most_memory_kb=usage.ru_maxrss)
                    client.close()

    def _forked(self) -> Request | None:
        client, _ = self._listener.accept()
        outputs: list[int] = []
        client.settimeout(REQUEST_SECONDS)
        try:
            text, outputs, _, _ = socket.recv_fds(client, MOST_BYTES, 1)
            while text and not text.endswith(b"\n") and (more := client.recv(MOST_BYTES)):
                text += more
            request, output = Request(**json.loads(text)), outputs[0]
            server, pid = os.getpid(), os.fork()
        except (OSError, ValueError, TypeError, IndexError) as error:  # OSError: also where no process can be forked
            print(f"No process was forked: {error!r}", file=sys.stderr, flush=True)
            for output in outputs:
                os.close(output)
            client.close()
            return None
        if not pid:
            self._leave(client, output, server)
            return request
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)  # here too: whoever is told of it may kill its group at once
        os.close(output)
        self._clients[pid] = client
        _tell(client, pid=pid)
        return None

    def _leave(self, client: socket.socket, output: int, server: int) -> None:
        """In the new process: nothing of the server's stays open, and it ends when the server does."""
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != server:
            sys.exit("The fork server has ended.")
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.close(signal.set_wakeup_fd(-1))
        os.close(self._woken)
        for open_socket in (self._listener, client, *self._clients.values()):
            open_socket.close()
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)


def _tell(client: socket.socket, **what: int) -> None:
    with contextlib.suppress(OSError):  # it is gone, which the next look at it shows
        client.sendall(json.dumps(what).encode() + b"\n")


def preload(folder: Path) -> None:
    """Imports CrewAI with a home and a storage in that folder, which leads to those of each process afterwards: a
    process works in FOLDER/work and has both beside it."""
    folder.mkdir()
    loading = importlib.import_module("stepcrew_runner.isolation.loading")
    loading.begin(folder)
    for library in ("crewai", "boto3"):
        importlib.import_module(library)
    loading.end()
    for name in [name for name in sys.modules if name.startswith("stepcrew")]:
        del sys.modules[name]
    shutil.rmtree(folder)
    folder.symlink_to("/proc/self/cwd/..")


def become(request: Request) -> None:
    """Runs what was asked for as if this process had been started with it."""
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.variables)
    tempfile.tempdir = None  # the import has asked for it, and Python keeps its answer
    sys.orig_argv = request.command  # what this process would be replaced by
    sys.argv = request.command[request.command.index("-P") + 1 :]
    runpy.run_path(sys.argv[0], run_name="__main__")


def remove_and_end(folder: Path) -> NoReturn:
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def main() -> None:
    address, folder = sys.argv[1], Path(sys.argv[2])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{address}.new")
        listener.listen()
        Path(f"{address}.new").rename(address)  # who connects before the import has ended waits for its end
        # Of the supervisor, or of the kernel when that has died.
        signal.signal(signal.SIGTERM, lambda _number, _frame: remove_and_end(folder.parent))
        preload(folder)
        # Libraries have threads of their own by now, which hold no lock: they wait for work.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        request = ForkServer(listener).next_process()
    become(request)


if __name__ == "__main__":
    main()
