"""Processes of functions that come from a fork server are as if they had been started from nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.until import until

from stepcrew_local import bootstrap, fork_server
from stepcrew_local.bootstrap import Forked, Launch, Started

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 60
CREWAI = """
import os, pathlib, tempfile
HOME = os.environ["HOME"]
tempfile.gettempdir()
pathlib.Path(HOME).mkdir()
with open(os.environ["IMPORTS"], "a") as file:
    file.write("once ")
fork = os.fork
def fork_unless_full():
    if pathlib.Path(os.environ["IMPORTS"]).with_name("full").exists():
        raise BlockingIOError("Too many processes.")
    return fork()
os.fork = fork_unless_full
"""
LOADING = (ROOT / "functions/runner/stepcrew_runner/isolation/loading.py").read_text()
FUNCTION = """
import crewai, json, os, pathlib, subprocess, sys, tempfile, threading, time
pathlib.Path(crewai.HOME).mkdir(exist_ok=True)
pathlib.Path(crewai.HOME, "settings").write_text(sys.argv[1])
thread = threading.Thread(target=print, args=("a thread runs",))
thread.start()
thread.join()
print(json.dumps({"arguments": sys.argv, "again": sys.orig_argv, "folder": os.getcwd(), "parent": os.getppid(),
                  "variables": dict(os.environ), "name": __name__, "temporary": tempfile.gettempdir()}), flush=True)
exec(os.environ["THEN"])
"""


class Harness:
    """A fork server whose CrewAI is a small module."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.imports = folder / "imports"
        (folder / "modules/stepcrew_runner/isolation").mkdir(parents=True)
        for name, text in {
            "crewai": CREWAI,
            "boto3": "",
            "stepcrew_runner/isolation/loading": LOADING,
        }.items():
            (folder / f"modules/{name}.py").write_text(text)
        self.function = folder / "function.py"
        self.function.write_text(FUNCTION)
        self.address = bootstrap.address_of(str(folder), sys.executable, str(folder / "modules"))
        variables = {"PYTHONPATH": str(folder / "modules"), "IMPORTS": str(self.imports), "OF_THE_SERVER": "1"}
        command = [sys.executable, "-P", fork_server.__file__, self.address, str(folder / "preload")]
        self.process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL)
        until(Path(self.address).is_socket)

    def fork(self, name: str, then: str = "") -> Forked:
        work = self.folder / name / "work"
        work.mkdir(parents=True)
        with self.log(name).open("wb") as output:
            return Forked(
                self.address,
                [sys.executable, "-P", str(self.function), name],
                str(work),
                {"THEN": then, "IMPORTS": str(self.imports), "TMPDIR": str(work)},
                output,
            )

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def told(self, name: str) -> dict[str, Any]:
        """What the process said of itself, as soon as it has."""
        until(lambda: self._lines(name))
        return json.loads(self._lines(name)[0])

    def _lines(self, name: str) -> list[str]:
        """Of JSON, as far as they are written to their ends."""
        lines = self.log(name).read_text().splitlines(keepends=True)
        return [line for line in lines if line.startswith("{") and line.endswith("\n")]


@pytest.fixture
def harness(tmp_path: Path) -> Generator[Harness]:
    made = Harness(tmp_path)
    yield made
    made.process.kill()
    made.process.wait()


def test_a_process_has_its_own_of_everything_but_the_imports(harness: Harness) -> None:
    assert [harness.fork(name).wait() for name in ("one", "two")] == [0, 0]

    told = harness.told("one")
    command = [str(harness.function), "one"]
    assert told["arguments"] == command
    assert told["again"] == [sys.executable, "-P", *command]
    assert told["folder"] == told["temporary"] == str(harness.folder / "one/work")
    assert set(told["variables"]) == {"THEN", "IMPORTS", "TMPDIR"}
    assert told["name"] == "__main__"
    assert "a thread runs" in harness.log("one").read_text()
    assert harness.imports.read_text() == "once "
    homes = [(harness.folder / name / "home/settings").read_text() for name in ("one", "two")]
    assert homes == ["one", "two"]


@pytest.mark.parametrize(
    ("then", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("raise RuntimeError('broken')", 1),
        ("os._exit(4)", 4),
        ("os.kill(os.getpid(), 11)", -signal.SIGSEGV),
    ],
)
def test_how_a_process_ended_is_told(harness: Harness, then: str, code: int) -> None:
    process = harness.fork("one", then)

    assert process.wait() == process.poll() == code
    assert process.most_memory_kb > 1000
    assert ("RuntimeError: broken" in harness.log("one").read_text()) == (code == 1)


def test_a_running_process_is_waited_for_and_killed_with_its_children(harness: Harness) -> None:
    process = harness.fork(
        "one",
        "child = subprocess.Popen(['sleep', '60']); pathlib.Path('new').write_text(str(child.pid));"
        "os.rename('new', 'child'); child.wait()",
    )
    child = harness.folder / "one/work/child"
    until(child.exists)

    assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    _until_gone(int(child.read_text()))


def test_a_process_ends_with_the_one_that_waits_for_it(harness: Harness) -> None:
    waiting = f"""
import sys, time
from pathlib import Path
from stepcrew_local.bootstrap import Forked
with Path({str(harness.log("one"))!r}).open("wb") as log:
    process = Forked({harness.address!r}, [sys.executable, "-P", {str(harness.function)!r}, "one"],
                     {str(harness.folder / "modules")!r}, {{"THEN": "time.sleep(60)"}}, log)
print(process.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", waiting], stdout=subprocess.PIPE, text=True) as waits:
        assert waits.stdout is not None
        pid = int(waits.stdout.readline())
        harness.told("one")
        waits.kill()

    _until_gone(pid)


def test_processes_end_with_the_server_and_the_next_is_started_from_nothing(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = harness.fork("one", "time.sleep(60)")
    harness.told("one")
    harness.process.kill()

    assert process.wait() == -signal.SIGKILL
    _until_gone(process.pid)
    monkeypatch.setattr(bootstrap, "RUNTIME_CLIENT", harness.function)
    monkeypatch.setenv("_HANDLER", "two")
    monkeypatch.setenv("THEN", "")
    monkeypatch.setenv("IMPORTS", str(harness.imports))
    monkeypatch.setenv("HOME", str(harness.folder))
    monkeypatch.setenv(bootstrap.FORK_SERVERS, str(harness.folder))
    launch: Launch = {
        "function": "F",
        "root": str(harness.folder),
        "python": sys.executable,
        "python_path": str(harness.folder / "modules"),
        "variables": ["THEN", "IMPORTS"],
    }
    with harness.log("two").open("wb") as log:
        started = bootstrap.start(launch, str(harness.folder / "home"), log)

    assert isinstance(started, Started)
    assert started.wait() == 0
    assert harness.told("two")["parent"] == os.getpid()
    assert harness.imports.read_text() == "once once "


def test_a_server_that_is_told_to_end_leaves_no_folder(harness: Harness) -> None:
    assert harness.fork("one").wait() == 0
    harness.process.terminate()

    assert harness.process.wait(SECONDS) == 0
    assert not harness.folder.exists()


def test_a_request_that_is_not_understood_is_refused_and_the_next_is_served(harness: Harness) -> None:
    still_open: list[int] = []
    for text in (b"", b"{}\n", b"not JSON\n"):
        with socket.socket(socket.AF_UNIX) as client, harness.log("refused").open("wb") as log:
            client.connect(harness.address)
            if text:  # a descriptor is passed with bytes only
                socket.send_fds(client, [text], [log.fileno()])
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b""
        still_open.append(len(list(Path(f"/proc/{harness.process.pid}/fd").iterdir())))

    assert len(set(still_open)) == 1
    assert harness.fork("one").wait() == 0


def test_where_no_process_can_be_forked_the_running_ones_stay_and_the_next_is_served(harness: Harness) -> None:
    running = harness.fork("one", "time.sleep(60)")
    full = harness.folder / "full"
    full.touch()
    with pytest.raises(ValueError, match="Expecting value"):  # then `start` starts one from nothing
        harness.fork("two")
    full.unlink()

    assert harness.fork("three").wait() == 0
    assert running.poll() is None
    os.killpg(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL


def test_long_variables_and_many_processes_at_once_are_taken(harness: Harness) -> None:
    long = f"# {'x' * 300_000}"
    with ThreadPoolExecutor(8) as pool:
        processes = [pool.submit(harness.fork, str(number), long) for number in range(8)]
        codes = [process.result().wait() for process in processes]

    assert codes == [0] * 8


def _until_gone(pid: int) -> None:
    until(lambda: not Path(f"/proc/{pid}").exists())
