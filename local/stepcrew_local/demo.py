"""The main job, shown: starts the stack, runs an example with the command line as a user would, ends everything."""

from __future__ import annotations

import os
import subprocess
import sys

from stepcrew_local.layout import ROOT
from stepcrew_local.stack import StackOptions, running_stack

EXAMPLE = ROOT / "examples" / "research-write-edit"


def run_demo(options: StackOptions) -> int:
    """Exit code of the command line: 0 when the crew completed.

    Raises:
        StackError: the stack cannot start.
    """
    print("Starting the local stack: AWS emulator, API, state machine, runner, model.", flush=True)
    with running_stack(options) as stack:
        stack.wait_until_healthy()
        print(f"Ready on {stack.url}. Model: {stack.model.description}\n", flush=True)
        command = ["run", str(EXAMPLE.relative_to(ROOT)), "--watch"]
        print(f"$ ./stepcrew {' '.join(command)}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "stepcrew_cli", *command],
            cwd=ROOT,
            env={**os.environ, "STEPCREW_URL": stack.url},
            check=False,
        )
        stack.check()
    if done.returncode == 0:
        print(
            "\nThe same stack, to stay:       make up"
            "\nThen run your own crew:        ./stepcrew run path/to/your/crew --watch"
            "\nWith a real model:             OPENAI_API_KEY=… make up",
            flush=True,
        )
    return done.returncode
