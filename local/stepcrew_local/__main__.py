"""`python -m stepcrew_local up` runs the local stack until Ctrl-C or SIGTERM; `demo` runs an example crew on one."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import FrameType

from dotenv import dotenv_values

from stepcrew_local.demo import run_demo
from stepcrew_local.errors import StackError
from stepcrew_local.layout import ROOT
from stepcrew_local.stack import DEFAULT_PORT, Stack, StackOptions, running_stack
from stepcrew_local.watch import SourceWatch

PORT_VARIABLE = "STEPCREW_PORT"
DATA_VARIABLE = "STEPCREW_DATA_DIR"
SLICE_VARIABLE = "STEPCREW_SLICE_SECONDS"
CHECK_SECONDS = 0.5


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when it was told to stop, 1 when it could not start or a part of it ended."""
    environment = {**{k: v for k, v in dotenv_values(ROOT / ".env").items() if v is not None}, **os.environ}
    parser = argparse.ArgumentParser(prog="python -m stepcrew_local", description=__doc__)
    parser.add_argument("command", choices=["up", "demo"])
    parser.add_argument("--port", type=int, help=f"port of the web address, 0 for any ({PORT_VARIABLE})")
    parser.add_argument("--data", type=Path, help=f"folder whose state survives a restart ({DATA_VARIABLE})")
    parser.add_argument("--watch", action="store_true", help="deploy again when a source file changes")
    chosen = parser.parse_args(arguments)
    try:
        options = StackOptions(
            port=int(_number(environment, PORT_VARIABLE, DEFAULT_PORT, 65535)) if chosen.port is None else chosen.port,
            data=chosen.data or (Path(environment[DATA_VARIABLE]) if environment.get(DATA_VARIABLE) else None),
            environment=environment,
            parameters={"SliceSeconds": _number(environment, SLICE_VARIABLE, 0, 890)},
        )
        if chosen.command == "demo":
            signal.signal(signal.SIGTERM, _exit_on_signal)
            return run_demo(replace(options, port=0) if chosen.port is None else options)
    except StackError as error:
        return _report(error)
    except KeyboardInterrupt:
        return 130
    return run(options, SourceWatch(ROOT) if chosen.watch else None)


def _exit_on_signal(number: int, _frame: FrameType | None) -> None:
    """As an exception, so that everything the stack started is ended on the way out."""
    sys.exit(128 + number)


def run(options: StackOptions, watch: SourceWatch | None = None) -> int:
    """Runs the stack until a signal says stop; answers the exit code of `main`. Only from the main thread."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        with running_stack(options) as stack:
            stack.wait_until_healthy()
            _announce(stack, options)
            _supervise(stack, stop, watch)
            print("Stopping.", flush=True)
    except StackError as error:
        return _report(error)
    return 0


def _report(error: StackError) -> int:
    print(f"\n{error.reason}\n{error.remedy}".rstrip(), file=sys.stderr, flush=True)
    return 1


def _number(environment: dict[str, str], variable: str, default: int, most: int) -> str:
    text = environment.get(variable) or str(default)
    if not text.isdigit() or int(text) > most:
        raise StackError(f"{variable}={text} is not a number from 0 to {most}.", "Correct it or unset it.")
    return text


def _announce(stack: Stack, options: StackOptions) -> None:
    kept = f"kept in {stack.data}" if options.data else "gone when it stops (set STEPCREW_DATA_DIR to keep it)"
    print(
        f"\nStepcrew is ready on {stack.url}\n"
        f"  API    {stack.url}/api/v1  (described under /api/docs)\n"
        f"  Model  {stack.model.description}\n"
        f"  Data   {kept}\n"
        f"  Logs   {stack.data / 'logs'}\n"
        f"  Stop   Ctrl-C\n",
        flush=True,
    )


def _supervise(stack: Stack, stop: threading.Event, watch: SourceWatch | None) -> None:
    while not stop.wait(CHECK_SECONDS):
        stack.check()
        if watch and watch.has_changed():
            try:
                stack.deploy()
                print("A source file changed: deployed again.", flush=True)
            except StackError as error:
                print(f"A source file changed, but: {error}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
