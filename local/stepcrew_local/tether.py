"""`python tether.py PARENT COMMAND…` becomes COMMAND, and ends (SIGTERM) when its parent does, however that dies.

Standard library only: it is run by path, in any interpreter. On systems without the mechanism it just becomes COMMAND.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(number: signal.Signals) -> None:
    """Asks the kernel to send this process a signal when the thread that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    die_with_parent(signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("The parent ended before its child started.")
    os.execv(command[0], command)  # noqa: S606 - a shell is what this avoids


if __name__ == "__main__":
    main()
