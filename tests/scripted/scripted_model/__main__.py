"""`python -m scripted_model --port N`: the scripted model as a process of its own, until it is ended."""

from __future__ import annotations

import argparse
import signal
import threading

from scripted_model.server import scripted_model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    with scripted_model(parser.parse_args().port) as model:
        print(f"ready {model.url}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
