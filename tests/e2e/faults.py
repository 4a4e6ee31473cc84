"""Kills functions of a running stack. Linux only: it reads /proc."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from stepcrew_local.stack import Stack


def processes(stack: Stack, function: str) -> list[int]:
    """Ids of the processes that run the function (its logical id in the template)."""
    bootstraps = {
        pid for pid in _children_of({stack.emulator.child.pid}) if f'"function": "{function}"' in _command(pid)
    }
    return sorted(_children_of(bootstraps))


def kill(stack: Stack, function: str) -> int:
    """Kills every process of the function as the kernel would for want of memory; answers how many there were."""
    killed = processes(stack, function)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    return len(killed)


def _children_of(parents: set[int]) -> set[int]:
    return {pid for pid in _all() if _parent(pid) in parents}


def _all() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""
