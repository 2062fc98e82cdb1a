"""That whoever asked still may, when it is written: judged in the append, and not only when they came.

Between the asking and the writing a body is read and others write. A token that was revoked meanwhile, a session that
was ended or a role in a case that was taken away counts for nothing any more.
"""

from __future__ import annotations

from heard.accounts.model import Caller
from heard.engine.errors import NotAllowed
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

CHANGED = "What your account may do was changed in the same moment. Nothing was done; look again at what you may."


def still(caller: Caller, command: Command) -> Command:
    """The command, for as long as the caller may what they might. Over their account's stream, on which all of that is
    told: whoever takes it away at another node meanwhile is heard before anything is written.
    """

    def judge(tables: Tables) -> Decision:
        must_still(caller)
        decision = command(tables)
        return Decision(decision.drafts, (*decision.over, caller.account.id))

    return judge


def must_still(caller: Caller) -> None:
    """Raises SignInNeeded where they are known no more, NotAllowed where they may something else than they might."""
    if caller.again is None:
        return
    found = caller.again()
    if (found.account.role, found.scope, found.by_case) != (caller.account.role, caller.scope, caller.by_case):
        raise NotAllowed(CHANGED)
