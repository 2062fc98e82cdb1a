"""Roles, scopes and what each may do. No I/O."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from heard.accounts.entries import Role, Scope
from heard.engine.errors import NotAllowed

#: What someone can do at the desk, and in the watch. Who is watched, watches or audits has no business at the desk, and
#: the desk none in the watch.
VERBS: dict[str, frozenset[Role]] = {
    "read_desk": frozenset({"reader_of_drafts", "contributor", "reporter", "editor", "lawyer", "administrator"}),
    "publish": frozenset({"reporter", "editor", "administrator"}),
    "correct": frozenset({"reporter", "editor", "administrator"}),
    "retract": frozenset({"reporter", "editor", "lawyer", "administrator"}),
    "release_held": frozenset({"editor", "lawyer", "administrator"}),
    "restrict": frozenset({"editor", "lawyer", "administrator"}),
    "know_orders": frozenset({"lawyer"}),
    "open_case": frozenset({"editor", "administrator"}),
    "look_back": frozenset({"editor", "lawyer", "administrator"}),
    "take_past": frozenset({"lawyer", "administrator"}),
    "erase": frozenset({"lawyer", "administrator"}),
    "administer": frozenset({"administrator"}),
    "see_watch": frozenset({"supervisor", "auditor", "administrator"}),
    "keep_watch": frozenset({"holder", "supervisor", "administrator"}),
    "supervise": frozenset({"supervisor", "administrator"}),
    "give_orders": frozenset({"supervisor", "administrator"}),
}
#: Those that change nothing.
READING = frozenset({"read_desk", "know_orders", "see_watch"})

LINK_LASTS = timedelta(hours=24)
SESSION_LASTS = timedelta(days=14)


class Account(msgspec.Struct, frozen=True):
    id: str
    email: str
    role: Role
    name: str


class Caller(msgspec.Struct, frozen=True):
    """Who is asking, and how far their token reaches; a session reaches as far as the role."""

    account: Account
    scope: Scope = "admin"
    in_session: bool = False

    def may(self, verb: str) -> bool:
        if self.scope == "read" and verb not in READING:
            return False
        if self.scope == "write" and verb == "administer":
            return False
        return self.account.role in VERBS[verb]

    def must(self, verb: str) -> None:
        """Raises NotAllowed when the caller may not."""
        if not self.may(verb):
            raise NotAllowed("Your account may not do this. Nothing was changed; ask an administrator or an editor.")
