"""What can happen to a plan of a site. Each plan is a stream."""

from __future__ import annotations

from heard.engine.entry import Body, written_as


@written_as("watch.plan_drawn")
class PlanDrawn(Body, frozen=True):
    """On the plan's stream: a picture of the site, in points. Drawn anew, stations keep their places on it."""

    name: str
    media: str
    width: int
    height: int


@written_as("watch.plan_placed")
class PlanPlaced(Body, frozen=True):
    """On the plan's stream: where a station stands on it, in per cent from the left and from the top."""

    station: str
    across: float
    down: float


@written_as("watch.plan_taken_off")
class PlanTakenOff(Body, frozen=True):
    """On the plan's stream: a station stands on it no more."""

    station: str


@written_as("watch.plan_withdrawn")
class PlanWithdrawn(Body, frozen=True):
    """On the plan's stream: it is shown to nobody any more."""
