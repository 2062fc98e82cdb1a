"""What was kept, as the desk sees it: its words, its author, who would let it out, and the verbs to do so."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from heard.accounts.model import Caller
from heard.cases import projection as cases
from heard.cases import states
from heard.cases.exits import Serving
from heard.cases.letting_out import agree_to_end_second_eyes, fix_delay, rule_second_eyes
from heard.cases.model import Case
from heard.cases.release import HELD_WITHIN
from heard.coverage import changes, kept, projection, proposed
from heard.coverage import elements as parts
from heard.coverage.court import Form, Make, account_name
from heard.coverage.entries import Reasoned
from heard.coverage.kept import KEPT, kept_words
from heard.coverage.model import Post
from heard.coverage.orders import knows_all
from heard.coverage.proposed import Change, by_id
from heard.engine import now
from heard.engine.clock import Clock
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
        "since": (since := kept_since(serving, post.id)),
        "look_by": (clock := look_by(since)),
        "overdue": clock.due(now.utc()),
        "own": mine in kept.writers(serving.node.journal, post.id),
        "agreed": account_name(serving.tables, agreed),
        "agreed_by_me": agreed == mine,
        "knows": post.status == "held" and _may_say_who_is_meant(serving, case, caller),
        "reason": reasons[-1] if agreed and reasons else "",
    }


def said_wrong(serving: Serving, caller: Caller) -> Counter[str]:
    """How much readers said to be wrong in each case, for those who may do something about it."""
    return Counter(one.case for one in projection.problems(serving.tables) if caller.at(one.case).may("retract"))


def kept_since(serving: Serving, post: str) -> datetime:
    """Since when a post waits for somebody, whatever it waits for: its clock on the desk.

    Raises NotFound for one that was erased.
    """
    kept_at = [entry.at for entry in serving.node.journal.stream(post) if isinstance(entry.body, KEPT)]
    if not kept_at:
        raise NotFound("There is no such post among those that were kept.")
    return kept_at[-1]


def look_by(held_at: datetime) -> Clock:
    """By when an editor has looked at what is held; one whose post is held as they write it is told so."""
    return Clock(held_at, held_at + HELD_WITHIN)


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


def change_seen(serving: Serving, change: Change, caller: Caller) -> dict[str, Any]:
    """A change that waits: its words, beside what stands, and whether the caller wrote it."""
    proposed, body, wrote = changes.words_of(serving.node.journal, change.id)
    if change.what == "summary":
        stands = projection.of_case(serving.tables, change.subject).summary
    else:
        stands = parts.plain(projection.by_id(serving.tables, change.subject).elements)
    return {
        "id": change.id,
        "since": change.since,
        "look_by": (clock := look_by(change.since)),
        "overdue": clock.due(now.utc()),
        "what": {"corrected": "A correction", "clarified": "A clarification"}.get(change.what, "The summary"),
        "of": change.subject if change.what != "summary" else "",
        "stands": stands,
        "title": getattr(body, "title", ""),
        "words": getattr(body, "markdown", "") or parts.plain(getattr(body, "elements", ())),
        "notice": getattr(body, "notice", ""),
        "reason": proposed.reason,
        "by": account_name(serving.tables, wrote),
        "own": wrote == caller.account.id,
    }


def _named_change(serving: Serving, case: Case, form: Form) -> str:
    known = by_id(serving.tables, form.get("change", ""))
    if known.case != case.id:
        raise NotFound(proposed.GONE)
    return known.id


def _let_change(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    change = _named_change(serving, case, form)
    return changes.let_out(serving.doors, serving.node.journal, change, caller.account.id)


def second_eyes(case: Case, needed: bool, reason: str, caller: Caller) -> Command:
    """The rule is put on by one, and taken off as what is held is let out: by two, or by a lawyer."""
    if needed or caller.may("know_orders"):
        return rule_second_eyes(case.id, needed, reason)
    return agree_to_end_second_eyes(case.id, caller.account.id, reason)


def second_eyes_seen(serving: Serving, case: Case, caller: Caller) -> dict[str, Any]:
    """Whether the rule is on, who would end it and why, and whether the caller's word is enough or was given."""
    asked = states.asked_to_end_second_eyes(serving.tables, case.id)
    entry = serving.node.journal.entry(asked[1]) if asked else None
    return {
        "needed": cases.needs_second_eyes(serving.tables, case.id),
        "alone": caller.may("know_orders"),
        "asked": account_name(serving.tables, asked[0]) if asked else "",
        "asked_by_me": asked is not None and asked[0] == caller.account.id,
        "reason": getattr(entry.body, "reason", "") if entry else "",
    }


VERBS: dict[str, tuple[str, Make]] = {
    "release": ("release_held", _release),
    "change": ("release_held", _let_change),
    "change-drop": ("release_held", lambda s, case, form, by: changes.drop(_named_change(s, case, form))),
    "drop": ("release_held", lambda s, case, form, by: kept.drop(named(s, case, form))),
    "delay": ("publish", _delay),
    "second-eyes": (
        "release_held",
        lambda s, case, form, by: second_eyes(case, form.get("needed") == "yes", form.get("reason", ""), by),
    ),
}
