"""One deed done to several posts that were chosen on the desk, with one reason: each for itself, as if done alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import msgspec

from heard.accounts.model import Caller
from heard.cases.exits import Serving
from heard.cases.model import Case
from heard.coverage import commands, kept, projection
from heard.coverage.court import Form
from heard.coverage.entries import NoticeCode
from heard.engine.errors import HeardError, NotFound, Refused
from heard.engine.node import Command

#: More are a second time; each waits for the disk.
CHOSEN_MAX = 100


class Done(msgspec.Struct, frozen=True):
    """How many it was done to, and why not to the others: each with the reason, which says what to do."""

    count: int
    refused: tuple[str, ...]

    def __str__(self) -> str:
        done = f"Done with {self.count} of {self.count + len(self.refused)}."
        return "\n".join([done, *self.refused]) if self.refused else done


def may(form: Form) -> str:
    """What somebody must be allowed to do it."""
    return _DEEDS[form.get("what", "")][0] if form.get("what") in _DEEDS else "read_desk"


async def do(serving: Serving, case: Case, form: Form, caller: Caller) -> Done:
    """Raises Refused where there is nothing to do, before anything was done."""
    if form.get("what") not in _DEEDS:
        raise Refused("Choose what is to be done with them. Nothing was changed.")
    chosen = [name.removeprefix("post-") for name in form if name.startswith("post-")]
    if not 0 < len(chosen) <= CHOSEN_MAX:
        raise Refused(f"Choose from 1 to {CHOSEN_MAX} posts. Nothing was changed.")
    _, deed = _DEEDS[form["what"]]
    refused: list[str] = []
    for post in chosen:
        key = f"{form['once']} {form['what']} {post}" if form.get("once") else None
        asked = msgspec.json.encode([post, *sorted((name, form.get(name, "")) for name in ("what", "reason", "code"))])
        try:
            command = deed(serving, _of(serving, case, post), form, caller)
            await serving.do(command, by=caller.account.id, scope=case.id, key=key, request=asked)
        except HeardError as refusal:
            refused.append(f"“{_begins(serving, post)}”: {refusal.message}")
    return Done(len(chosen) - len(refused), tuple(refused))


def _of(serving: Serving, case: Case, post: str) -> str:
    if projection.by_id(serving.tables, post).case != case.id:
        raise NotFound("There is no such post in this case.")
    return post


def _begins(serving: Serving, post: str) -> str:
    """How it begins, for somebody of the desk to know it by."""
    try:
        known: Any = projection.by_id(serving.tables, post)
        if not known.elements:
            known = kept.kept_words(serving.node.journal, post)
    except NotFound:
        return "a post"
    words = known.title or " ".join(text for text in _plain(known))
    return f"{words[:50]}…" if len(words) > 50 else words


def _plain(known: Any) -> list[str]:
    return [getattr(one, "markdown", "") or getattr(one, "words", "") for one in known.elements[:1]]


def _release(serving: Serving, post: str, form: Form, caller: Caller) -> Command:
    return kept.let_go(serving.doors, serving.node.journal, post, caller.account.id, form.get("reason", ""))


def _hold(serving: Serving, post: str, form: Form, caller: Caller) -> Command:
    return kept.hold(serving.node.journal, post, form.get("reason", ""))


def _withdraw(serving: Serving, post: str, form: Form, caller: Caller) -> Command:
    code: Any = form.get("code", "error")
    if code not in get_args(NoticeCode):
        raise Refused("Choose why it is withdrawn from the list. Nothing was changed.")
    return commands.retract(serving.doors, post, form.get("reason", ""), code)


Deed = Callable[[Serving, str, Form, Caller], Command]
_DEEDS: dict[str, tuple[str, Deed]] = {
    "approve": ("release_held", _release),
    "hold": ("release_held", _hold),
    "drop": ("release_held", lambda serving, post, form, by: kept.drop(post)),
    "withdraw": ("retract", _withdraw),
}
