"""Which process is at the other end of a connection on this machine. Linux only: it reads /proc."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def process_behind(port: int, server_port: int) -> int | None:
    """The process that is connected from this port to the server's, on the loopback interface; None when it has
    ended. Both are needed: the same port may be the start of several connections."""
    inode = _inode(port, server_port)
    return next((pid for pid in all_processes() if inode and _holds(pid, f"socket:[{inode}]")), None)


def kill(pid: int) -> bool:
    """As the kernel would for want of memory. Answers whether there was such a process."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _inode(port: int, server_port: int) -> str | None:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        ends = fields[1].endswith(f":{port:04X}") and fields[2].endswith(f":{server_port:04X}")
        if ends and fields[9] != "0":
            return fields[9]
    return None


def all_processes() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _holds(pid: int, wanted: str) -> bool:
    try:
        with os.scandir(f"/proc/{pid}/fd") as links:
            return any(target_of(link.path) == wanted for link in links)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def target_of(link: str) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115 - a socket is no path
    except OSError:
        return ""
