"""The page behind a one-time link. It runs no script and loads nothing; only its button decides."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape

from fastapi.responses import HTMLResponse

from stepcrew.domain.approval import Approval, DecisionKind
from stepcrew.services.decide_by_link import SeenLink, Standing

MOST_COMMENT = 2_000
STATUS = {
    Standing.OPEN: 200,
    Standing.COUNTED: 200,
    Standing.DECIDED: 409,
    Standing.WITHDRAWN: 410,
    Standing.EXPIRED: 410,
}
VERBS = {DecisionKind.APPROVE: "Approve", DecisionKind.REJECT: "Reject", DecisionKind.REVISE: "Revise"}
DONE = {DecisionKind.APPROVE: "approved", DecisionKind.REJECT: "rejected", DecisionKind.REVISE: "sent back"}
_STYLE = """:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:44rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
pre{white-space:pre-wrap;max-height:30rem;overflow:auto;padding:.8rem;border:1px solid;border-radius:.4rem}
textarea,button{font:inherit;padding:.5rem .8rem}
textarea{display:block;box-sizing:border-box;width:100%;margin:.3rem 0 1rem}"""
_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    # The link is in the address. (With no-referrer, browsers send the form with the origin "null".)
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def page_of(seen: SeenLink, text: str) -> HTMLResponse:
    """How the link stands; with a button while it can decide. `text` is the link itself."""
    approval, verb = seen.approval, VERBS[seen.link.decision]
    match seen.standing:
        case Standing.OPEN:
            return _page(f"{verb}?", _question(approval) + _form(seen, text, verb), 200)
        case Standing.COUNTED:
            told = f"<p>Your decision counts: {DONE[seen.link.decision]}. Nothing is left to do here.</p>"
        case Standing.DECIDED:
            told = f"<p>This was decided already: {_decided(approval)}. The link changes nothing.</p>"
        case Standing.WITHDRAWN:
            told = "<p>Nobody is asked any more: the execution was cancelled or has ended.</p>"
        case Standing.EXPIRED:
            told = f"<p>This link expired at {seen.link.expires_at:%Y-%m-%d %H:%M} UTC. Decide in the console.</p>"
    return _page(escape(approval.execution_name), told, STATUS[seen.standing])


def refusal(message: str, remedy: str, status: int) -> HTMLResponse:
    """The page of a link that leads nowhere, or cannot be followed now."""
    return _page("This cannot be decided here", f"<p>{escape(message)} {escape(remedy)}</p>", status)


def _decided(approval: Approval) -> str:
    assert approval.decision
    who = f"by {escape(approval.decision.decided_by)}" if approval.decision.decided_by else "since nobody did in time"
    return f"{DONE[approval.decision.kind]} {who}"


def _question(approval: Approval) -> str:
    parts = [f"<p><b>{escape(approval.execution_name)}</b> asks:</p><pre>{escape(approval.question)}</pre>"]
    if approval.output:
        parts.append(f"<p>What is to be judged:</p><pre>{escape(approval.output)}</pre>")
    if approval.output_reference:
        parts.append("<p>What is to be judged is too long for this page: read it in the console.</p>")
    for call in approval.tools:
        arguments = json.dumps(call.arguments, indent=1, ensure_ascii=False)
        parts.append(f"<p>A call of {escape(call.tool_name)}:</p><pre>{escape(arguments)}</pre>")
    return "".join(parts)


def _form(seen: SeenLink, text: str, verb: str) -> str:
    return (
        '<form method="post" action="decide">'
        f'<input type="hidden" name="link" value="{escape(text)}">'
        f'<label>A reason, if you like<textarea name="comment" rows="3" maxlength="{MOST_COMMENT}"></textarea></label>'
        f'<button type="submit">{verb}</button></form>'
        f"<p>It is recorded as decided by: {escape(seen.link.decided_by)}. "
        f"The link is good until {seen.link.expires_at:%Y-%m-%d %H:%M} UTC.</p>"
    )


def _page(title: str, content: str, status: int) -> HTMLResponse:
    document = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Stepcrew</title><style>{_STYLE}</style></head><body><h1>{title}</h1>{content}</body></html>"
    )
    return HTMLResponse(document, status, HEADERS)
