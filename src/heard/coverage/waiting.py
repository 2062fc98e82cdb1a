"""What was kept, as the desk sees it: its words, its author, who would let it out, and the verbs to do so."""

from __future__ import annotations

from typing import Any

from heard.accounts.model import Caller
from heard.cases.exits import Serving
from heard.cases.letting_out import fix_delay, rule_second_eyes
from heard.cases.model import Case
from heard.coverage import kept, projection
from heard.coverage.court import Form, Make, account_name
from heard.coverage.entries import Reasoned
from heard.coverage.kept import kept_words
from heard.coverage.model import Post
from heard.coverage.orders import knows_all
from heard.engine import now
from heard.engine.errors import NotFound
from heard.engine.node import Command


def seen(serving: Serving, case: Case, post: Post, caller: Caller) -> dict[str, Any]:
    """A post that was kept, with its words, which only the journal has, and what the caller may still do about it."""
    entries = serving.node.journal.stream(post.id)
    words, agreed = kept_words(serving.node.journal, post.id), projection.agreed_by(serving.tables, post.id)
    reasons = [entry.body.reason for entry in entries if entry.by == agreed and isinstance(entry.body, Reasoned)]
    mine = caller.account.id
    return {
        "id": post.id,
        "status": post.status,
        "title": words.title,
        "elements": words.elements,
        "byline": words.byline,
        "due_at": now.instant(post.state) if post.status == "waiting" else None,
        "own": entries[0].by == mine,
        "agreed": account_name(serving.tables, agreed),
        "agreed_by_me": agreed == mine,
        "knows": post.status == "held" and _may_say_who_is_meant(serving, case, caller),
        "reason": reasons[-1] if agreed and reasons else "",
    }


def _may_say_who_is_meant(serving: Serving, case: Case, caller: Caller) -> bool:
    return bool(serving.doors.of(serving.tables, case.id).guard) and knows_all(serving, case, caller)


def named(serving: Serving, case: Case, form: Form) -> str:
    """The post that the form names, if it is of this case.

    Raises NotFound.
    """
    known = projection.by_id(serving.tables, form.get("post", ""))
    if known.case != case.id:
        raise NotFound("There is no such post in this case.")
    return known.id


def _release(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    by, post = caller.account.id, named(serving, case, form)
    journal, reason = serving.node.journal, form.get("reason", "")
    not_meant = "not_meant" in form and knows_all(serving, case, caller)
    return kept.let_go(serving.doors, journal, post, by, reason, not_meant=not_meant)


def _delay(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    said = form.get("minutes", "")
    minutes = int(said) if said.isascii() and said.isdecimal() and len(said) < 3 else -1
    return fix_delay(case.id, form.get("hearing", ""), minutes)


VERBS: dict[str, tuple[str, Make]] = {
    "release": ("release_held", _release),
    "drop": ("release_held", lambda s, case, form, by: kept.drop(named(s, case, form))),
    "delay": ("publish", _delay),
    "second-eyes": ("release_held", lambda s, case, form, by: rule_second_eyes(case.id, form.get("needed") == "yes")),
}
