"""Roles, scopes and what each may do. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import get_args

import msgspec

from heard.accounts.entries import Role, Scope, Sort
from heard.engine.errors import NotAllowed

#: What someone can do at the desk, and in the watch. Who is watched, watches or audits has no business at the desk, and
#: the desk none in the watch. `by_case` stands nowhere: it is for whoever has roles in single cases and no other.
VERBS: dict[str, frozenset[Role]] = {
    "read_desk": frozenset({"reader_of_drafts", "contributor", "reporter", "editor", "lawyer", "administrator"}),
    "write": frozenset({"contributor", "reporter", "editor", "administrator"}),
    "read_drafts": frozenset({"reader_of_drafts", "editor", "administrator"}),
    "publish": frozenset({"reporter", "editor", "administrator"}),
    "correct": frozenset({"reporter", "editor", "administrator"}),
    "alert": frozenset({"editor", "administrator"}),
    "retract": frozenset({"reporter", "editor", "lawyer", "administrator"}),
    "release_held": frozenset({"editor", "lawyer", "administrator"}),
    "restrict": frozenset({"editor", "lawyer", "administrator"}),
    "know_orders": frozenset({"lawyer"}),
    "give_roles": frozenset({"editor", "administrator"}),
    "open_case": frozenset({"editor", "administrator"}),
    "look_back": frozenset({"editor", "lawyer", "administrator"}),
    "take_past": frozenset({"lawyer", "administrator"}),
    "take_record": frozenset({"lawyer"}),
    "erase": frozenset({"lawyer", "administrator"}),
    "administer": frozenset({"administrator"}),
    "see_watch": frozenset({"supervisor", "auditor", "administrator"}),
    "audit_watch": frozenset({"auditor", "administrator"}),
    "keep_watch": frozenset({"holder", "supervisor", "administrator"}),
    "supervise": frozenset({"supervisor", "administrator"}),
    "give_orders": frozenset({"supervisor", "administrator"}),
    "exempt": frozenset({"supervisor", "administrator"}),
}
#: Those that change nothing.
READING = frozenset({"read_desk", "read_drafts", "know_orders", "see_watch", "audit_watch"})
#: Those that no token reaches. Who may do what in a case is said by a person, not by a program that lost its secret;
#: one who has two tokens is not two people, which not to watch something for a time takes, and to hold positions; and
#: the record of a case, with what was withdrawn, is taken by a person too.
IN_SESSION = frozenset({"give_roles", "exempt", "take_record"})

LINK_LASTS = timedelta(hours=24)
SESSION_LASTS = timedelta(days=14)
#: From the link to the second factor.
HALF_LASTS = timedelta(minutes=10)
#: How long a browser is remembered as one of its owner's, and how long somebody who has signed in may change what they
#: sign in with, before they are asked again.
KNOWN_LASTS, RECENT = timedelta(days=180), timedelta(minutes=15)
#: So many wrong codes in so long, and none is looked at: of a million codes three are right at a time, and whoever
#: guesses has had a link first, so one in some thirty thousand who have one gets in.
FAILED_MAX, FAILED_WITHIN = 10, timedelta(minutes=15)
#: From the first administrator's asking to the second's agreeing.
RECOVERY_LASTS = timedelta(hours=1)
FACTORS_MAX, LABEL_MAX = 10, 60


class Account(msgspec.Struct, frozen=True):
    id: str
    email: str
    role: Role
    name: str


class Factor(msgspec.Struct, frozen=True):
    """What somebody signs in with besides a link; `last` is the step or the count that it was used with last."""

    id: str
    account: str
    sort: Sort
    label: str
    added_at: datetime
    last: int


class Recovery(msgspec.Struct, frozen=True):
    """Asked for by one administrator, and waiting for another."""

    id: str
    account: str
    by: str
    at: datetime

    def is_open(self, at: datetime) -> bool:
        return at < self.at + RECOVERY_LASTS


BY_A_TOKEN = "No token may do this: it takes somebody who has signed in. Nothing was changed; do it in a browser."
TOO_NARROW = "This token reads or writes, and does not reach so far. Nothing was changed; take one of a wider scope."


def who_may(*verbs: str) -> str:
    """The roles that may do one of these, for somebody to ask: "an editor, a lawyer or an administrator"."""
    roles = [role for role in get_args(Role) if any(role in VERBS[verb] for verb in verbs)]
    named = [f"{'an' if role[0] in 'aeiou' else 'a'} {role.replace('_', ' ')}" for role in roles]
    return " or ".join(filter(None, (", ".join(named[:-1]), named[-1])))


class Caller(msgspec.Struct, frozen=True):
    """Who is asking, how far their token reaches (a session reaches as far as the role), and in which case they are.

    A role is held for the whole house, or for one case (`by_case`); in a case somebody may do what either allows.
    """

    account: Account
    scope: Scope = "admin"
    in_session: bool = False
    by_case: Mapping[str, Role] = MappingProxyType({})
    case: str = ""
    #: Who it is by now, by the same cookie or token; raises SignInNeeded. What is made by hand cannot be asked again.
    again: Callable[[], Caller] | None = None

    def at(self, case: str) -> Caller:
        """The same, in this case; in none with ""."""
        return msgspec.structs.replace(self, case=case)

    def may(self, verb: str) -> bool:
        if self.scope == "read" and verb not in READING:
            return False
        if self.scope == "write" and verb == "administer":
            return False
        if verb in IN_SESSION and not self.in_session:
            return False
        return self.account.role in VERBS[verb] or self.by_case.get(self.case) in VERBS[verb]

    def may_somewhere(self, verb: str) -> bool:
        """In the whole house, or in some case."""
        return self.may(verb) or any(self.at(case).may(verb) for case in self.by_case)

    def must(self, verb: str) -> None:
        """Raises NotAllowed when the caller may not."""
        if not self.may(verb):
            raise NotAllowed(self.why_not(verb))

    def why_not(self, *verbs: str) -> str:
        """What is said to a caller who may do none of these: who may; or that a token may not, where the account might.

        It is the same whatever there is at the address: who may is told of what they asked for, and of no thing.
        """
        in_session = msgspec.structs.replace(self, in_session=True, scope="admin")
        if not any(in_session.may(verb) for verb in verbs):
            return f"Your account may not do this here. Nothing was changed; it takes {who_may(*verbs)}."
        return BY_A_TOKEN if IN_SESSION.intersection(verbs) else TOO_NARROW
