"""A post, and how it stands with its alert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heard.accounts.commands import OPERATOR
from heard.coverage import alerts, commands

if TYPE_CHECKING:
    from tests.permissions.world import World


def alert_in(world: World, state: str) -> dict[str, str]:
    """The parts of an address of a post whose alert is in this state."""
    told = world._post(state if state in ("elsewhere", "unknown") else "published")
    if state not in ("none", "unknown"):
        world.do(alerts.call(world.house.doors, world.house.journal, told["post"], OPERATOR))
    if state == "called off":
        world.do(alerts.call_off(told["post"]))
    if state == "withdrawn":
        world.do(commands.retract(world.house.doors, told["post"]))
    return told
