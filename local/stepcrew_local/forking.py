"""Starts the fork server of the functions that run crews, see fork_server.py."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

from stepcrew_local.bootstrap import address_of
from stepcrew_local.children import Child, kept_from_the_user
from stepcrew_local.template import runner_source

PROGRAM = Path(__file__).with_name("fork_server.py")


class ForkServer(NamedTuple):
    """A running server, and the folder of its socket."""

    child: Child
    folder: Path


@contextlib.contextmanager
def fork_server(logs: Path) -> Generator[ForkServer | None]:
    """Runs one while the block runs; None where the system cannot end processes with the one that forked them."""
    if sys.platform != "linux":
        yield None
        return
    # Not below the stack's data: the address of a socket may have 107 bytes.
    folder, runner = Path(tempfile.mkdtemp(prefix="stepcrew-fork-")), runner_source()
    variables = {"PYTHONPATH": runner.search_path, "PYTHONUNBUFFERED": "1", "TMPDIR": str(folder)}
    address = address_of(str(folder), str(runner.python), runner.search_path)
    command = [runner.python, "-P", PROGRAM, address, folder / "preload"]
    child = Child("fork server", command, kept_from_the_user() | variables, logs / "fork_server.log")
    try:
        yield ForkServer(child, folder)
    finally:
        child.stop(0)
        shutil.rmtree(folder, ignore_errors=True)
