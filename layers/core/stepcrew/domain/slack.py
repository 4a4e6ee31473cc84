"""A text for people, shaped as Slack's incoming webhooks take it.

Source: https://docs.slack.dev/messaging/formatting-message-text (what is escaped, how links are written).
"""

from __future__ import annotations

import json

from stepcrew.domain.told_text import ToldText


def slack_body(text: ToldText) -> str:
    """The JSON document to post."""
    sentence = f"{text.kind} *{_escaped(text.name)}* {text.what}".lstrip()
    lines = [sentence, *map(_escaped, text.lines), *(f"<{url}|{label}>" for label, url in text.links)]
    return json.dumps({"text": "\n".join(lines)})


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
