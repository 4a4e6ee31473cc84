"""The same answers in parts, as the providers stream them."""

from __future__ import annotations

import json
import struct
from binascii import crc32
from typing import Any

Document = dict[str, Any]
EVENTS = "text/event-stream"
AWS_EVENTS = "application/vnd.amazon.eventstream"


def of_openai(answer: Document) -> bytes:
    """Source: OpenAI API reference, "chat completion chunk"; usage comes with the last chunk."""
    (choice,) = answer["choices"]
    message = dict(choice["message"])
    calls = [{"index": n, **call} for n, call in enumerate(message.pop("tool_calls", []))]
    text = message.pop("content") or ""
    half = len(text) // 2
    deltas: list[Document] = [{"role": "assistant", "content": ""}, {"content": text[:half]}, {"content": text[half:]}]
    deltas += [{"tool_calls": [call]} for call in calls]
    shared = {key: answer[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    chunks = [{**shared, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append(
        {**shared, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]},
    )
    chunks.append({**shared, "choices": [], "usage": answer["usage"]})
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"


def of_anthropic(answer: Document) -> bytes:
    """Source: Anthropic API reference, "streaming messages"."""
    (block,) = answer["content"]
    told = answer["usage"]
    begun: Document = {**answer, "content": [], "stop_reason": None, "usage": {**told, "output_tokens": 1}}
    is_text = block["type"] == "text"
    empty: Document = {**block, "text": ""} if is_text else {**block, "input": {}}
    delta: Document = {"type": "text_delta", "text": block.get("text")}
    if not is_text:
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    events: list[Document] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": empty},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": answer["stop_reason"], "stop_sequence": None},
            "usage": {"output_tokens": told["output_tokens"]},
        },
        {"type": "message_stop"},
    ]
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def of_bedrock(answer: Document) -> bytes:
    """Source: Amazon Bedrock API reference, ConverseStream."""
    (block,) = answer["output"]["message"]["content"]
    call = block.get("toolUse")
    start = {"toolUse": {key: call[key] for key in ("toolUseId", "name")}} if call else {}
    delta = {"toolUse": {"input": json.dumps(call["input"])}} if call else {"text": block["text"]}
    events: list[tuple[str, Document]] = [("messageStart", {"role": "assistant"})]
    if call:
        events.append(("contentBlockStart", {"contentBlockIndex": 0, "start": start}))
    events += [
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": answer["stopReason"]}),
        ("metadata", {"usage": answer["usage"], "metrics": answer["metrics"]}),
    ]
    return b"".join(_aws_event(name, payload) for name, payload in events)


def _aws_event(name: str, payload: Document) -> bytes:
    """Source: "Amazon Transcribe: event stream encoding"; all of AWS's event streams are encoded like this."""
    headers = b""
    for key, value in ((":event-type", name), (":content-type", "application/json"), (":message-type", "event")):
        headers += struct.pack("!B", len(key)) + key.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", len(headers) + len(body) + 16, len(headers))
    message = prelude + struct.pack("!I", crc32(prelude)) + headers + body
    return message + struct.pack("!I", crc32(message))
