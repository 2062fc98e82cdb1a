"""Plans of the site: a picture that somebody drew or took, and where on it the stations stand.

Nothing of it comes from outside, and nobody is on it: what stands on a plan is stations, never people.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from heard.cases.model import checked_words
from heard.engine import now
from heard.engine.entry import Body, Draft, Entry, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Fold, Tables
from heard.watch import model, projection
from heard.watch.plan_entries import PlanDrawn, PlanPlaced, PlanTakenOff, PlanWithdrawn

NAME_MAX = 100


class Plan(msgspec.Struct, frozen=True):
    """A picture under a name in `media`, in points."""

    id: str
    name: str
    media: str
    width: int
    height: int


class Placed(msgspec.Struct, frozen=True):
    """Where a station stands on a plan, in per cent from the left and from the top."""

    station: str
    across: float
    down: float


# What can be done -----------------------------------------------------------------------------------------------------


def draw_plan(name: str, media: str, width: int, height: int, *, plan: str = "") -> Command:
    """A new plan, or another picture of one. The caller keeps the picture before."""
    stream = plan or new_id()

    def judge(tables: Tables) -> Decision:
        if plan:
            of_plan(tables, plan)
        elif len(plans(tables)) >= model.MANY:
            raise Refused(f"There are at most {model.MANY} plans. Nothing was added; withdraw one that is not used.")
        body = PlanDrawn(checked_words(name, "name", NAME_MAX), media, width, height)
        return Decision((Draft(stream, body),), (stream,))

    return judge


def place(plan: str, station: str, across: float, down: float) -> Command:
    """Put a station on a plan, or elsewhere on it."""

    def judge(tables: Tables) -> Decision:
        of_plan(tables, plan)
        projection.station(tables, station)
        if not (0 <= across <= 100 and 0 <= down <= 100):
            raise Refused("A place on the plan is 0 to 100 per cent from the left and from the top. Nothing was moved.")
        return Decision((Draft(plan, PlanPlaced(station, round(across, 2), round(down, 2))),), (plan, station))

    return judge


def take_off(plan: str, station: str) -> Command:
    def judge(tables: Tables) -> Decision:
        of_plan(tables, plan)
        if all(one.station != station for one in placed(tables, plan)):
            raise Refused("That station does not stand on this plan. Nothing was changed.")
        return Decision((Draft(plan, PlanTakenOff(station)),), (plan,))

    return judge


def withdraw(plan: str) -> Command:
    """Show it to nobody any more."""

    def judge(tables: Tables) -> Decision:
        of_plan(tables, plan)
        return Decision((Draft(plan, PlanWithdrawn()),), (plan,))

    return judge


# What is known --------------------------------------------------------------------------------------------------------

_PLAN = "SELECT id, name, media, width, height FROM plan"


def plans(tables: Tables) -> list[Plan]:
    return [Plan(*row) for row in tables.execute(f"{_PLAN} ORDER BY name, id")]


def of_plan(tables: Tables, plan: str) -> Plan:
    """Raises NotFound for one that was withdrawn, too."""
    for row in tables.execute(f"{_PLAN} WHERE id = ?", (plan,)):
        return Plan(*row)
    raise NotFound("There is no such plan.")


def placed(tables: Tables, plan: str) -> list[Placed]:
    rows = tables.execute("SELECT station, across, down FROM plan_station WHERE plan = ? ORDER BY station", (plan,))
    return [Placed(*row) for row in rows]


SCHEMA = """
CREATE TABLE IF NOT EXISTS plan (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, media TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plan_station (
    plan TEXT NOT NULL, station TEXT NOT NULL, across REAL NOT NULL, down REAL NOT NULL, PRIMARY KEY (plan, station)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plan_picture (
    media TEXT NOT NULL, plan TEXT NOT NULL, drawn_at TEXT NOT NULL, gone_at TEXT, stations BLOB NOT NULL,
    PRIMARY KEY (media, plan)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS plan_picture_plan ON plan_picture (plan);
"""


def _drawn(tables: Tables, entry: Entry, body: PlanDrawn) -> None:
    _gone(tables, entry)
    shown = (body.media, entry.stream, now.text(entry.at))
    # One that is drawn back was shown before as well, and a hold may be of that time.
    tables.execute(
        "INSERT INTO plan_picture VALUES (?, ?, ?, NULL, '[]') ON CONFLICT (media, plan) DO UPDATE SET gone_at = NULL",
        shown,
    )
    plan = (entry.stream, body.name, body.media, body.width, body.height)
    tables.execute("INSERT OR REPLACE INTO plan VALUES (?, ?, ?, ?, ?)", plan)


def _gone(tables: Tables, entry: Entry) -> None:
    """The picture of a plan is shown to nobody from here on."""
    _stood(tables, entry.stream)
    gone = (now.text(entry.at), entry.stream)
    tables.execute("UPDATE plan_picture SET gone_at = ? WHERE plan = ? AND gone_at IS NULL", gone)


def _stood(tables: Tables, plan: str) -> None:
    """The stations that stand on a plan have stood on the picture that it shows, wherever they are afterwards."""
    here = {one.station for one in placed(tables, plan)}
    asked = "SELECT media, stations FROM plan_picture WHERE plan = ? AND gone_at IS NULL"
    for media, before in list(tables.execute(asked, (plan,))):
        stood = sorted(here | set(msgspec.json.decode(before, type=list[str])))
        tables.execute(
            "UPDATE plan_picture SET stations = ? WHERE media = ? AND plan = ?",
            (msgspec.json.encode(stood), media, plan),
        )


def _placed(tables: Tables, entry: Entry, body: PlanPlaced) -> None:
    where = (entry.stream, body.station, body.across, body.down)
    tables.execute("INSERT OR REPLACE INTO plan_station VALUES (?, ?, ?, ?)", where)


def _taken_off(tables: Tables, entry: Entry, body: PlanTakenOff) -> None:
    _stood(tables, entry.stream)
    tables.execute("DELETE FROM plan_station WHERE plan = ? AND station = ?", (entry.stream, body.station))


def _withdrawn(tables: Tables, entry: Entry, body: PlanWithdrawn) -> None:
    _gone(tables, entry)
    tables.execute("DELETE FROM plan WHERE id = ?", (entry.stream,))
    tables.execute("DELETE FROM plan_station WHERE plan = ?", (entry.stream,))


FOLDS: Mapping[type[Body], Fold] = {
    PlanDrawn: _drawn,
    PlanPlaced: _placed,
    PlanTakenOff: _taken_off,
    PlanWithdrawn: _withdrawn,
}
