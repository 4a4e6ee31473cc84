"""Kills functions of a running stack. Linux only: it reads /proc."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from stepcrew_local.bootstrap import LOGS
from stepcrew_local.stack import Stack
from tests.faults.processes import all_processes, target_of


def processes(stack: Stack, function: str) -> list[int]:
    """Ids of the processes that run the function (its logical id in the template): their output is its log. Those that
    the emulator started, and that wait for them, write elsewhere."""
    log = str(stack.data / "logs" / f"{function}.log")
    return sorted(pid for pid in all_processes() if target_of(f"/proc/{pid}/fd/1") == log)


def kill(stack: Stack, function: str) -> int:
    """Kills every process of the function as the kernel would for want of memory; answers how many there were."""
    killed = processes(stack, function)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    return len(killed)


def variables(stack: Stack, function: str) -> dict[str, str]:
    """What the emulator started a process of the function with, its role's keys among it."""
    return next(
        found
        for pid in all_processes()
        if f'"function": "{function}"' in _read(pid, "cmdline")
        if (found := dict(line.split("=", 1) for line in _read(pid, "environ").split("\0") if "=" in line))
        if found.get(LOGS) == str(stack.data / "logs")
    )


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
