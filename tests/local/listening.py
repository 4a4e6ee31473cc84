"""Which TCP sockets a process and everything it started listen on, as the kernel tells it."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import NamedTuple

LISTEN = "0A"


class Address(NamedTuple):
    host: str
    port: int


def descendants(pid: int) -> set[int]:
    """The processes that this one started, and those that they started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.add(child)
            waiting.append(child)
    return found


def listening(pid: int) -> set[Address]:
    """Where this process and its descendants listen."""
    inodes = {inode for process in {pid, *descendants(pid)} for inode in _sockets_of(process)}
    found: set[Address] = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and fields[9] in inodes:
                host, port = fields[1].split(":")
                found.add(Address(_host_of(host), int(port, 16)))
    return found


def _sockets_of(pid: int) -> set[str]:
    found: set[str] = set()
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = str(descriptor.readlink())
            except OSError:
                continue
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        pass
    return found


def _host_of(text: str) -> str:
    words = [struct.pack("<I", int(text[at : at + 8], 16)) for at in range(0, len(text), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, b"".join(words))
