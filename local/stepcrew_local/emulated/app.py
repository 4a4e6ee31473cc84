"""The emulator as an ASGI application: guarded, completed where it lacks what we use, and quick to end."""

from __future__ import annotations

import os

from ministack.app import app as ministack
from ministack.services import s3

from stepcrew_local.emulated import engine, keys, runtime_ports, schedules
from stepcrew_local.emulated.guard import Guard
from stepcrew_local.emulated.warm import with_warming
from stepcrew_local.origin_guard import Message, OriginGuard, Receive, Scope, Send

engine.complete()
keys.install(administrator=os.environ["AWS_ACCESS_KEY_ID"])
runtime_ports.install()
schedules.install()


async def _ending(scope: Scope, receive: Receive, send: Send) -> None:
    async def send_then_end(message: Message) -> None:
        await send(message)
        if message["type"] == "lifespan.shutdown.complete":
            # Its state is saved. Waiting for its threads would mean waiting for every invocation under way; the
            # functions' processes see the pipe to this process close and end themselves.
            os._exit(0)

    await ministack(scope, receive, send_then_end if scope["type"] == "lifespan" else send)


def _is_bucket(name: str) -> bool:
    return name in s3._buckets


app = OriginGuard(
    Guard(
        with_warming(_ending),
        secret=os.environ.pop("STEPCREW_LOCAL_SECRET"),  # not for the processes of functions
        account=os.environ["MINISTACK_ACCOUNT_ID"],
        is_bucket=_is_bucket,
    )
)
