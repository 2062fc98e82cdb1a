"""Acknowledging an order by a link, without signing in: who allows it, who makes one, and what it opens.

Its secret is kept as that of a link to sign in with is (`accounts.secrets`), in a drawer of its own. A link shows that
somebody had it at that moment, and no more: the record says of whom it was made, and by whom.
"""

from __future__ import annotations

from datetime import timedelta

from heard.accounts import callers, secrets
from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.engine import now
from heard.engine.entry import Draft, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.engine.stores import Vault
from heard.watch import by_link, projection
from heard.watch.by_link import Link
from heard.watch.entries import OrderAcknowledged
from heard.watch.link_entries import LinkMade, LinksRuled

DRAWER: secrets.Drawer = "reading"
LASTS = timedelta(hours=72)
OVER = (
    "This link was used, or has ended, or there never was one. Nothing was recorded. Ask who sent it for another, or "
    "sign in and read the order there."
)


def rule(station: str, allowed: bool) -> Command:
    """Whether the orders of a station may be acknowledged by a link: an administrator says so, and it is not so before.

    Taken back, every link that was not used is over, and stays over.
    """

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        if allowed == (by_link.allowed(tables, station) is not None):
            return Decision((), ())
        return Decision((Draft(station, LinksRuled(allowed)),), (station,))

    return judge


def make(station: str, order: str, holder: str) -> Command:
    """A link for somebody posted at a station, to the current version of an order of it. The caller puts the secret of
    its address into the vault.
    """
    link = new_id()

    def judge(tables: Tables) -> Decision:
        known = projection.order(tables, order)
        if known.station != station:
            raise NotFound("There is no such standing order at this station.")
        if by_link.allowed(tables, station) is None:
            raise Refused(
                "Acknowledging by a link is not allowed at this station. No link was made; an administrator allows it "
                "on this page."
            )
        if holder not in projection.roster(tables, station):
            raise Refused("They are not posted here. No link was made; choose somebody from the list.")
        if not _may(tables, holder):
            raise Refused("This account may not keep a duty. No link was made; an administrator gives it the role.")
        if holder in projection.acknowledged(tables, known):
            raise Refused(f"They have read version {known.version} already. No link was made.")
        body = LinkMade(station, order, known.version, holder, now.utc() + LASTS)
        return Decision((Draft(link, body),), (link, order, station, holder))

    return judge


def acknowledge(link: str) -> Command:
    """Its holder has read its version: in their name, and as by a link of who made it.

    Raises NotFound for one that opens nothing any more.
    """

    def judge(tables: Tables) -> Decision:
        known = opened(tables, link)
        if known.used_at is not None:
            raise NotFound(OVER)
        body = OrderAcknowledged(known.version, known.id, known.made_by)
        return Decision((Draft(known.order, body),), (known.order, known.station, known.holder))

    return judge


def opened(tables: Tables, link: str) -> Link:
    """A link by which its version may be acknowledged, or was, within its time.

    Raises NotFound for any other.
    """
    known = by_link.link(tables, link)
    if known is None or now.utc() >= known.until_at:
        raise NotFound(OVER)
    if known.used_at is None and not (_may(tables, known.holder) and _stands(tables, known)):
        raise NotFound(OVER)
    return known


def _may(tables: Tables, holder: str) -> bool:
    return Caller(accounts.by_id(tables, holder)).may("keep_watch")


def _stands(tables: Tables, link: Link) -> bool:
    """Whether it is of after the last time that all sessions and links of its holder's account were ended."""
    return callers.stands(tables, secrets.Kept(link.holder, link.id, since=link.made_at))


def new_address(vault: Vault, link: str, holder: str) -> str:
    """A fresh secret of a link, told once. Of those whose time is over nothing stays."""
    secrets.clear_out(vault, DRAWER)
    return secrets.make(vault, DRAWER, holder, token=link, lasts=LASTS)


def path(secret: str) -> str:
    """Where it leads, on this server."""
    return f"/watch/read/{secret}/"


def link_of(vault: Vault, secret: str) -> str:
    """Raises NotFound."""
    kept = secrets.find(vault, DRAWER, secret)
    if kept is None:
        raise NotFound(OVER)
    return kept.token
