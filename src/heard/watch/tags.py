"""Check-ins at a station: an address on an NFC tag or in a QR code there; whoever is signed in opens and confirms it.

It shows that somebody with that account had the address at that moment. A printed code can be photographed: a tag that
only those on duty reach is better, and one that is lost is ended.
"""

from __future__ import annotations

import hashlib
import secrets

from heard.accounts.model import Caller
from heard.cases.model import checked_words
from heard.engine.entry import Body, Draft, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.engine.stores import Vault
from heard.watch import model, positions, projection
from heard.watch.entries import DeedDone, PresenceTold
from heard.watch.position_entries import TagAdded, TagEnded
from heard.watch.showing import CHECK

DRAWER = "tag"
CHECK_IN = "check-in"


def add_tag(station: str, name: str) -> Command:
    """The caller puts the secret of its address into the vault."""
    tag = new_id()

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        if len(positions.tags(tables, station)) >= model.MANY:
            raise Refused(f"A station has at most {model.MANY} tags. Nothing was added; end one that is lost.")
        body = TagAdded(station, checked_words(name, "name", model.TITLE_MAX))
        return Decision((Draft(tag, body),), (tag, station))

    return judge


def end_tag(tag: str, *, station: str) -> Command:
    """Its address is nobody's any more."""

    def judge(tables: Tables) -> Decision:
        if positions.tag(tables, tag).station != station:
            raise NotFound("There is no such tag at this station.")
        return Decision((Draft(tag, TagEnded()),), (tag,))

    return judge


def check_in(tag: str, who: Caller) -> Command:
    """They are at the tag: on duty there, they are present for as long as one's word is good, unless their phone tells
    it; who supervises has checked the station.

    Raises Refused for anybody else: of who is not on duty nothing is kept.
    """

    def judge(tables: Tables) -> Decision:
        station, me = positions.tag(tables, tag).station, who.account.id
        done = list[Body]()
        if any(one.holder == me for one in projection.on_duty(tables, station)):
            done.append(DeedDone(CHECK_IN))
            if not positions.steps(tables, station, me):
                done.append(PresenceTold(me, True, model.GOOD_FOR.total_seconds()))
        if who.may("supervise"):
            done.append(DeedDone(CHECK))
        if not done:
            raise Refused("You are not on duty here, so nothing was recorded. Begin the duty first.")
        return Decision(tuple(Draft(station, body) for body in done), (station, tag))

    return judge


def new_address(vault: Vault, tag: str) -> str:
    """A fresh secret of a tag, told once."""
    secret = secrets.token_hex(16)
    vault.put(DRAWER, _digest(secret), tag.encode())
    return secret


def tag_of(vault: Vault, secret: str) -> str:
    """Raises NotFound."""
    kept = vault.get(DRAWER, _digest(secret))
    if kept is None:
        raise NotFound("There is no such tag. It may have been ended; ask who keeps the station.")
    return kept.decode()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
