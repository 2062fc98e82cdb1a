"""Letting somebody in again who lost what they sign in with: two administrators, within an hour, each by themselves.

One alone could make themselves anybody. Whoever has the server can, and does it as the operator.
"""

from __future__ import annotations

from heard.accounts import projection
from heard.accounts.commands import OPERATOR
from heard.accounts.entries import RecoveryAgreed, RecoveryAsked, RecoveryRefused
from heard.accounts.model import Recovery
from heard.engine import now
from heard.engine.entry import Draft, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

NOT_OPEN = "Nobody asks for this any more: an hour has passed, or it was agreed to or refused. Nothing was changed."


def ask_recovery(account: str, by: str) -> Command:
    """Raises Refused for one's own account, and while another administrator's asking is open."""

    def judge(tables: Tables) -> Decision:
        projection.by_id(tables, account)
        if by == account:
            raise Refused("Nobody lets themselves in again. Nothing was changed; ask another administrator.")
        known = projection.recoveries(tables).get(account)
        if known and known.is_open(now.utc()):
            raise Refused("This is asked already; another administrator than the one who did agrees. Nothing changed.")
        return Decision((Draft(account, RecoveryAsked(new_id())),), (account,))

    return judge


def agree_recovery(account: str, recovery: str, by: str) -> Command:
    """Another than who asked, and not the one whom it is about."""

    def judge(tables: Tables) -> Decision:
        known = _open(tables, account, recovery)
        if by in (known.by, account):
            raise Refused("It takes two: another administrator than the one who asked agrees. Nothing was changed.")
        return Decision((Draft(account, RecoveryAgreed(recovery)),), (account,))

    return judge


def refuse_recovery(account: str, recovery: str) -> Command:
    def judge(tables: Tables) -> Decision:
        _open(tables, account, recovery)
        return Decision((Draft(account, RecoveryRefused(recovery)),), (account,))

    return judge


def _open(tables: Tables, account: str, recovery: str) -> Recovery:
    projection.by_id(tables, account)
    known = projection.recoveries(tables).get(account)
    if known is None or known.id != recovery or not known.is_open(now.utc()):
        raise Refused(NOT_OPEN)
    return known


def recover(account: str, by: str) -> Command:
    """At once, by the one who has the server.

    Raises NotFound for anybody else: a mistake of ours.
    """

    def judge(tables: Tables) -> Decision:
        projection.by_id(tables, account)
        if by != OPERATOR:
            raise NotFound("Only the operator does this alone.")
        return Decision((Draft(account, RecoveryAgreed(new_id())),), (account,))

    return judge
