"""Starts the fork server of the functions that run crews, see fork_server.py."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

from stepcrew_local.bootstrap import address_of
from stepcrew_local.children import Child
from stepcrew_local.layout import ROOT, python_of

PROGRAM = Path(__file__).with_name("fork_server.py")
RUNNER_PATH = ":".join(str(ROOT / folder) for folder in ("functions/runner", "layers/core"))
KEPT_FROM_THE_USER = ("PATH", "LANG", "TZ", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


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
    folder, python = Path(tempfile.mkdtemp(prefix="stepcrew-fork-")), str(python_of("runner"))
    variables = {name: os.environ[name] for name in KEPT_FROM_THE_USER if name in os.environ}
    variables |= {"PYTHONPATH": RUNNER_PATH, "PYTHONUNBUFFERED": "1", "TMPDIR": str(folder)}
    address = address_of(str(folder), python, RUNNER_PATH)
    command = [python, "-P", str(PROGRAM), address, str(folder / "preload")]
    child = Child("fork server", command, variables, logs / "fork_server.log")
    try:
        yield ForkServer(child, folder)
    finally:
        child.stop(0)
        shutil.rmtree(folder, ignore_errors=True)
