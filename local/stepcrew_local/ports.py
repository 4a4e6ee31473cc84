"""TCP ports on the loopback interface."""

from __future__ import annotations

import errno
import socket

from stepcrew_local.errors import StackError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    try:
        listen(port).close()
    except StackError:
        return False
    return True


def listen(port: int) -> socket.socket:
    """A listening socket on the port (0: any).

    Raises:
        StackError: another process has the port, or we may not use it.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StackError(
                f"Port {port} on {LOOPBACK} is in use.",
                "Stop what uses it (another stack?), or choose another port with STEPCREW_PORT or --port.",
            ) from error
        raise StackError(f"Port {port} on {LOOPBACK} cannot be used: {error.strerror}.") from error
    return listener
