"""What sends positions, and where stations are: the commands, and the secrets of the addresses that are sent to."""

from __future__ import annotations

import hashlib
import secrets

from heard.cases.model import checked_words
from heard.engine.entry import Draft, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.engine.stores import Vault
from heard.watch import areas, model, positions, projection
from heard.watch.areas import Area
from heard.watch.position_entries import AreaSet, DeviceBound, FeedAdded, FeedEnded

DRAWER = "feed"
#: Phones of one holder, and devices of one feed.
PHONES_MAX = 5
DEVICES_MAX = 5000
DEVICE_MAX = 128


def set_area(station: str, area: Area) -> Command:
    """From now on who is there is present."""

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        asked = areas.checked(area)
        body = AreaSet(*asked.centre, asked.radius_m, asked.corners, asked.good_for_s)
        return Decision((Draft(station, body),), (station,))

    return judge


def add_phone(holder: str, name: str = "My phone") -> Command:
    """A holder's own phone. What it says is of them, whatever it calls itself."""
    feed = new_id()

    def judge(tables: Tables) -> Decision:
        if len(positions.feeds(tables, holder=holder)) >= PHONES_MAX:
            raise Refused(f"You have {PHONES_MAX} phones already. Nothing was added; end one of them first.")
        body = FeedAdded(checked_words(name, "name", model.TITLE_MAX), holder)
        return Decision((Draft(feed, body),), (feed,))

    return judge


def add_feed(station: str, name: str) -> Command:
    """What sends for the devices of a station: a server at the site, a gateway. A device is bound to a holder here."""
    feed = new_id()

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        body = FeedAdded(checked_words(name, "name", model.TITLE_MAX), station=station)
        return Decision((Draft(feed, body),), (feed, station))

    return judge


def bind_device(feed: str, device: str, holder: str, *, station: str) -> Command:
    """What the feed says of this device is of that holder, who is posted at its station; nobody's, if none is named."""

    def judge(tables: Tables) -> Decision:
        _of_station(tables, feed, station)
        words = checked_words(device, "device", DEVICE_MAX)
        if holder and holder not in projection.roster(tables, station):
            raise Refused("They are not posted here. Nothing was bound; post them first.")
        if len(positions.devices(tables, feed)) >= DEVICES_MAX:
            raise Refused(f"A feed has at most {DEVICES_MAX} devices. Nothing was bound.")
        return Decision((Draft(feed, DeviceBound(words, holder)),), (feed, station))

    return judge


def end_feed(feed: str, *, station: str = "", holder: str = "") -> Command:
    """Nothing that it sends is taken any more."""

    def judge(tables: Tables) -> Decision:
        known = positions.feed(tables, feed)
        if (known.station, known.holder) != (station, holder):
            raise NotFound("There is no such feed of positions.")
        return Decision((Draft(feed, FeedEnded()),), (feed,))

    return judge


def _of_station(tables: Tables, feed: str, station: str) -> None:
    if positions.feed(tables, feed).station != station:
        raise NotFound("There is no such feed at this station.")


# Their addresses ------------------------------------------------------------------------------------------------------


def new_address(vault: Vault, feed: str) -> str:
    """A fresh secret of a feed, told once. Letters and digits alone: it is typed into phones."""
    secret = secrets.token_hex(20)
    vault.put(DRAWER, _digest(secret), feed.encode())
    return secret


def feed_of(vault: Vault, secret: str) -> str | None:
    """Whose secret it is."""
    kept = vault.get(DRAWER, _digest(secret)) if secret else None
    return kept.decode() if kept else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.strip().lower().encode()).hexdigest()
