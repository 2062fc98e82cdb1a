"""What can be done at a station. Each function answers a command: it judges what is folded, and says what to write."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from heard.cases.model import checked_words
from heard.engine import now
from heard.engine.entry import Body, Draft, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.watch import model, positions, projection, showing
from heard.watch.entries import (
    DeedDone,
    DutyBegun,
    DutyEnded,
    HolderPosted,
    HolderReleased,
    OrderAcknowledged,
    OrderPublished,
    OrderWithdrawn,
    Pinged,
    PingSort,
    PresenceTold,
    SourceAdded,
    StateTold,
    StationSet,
)
from heard.watch.showing import CHECK

STATE_LASTS_MAX_S = 366 * 86400.0
#: What repairs are made by; history that is older is read in as such.
STATE_SINCE_MAX = timedelta(hours=72)
#: A clock that runs ahead by no more is believed.
SKEW = timedelta(seconds=2)


def set_station(code: str, place: str = "", zone: str = "Europe/London", *, station: str | None = None) -> Command:
    """A station, or what it is called from now on."""
    known, station = station, station or new_id()

    def judge(tables: Tables) -> Decision:
        if known is not None:
            projection.station(tables, known)
        try:
            ZoneInfo(zone)
        except (KeyError, OSError, ValueError) as wrong:
            raise Refused(f"“{zone[:40]}” is not a time zone. Write it like Europe/London.") from wrong
        body = StationSet(
            checked_words(code, "code", model.CODE_MAX),
            checked_words(place, "place", model.TITLE_MAX, needed=False),
            zone,
        )
        return Decision((Draft(station, body),), (station,))

    return judge


def post_holder(station: str, holder: str) -> Command:
    """They may have duty here, and must know its orders. The caller knows that they have an account which may."""

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        known = projection.roster(tables, station)
        if holder in known:
            return Decision((), ())
        if len(known) >= model.MANY:
            raise Refused(f"At most {model.MANY} people are posted at one station. Nothing was changed.")
        return Decision((Draft(station, HolderPosted(holder)),), (station,))

    return judge


def release_holder(station: str, holder: str) -> Command:
    """They have no duty here any more; one that they are on ends."""

    def judge(tables: Tables) -> Decision:
        if holder not in projection.roster(tables, station):
            return Decision((), ())
        ends = (Draft(station, DutyEnded(holder)),) if _is_on_duty(tables, station, holder) else ()
        return Decision((*ends, Draft(station, HolderReleased(holder))), (station,))

    return judge


def publish_order(station: str, title: str, text: str, change: str = "", *, order: str | None = None) -> Command:
    """A standing order of a station, or under the id `order` its next version. Whoever had read the one before has to
    read this one.
    """
    known, order = order, order or new_id()

    def judge(tables: Tables) -> Decision:
        at = projection.station(tables, station)
        version = projection.order(tables, known).version + 1 if known is not None else 1
        if known is None and len(projection.orders(tables, station)) >= model.MANY:
            raise Refused(f"A station has at most {model.MANY} standing orders. Nothing was published.")
        body = OrderPublished(
            at.id,
            version,
            checked_words(title, "title", model.TITLE_MAX),
            checked_words(text, "order", model.ORDER_MAX),
            checked_words(change, "change", model.REASON_MAX, needed=version > 1),
        )
        return Decision((Draft(order, body),), (order, station))

    return judge


def withdraw_order(order: str, reason: str) -> Command:
    """It binds nobody any more."""

    def judge(tables: Tables) -> Decision:
        known = projection.order(tables, order)
        words = checked_words(reason, "reason", model.REASON_MAX)
        return Decision((Draft(order, OrderWithdrawn(words)),), (order, known.station))

    return judge


def acknowledge_order(order: str, version: int, holder: str) -> Command:
    """A holder has read a version. One that is not current any more is refused: what they read binds nobody."""

    def judge(tables: Tables) -> Decision:
        known = projection.order(tables, order)
        if holder not in projection.roster(tables, known.station):  # to others there is no such order
            raise NotFound("There is no such standing order in force.")
        if version != known.version:
            raise Refused(
                f"Version {known.version} was published since. Nothing was recorded; read and acknowledge that one.",
                version=known.version,
            )
        if holder in projection.acknowledged(tables, known):
            return Decision((), ())
        return Decision((Draft(order, OrderAcknowledged(version)),), (order,))

    return judge


def begin_duty(station: str, holder: str) -> Command:
    """Nobody is on duty before they have acknowledged the current version of every order of the station."""

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        if _is_on_duty(tables, station, holder):
            return Decision((), ())
        if holder not in projection.roster(tables, station):
            raise Refused("You are not posted here. You are not on duty; ask who keeps the roster.")
        unread = projection.unread(tables, station, holder)
        if unread:
            titles = ", ".join(f"“{one.title}” version {one.version}" for one in unread)
            raise Refused(f"Read and acknowledge first: {titles}. You are not on duty; nobody counts on you.")
        over = (station, *(one.id for one in projection.orders(tables, station)))
        return Decision((Draft(station, DutyBegun(holder)),), over)

    return judge


def end_duty(station: str, holder: str) -> Command:
    """From now on nothing is kept of where they are."""

    def judge(tables: Tables) -> Decision:
        if not _is_on_duty(tables, station, holder):
            return Decision((), ())
        return Decision((Draft(station, DutyEnded(holder)),), (station,))

    return judge


def tell_presence(station: str, holder: str, present: bool | None, good_for_s: float | None = None) -> Command:
    """Whether a holder is at their station, by their own word. Of one who is not on duty there nothing is kept; a phone
    that tells it is not contradicted.

    Said again without a change it makes the same good for longer.
    """
    lasts = model.GOOD_FOR.total_seconds() if good_for_s is None else good_for_s

    def judge(tables: Tables) -> Decision:
        _must_be_on_duty(tables, station, holder)
        if positions.steps(tables, station, holder):
            raise Refused(
                "Your phone says where you are, and your word does not go before it. Nothing was recorded. If the "
                "phone is silent or wrong, check in at the station's tag and tell your supervisor."
            )
        if not 0 < lasts <= model.GOOD_FOR_MAX.total_seconds():
            raise Refused("What is said of someone's presence is good for up to twelve hours. Nothing was recorded.")
        return Decision((Draft(station, PresenceTold(holder, present, lasts)),), (station,))

    return judge


def tell_state(station: str, state: str, good_for_s: float | None = None, since_at: datetime | None = None) -> Command:
    """Such as "open" of a gate; a sensor may say since when."""

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        if good_for_s is not None and not 0 < good_for_s <= STATE_LASTS_MAX_S:
            raise Refused("A state is good for up to a year, or until another is told. Nothing was recorded.")
        if since_at is not None and not now.utc() - STATE_SINCE_MAX <= since_at <= now.utc() + SKEW:
            raise Refused("A state is so since a moment of the last three days. Nothing was recorded.")
        told = StateTold(checked_words(state, "state", model.STATE_MAX), good_for_s, since_at)
        return Decision((Draft(station, told),), (station,))

    return judge


def do_deed(station: str, deed: str = CHECK, ref: str = "") -> Command:
    """It was done, now, by who says so. `ref` is the period or the matter that it is of."""

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        if deed != CHECK and deed not in showing.deeds(tables, station):
            raise Refused(
                "Nothing of that name is owed here. Nothing was recorded; choose what was done from the list."
            )
        body = DeedDone(deed, checked_words(ref, "reference", model.CODE_MAX, needed=False))
        return Decision((Draft(station, body),), (station,))

    return judge


def add_source(station: str, name: str, *, source: str) -> Command:
    """Something that pings. The caller puts the secret of its address into the vault."""

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        body = SourceAdded(station, checked_words(name, "name", model.TITLE_MAX))
        return Decision((Draft(source, body),), (source, station))

    return judge


def ping(source: str, sort: PingSort, code: int | None = None) -> Command:
    def judge(tables: Tables) -> Decision:
        projection.source(tables, source)
        body: Body = Pinged(sort, code)
        # Over nothing: pings of one source do not contradict each other, and none may be turned away for another.
        return Decision((Draft(source, body),), ())

    return judge


def _is_on_duty(tables: Tables, station: str, holder: str) -> bool:
    return any(one.holder == holder for one in projection.on_duty(tables, station))


def _must_be_on_duty(tables: Tables, station: str, holder: str) -> None:
    projection.station(tables, station)
    if not _is_on_duty(tables, station, holder):
        raise Refused("Whoever is not on duty here is not watched here. Nothing was recorded; begin the duty first.")
