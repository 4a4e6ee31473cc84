"""What to answer, from the directives in a conversation."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any, NamedTuple, cast

_DIRECTIVE = re.compile(r"\[\[(say|saw|json|size|tools|tool|slow|meets|fail|window) ?(.*?)\]\](?!\])", re.DOTALL)
_BEFORE_JSON = re.compile(r"\[\[(?:json|tools? (?:\d+ )?\S+) ")


class Directive(NamedTuple):
    name: str
    text: str


class Reply(NamedTuple):
    """`tool` is (name, arguments) when a tool is to be called, `times` of them at once. No answer before another
    request mentions `meets`. `status` is an HTTP status, and `error` what the provider says of one that is not 200
    (`message`, `type`, `code`)."""

    text: str = ""
    tool: tuple[str, dict[str, Any]] | None = None
    delay: float = 0.0
    meets: str = ""
    status: int = 200
    times: int = 1
    error: dict[str, Any] | None = None


TOO_LONG = {"too_long": True}
"""An error that each provider says in words of its own."""


def texts(messages: list[dict[str, Any]]) -> list[str]:
    """The text of each message, whatever form its content has."""
    found: list[str] = []
    for message in messages:
        content = message.get("content")
        parts = cast("list[dict[str, Any]]", content) if isinstance(content, list) else [{"text": content or ""}]
        found.append("".join(str(part.get("text", "")) for part in parts))
    return found


def files(messages: list[dict[str, Any]]) -> list[str]:
    """The hashes (SHA-256) of the files that the messages show, in whichever provider's form."""
    found: list[str] = []
    for message in messages:
        content = message.get("content")
        for part in cast("list[dict[str, Any]]", content) if isinstance(content, list) else []:
            shown: dict[str, Any] = part.get("image") or part.get("document") or part
            source: dict[str, str] = shown.get("source") or shown.get("image_url") or {}
            data = source.get("data") or source.get("bytes") or source.get("url", "").partition(";base64,")[2]
            if data:
                found.append(hashlib.sha256(base64.b64decode(data)).hexdigest())
    return found


def offered_tools(body: dict[str, Any]) -> list[str]:
    """Names of the tools a request offers."""
    return [str(tool["function"]["name"]) for tool in cast("list[dict[str, Any]]", body.get("tools") or [])]


def _end_of(text: str, found: re.Match[str]) -> int:
    """Where the directive's text ends: JSON may have `]]` inside."""
    start = _BEFORE_JSON.match(text, found.start())
    try:
        end = json.JSONDecoder().raw_decode(text, start.end())[1] if start else found.end(2)
    except ValueError:
        return found.end(2)
    return end if text.startswith("]]", end) else found.end(2)


def directives_in(text: str) -> list[Directive]:
    found, at = list[Directive](), 0
    while match := _DIRECTIVE.search(text, at):
        end = _end_of(text, match)
        found.append(Directive(match[1], text[match.start(2) : end]))
        at = end + 2
    return found


def directives(messages: list[dict[str, Any]]) -> list[Directive]:
    """Of the last message of the user that has any; context of earlier tasks stands behind the task itself."""
    for message, text in reversed(list(zip(messages, texts(messages), strict=True))):
        found = directives_in(text)
        if message.get("role") in ("user", "system") and found:
            return found
    return []


def reply(body: dict[str, Any], number: int, failed: set[str]) -> Reply:
    """`failed` remembers which `[[fail STATUS once]]` have failed already."""
    messages = cast("list[dict[str, Any]]", body.get("messages") or [])
    tools_used = sum(message.get("role") == "tool" for message in messages)
    known = offered_tools(body)
    text, delay, tools = f"answer {number}", 0.0, list[tuple[str, dict[str, Any]]]()
    meets, times = "", 1
    for directive in directives(messages):
        name, _, rest = directive.text.partition(" ")
        match directive.name:
            case "say" | "json":
                text = directive.text
            case "saw":
                text = f"saw {' '.join(files(messages))}".strip()
            case "size":
                text = "x" * int(directive.text)
            case "slow":
                delay = float(directive.text)
            case "meets":
                meets = directive.text
            case "tool":
                tools.append((name, json.loads(rest or "{}")))
            case "tools":
                times = int(name)
                name, _, rest = rest.partition(" ")
                tools.append((name, json.loads(rest or "{}")))
            case "window":
                if len("".join(texts(messages))) > int(directive.text):
                    return Reply(status=400, error=TOO_LONG)
            case _:
                key = f"{texts(messages)[-1][:200]} {directive.text}"
                if rest != "once" or key not in failed:
                    failed.add(key)
                    return Reply(status=int(name), error=json.loads(rest) if rest.startswith("{") else None)
    tools = [tool for tool in tools if tool[0] in known]
    if tools_used < len(tools):
        return Reply(tool=tools[tools_used], delay=delay, meets=meets, times=times)
    return Reply(text=text, delay=delay, meets=meets)
