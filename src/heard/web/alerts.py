"""The verbs of the API about alerts: call for one at a post, and what went out."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from heard.cases.follow_pages import follows_of
from heard.coverage import alerted, alerts, projection
from heard.coverage.receipts import told_of
from heard.web import asked
from heard.web.verbs import Call, Verb, answered


def verbs() -> list[Verb]:
    return [
        Verb("GET", "/posts/{post}/alert", "read_desk", read_alert),
        Verb("POST", "/posts/{post}/alert", "alert", call_alert, asked.Marked),
    ]


async def read_alert(call: Call) -> Response:
    """Whether an alert was called for at a post, and what of it went out: when, in which wording, to how many."""
    return answered(_told(call, projection.by_id(call.tables, call.named("post")).id))


async def call_alert(call: Call) -> Response:
    """Send an alert to those who follow the case, a second call is the first; or, with `on` false, tell nobody more."""
    follows_of(call.serving)
    post = projection.by_id(call.tables, call.named("post"))
    calling = alerts.call(call.doors, call.serving.node.journal, post.id, call.caller.account.id)
    written = await call.do(calling if call.body.on else alerts.call_off(post.id), post.id)
    return answered(_told(call, post.id), 201, written)


def _told(call: Call, post: str) -> dict[str, Any]:
    called = alerted.of_post(call.tables, post)
    return {
        "id": post,
        "called_at": called.called_at if called else None,
        "off_at": called.off_at if called else None,
        "ends_at": called.ends_at if called else None,
        "sent": [told_of(one) for one in alerted.sent_of_post(call.tables, post)],
    }
