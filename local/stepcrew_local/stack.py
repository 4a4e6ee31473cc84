"""The whole local stack: emulator, deployed template, gateway with issuer and console, and the model.

with running_stack(StackOptions(port=0)) as stack:
    httpx.get(f"{stack.url}/api/v1/executions", headers={"authorization": f"Bearer {stack.token('ada')}"})
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from stepcrew_local.children import Child
from stepcrew_local.deploy import deploy, physical_id, routes_of
from stepcrew_local.emulator import REGION, STOP_SECONDS, Credentials, Emulator, start_emulator
from stepcrew_local.errors import StackError
from stepcrew_local.forking import fork_server
from stepcrew_local.gateway import ApiProxy, ApiTarget, make_gateway
from stepcrew_local.identity import AUDIENCE, IDENTITIES, TokenIssuer, load_or_make_key
from stepcrew_local.layout import CONSOLE, TEMPLATE
from stepcrew_local.lent_keys import lend
from stepcrew_local.model_servers import start_models
from stepcrew_local.ports import LOOPBACK, free_port, is_free, listen
from stepcrew_local.projects import KINDS, LocalProjects
from stepcrew_local.provider import ModelChoice
from stepcrew_local.restarted import tell_of_restart
from stepcrew_local.serving import served
from stepcrew_local.template import FunctionSource, parameters_in

DEFAULT_PORT = 8400
DEVELOPMENT_ORIGINS = ("http://localhost:5173", "http://127.0.0.1:5173")
"""The console's development server, which passes /api and /auth on to us."""
MAIL_FROM = "stepcrew@example.com"
STACK_FILE = "stack.json"
RUNNER = "RunnerFunction"
KNOWLEDGE = "KnowledgeFunction"
API = "ApiFunction"
SENDER = "WebhookSenderFunction"
HOST_RUNTIME = {"RUNNER_PYTHON": f"{sys.version_info.major}.{sys.version_info.minor}", "RUNNER_PLATFORM": "host"}
"""What bundles of projects are built for here: every environment of a checkout is made with one Python."""
WARMED = (RUNNER, "TraceSinkFunction")
"""Functions whose first process is started ahead; the API's is by the first look at its health."""


@dataclass(frozen=True)
class StackOptions:
    """How to run the stack.

    Attributes:
        port: of the one web address; 0 takes any free one.
        data: folder whose state survives; None uses a temporary folder, removed at the end.
        model: None takes the operator's provider keys, or the embedded model when there are none.
        environment: where provider keys are looked for; None is this process's.
        for_functions: extra environment variables by the function's logical id in the template.
        sources: functions, by logical id, whose code is elsewhere than the template says.
        parameters: more parameters of the template.
        wait_scale: factor on the waits of state machines.
    """

    port: int = DEFAULT_PORT
    data: Path | None = None
    model: ModelChoice | None = None
    environment: Mapping[str, str] | None = None
    for_functions: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    sources: Mapping[str, FunctionSource] = field(default_factory=dict[str, FunctionSource])
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    template: Path = TEMPLATE
    wait_scale: float = 1

    @property
    def variables(self) -> Mapping[str, str]:
        return os.environ if self.environment is None else self.environment


class Stack:
    """A running stack."""

    def __init__(
        self, url: str, data: Path, issuer: TokenIssuer, emulator: Emulator, model: ModelChoice, options: StackOptions
    ) -> None:
        self.url = url
        self.data = data
        self.emulator = emulator
        self.model = model
        self.outputs: dict[str, str] = {}
        self.children: list[Child] = []
        self._issuer = issuer
        self._options = options

    def token(self, identity: str = "ada", **claims: Any) -> str:
        """An access token; `claims` replace the identity's own, `seconds` its lifetime."""
        return self._issuer.token(IDENTITIES[identity], **claims)

    def client(self, service: str, **options: object) -> Any:
        """A boto3 client with every permission."""
        return self.emulator.client(service, **options)

    def deploy(self) -> None:
        """Deploys the template and the sources as they are now; processes of changed functions are started again."""
        parameters = {
            "JwtIssuer": self._issuer.url,
            "JwtAudience": AUDIENCE,
            "DefaultModel": self.model.default_model,
            "AllowedModels": self.model.allowed_models,
            "DefaultEmbedder": self.model.default_embedder,
            "ProtectData": "false",
            "OperatorGroup": "demo",
            "DeployConsole": "false",  # the gateway serves it, see site.py
            "DeployVectorBucket": "true",
            **parameters_in(self._options.variables),
            "MailFrom": MAIL_FROM,
            **self._options.parameters,
        }
        self.outputs = deploy(self.emulator, self._options.template, parameters, self._options.sources)

    def warm_up(self) -> None:
        """Begins to start the first process of the functions an execution needs."""
        names = {"function": [physical_id(self.emulator, function) for function in WARMED]}
        warm, headers = f"{self.emulator.url}/_stepcrew/warm", self.emulator.own_headers
        httpx.post(warm, params=names, headers=headers, trust_env=False).raise_for_status()

    @property
    def api_target(self) -> ApiTarget:
        """The deployed HTTP API."""
        api = self.outputs["HttpApiId"]
        return ApiTarget(
            f"{self.emulator.url}/_aws/execute-api/{api}/$default",
            routes_of(self.emulator, api),
            f"{self.emulator.url}/{self.outputs['BucketName']}/groups/",
            f"{self.emulator.url}/{self.outputs['BucketName']}/kept/",
            self.emulator.own_headers,
        )

    def check(self) -> None:
        """Raises StackError when a part has ended by itself."""
        for child in self.children:
            child.check()

    def wait_until_healthy(self, seconds: float = 30) -> None:
        """Waits until the API answers through the gateway, which also starts its process.

        Raises:
            StackError: it does not; the reason holds its answer.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                answer = httpx.get(f"{self.url}/api/v1/health", timeout=seconds, trust_env=False)
                if answer.is_success:
                    return
                reason = f"status {answer.status_code}: {answer.text[:500]}"
            except httpx.TransportError as error:
                reason = str(error)
            self.check()
            if time.monotonic() > deadline:
                raise StackError(f"The API is not healthy ({reason}).", f"See {self.data / 'logs' / 'ApiFunction.log'}")
            time.sleep(0.2)

    def describe(self) -> dict[str, Any]:
        """What stack.json says: addresses, names and the administrator's key of the emulator."""
        return {
            "url": self.url,
            "issuer": self._issuer.url,
            "emulator_url": self.emulator.url,
            "region": REGION,
            "access_key_id": self.emulator.credentials.access_key_id,
            "secret_access_key": self.emulator.credentials.secret_access_key,
            "table": self.outputs["TableName"],
            "bucket": self.outputs["BucketName"],
            "queue": self.outputs["TraceQueueUrl"],
            "dead_letter_queue": self.outputs["TraceDeadLetterQueueUrl"],
            "state_machine_arn": self.outputs["StateMachineArn"],
            "event_bus": self.outputs["EventBusName"],
            "model": self.model.default_model,
            "pids": {"supervisor": os.getpid(), **{child.name: child.pid for child in self.children}},
        }


@contextlib.contextmanager
def running_stack(options: StackOptions = StackOptions()) -> Generator[Stack]:
    """Runs the stack while the block runs. Call it from a thread that lives as long (children end with it).

    Raises:
        StackError: it cannot start; everything it had started has been ended.
    """
    with contextlib.ExitStack() as exits:
        data = exits.enter_context(_data_folder(options.data))
        logs, temporary = data / "logs", data / "tmp"
        logs.mkdir(exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        listener = exits.enter_context(contextlib.closing(listen(options.port)))
        port = listener.getsockname()[1]
        url = f"http://{LOOPBACK}:{port}"
        issuer = TokenIssuer(f"{url}/auth", load_or_make_key(data / "signing-key.pem"))
        api = ApiProxy(issuer.claims_of)
        origins = (url, f"http://localhost:{port}", *DEVELOPMENT_ORIGINS)
        projects = LocalProjects()
        gateway = make_gateway(issuer, api, projects, CONSOLE, origins)
        exits.enter_context(served(gateway, listener))

        forks = exits.enter_context(fork_server(logs)) if RUNNER not in options.sources else None
        model, model_servers = start_models(options.model, options.variables, logs)
        for server in model_servers:
            exits.callback(server.child.stop, 3)
        started = datetime.now(UTC)
        emulator = start_emulator(
            port=_emulator_port(options.data),
            credentials=Credentials.make(),
            logs=logs,
            temporary=temporary,
            state=data / "emulator" if options.data else None,
            for_functions=_for_functions(options, model, url),
            fork_servers=forks.folder if forks else None,
            wait_scale=options.wait_scale,
        )
        exits.callback(emulator.child.stop, STOP_SECONDS)
        stack = Stack(url, data, issuer, emulator, model, options)
        stack.children = [emulator.child, *(server.child for server in model_servers)]
        stack.children += [forks.child] if forks else []
        stack.deploy()
        lend(emulator, stack.outputs["SecretsPrefix"], options.environment)
        emulator.client("sesv2").create_email_identity(EmailIdentity=MAIL_FROM)  # as an operator does once
        api.set_target(stack.api_target)
        projects.set_stack(stack)
        stack.warm_up()
        if options.data:
            tell_of_restart(emulator, [stack.outputs[f"{kind}StateMachineArn"] for kind in ("", "Batch")], started)
        for server in model_servers:
            server.wait_until_ready()
        exits.enter_context(_stack_file(stack))
        yield stack


def _for_functions(options: StackOptions, model: ModelChoice, url: str) -> dict[str, Mapping[str, str]]:
    """Variables by function: what each needs here, and what the options add or replace."""
    of_models = dict.fromkeys((RUNNER, KNOWLEDGE, KINDS["projects"].function), model.variables)
    # To the sender both addresses are the gateway, which is no part of the template.
    needed = {**of_models, API: HOST_RUNTIME, SENDER: {"API_URL": url, "CONSOLE_URL": url}}
    return needed | {name: {**needed.get(name, {}), **given} for name, given in options.for_functions.items()}


@contextlib.contextmanager
def _data_folder(data: Path | None) -> Generator[Path]:
    if data is None:
        temporary = Path(tempfile.mkdtemp(prefix="stepcrew-"))
        try:
            yield temporary
        except StackError:
            for path in temporary.iterdir():  # its reason points at the logs, so those stay
                if path.name != "logs":
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            raise
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        shutil.rmtree(temporary, ignore_errors=True)
        return
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StackError(f"Another stack uses the folder {data}.", "Stop it, or choose another folder.") from error
        yield data.resolve()


def _emulator_port(data: Path | None) -> int:
    """Queue addresses hold the emulator's port, so a stack whose state survives keeps the one it had."""
    if data is None:
        return free_port()
    file = data / "emulator-port"
    port = int(file.read_text()) if file.exists() else 0
    if not port or not is_free(port):
        port = free_port()
        file.write_text(str(port))
    return port


@contextlib.contextmanager
def _stack_file(stack: Stack) -> Generator[None]:
    path = stack.data / STACK_FILE
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(stack.describe(), file, indent=1)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
