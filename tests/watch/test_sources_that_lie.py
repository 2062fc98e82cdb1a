"""A source that goes silent, repeats itself, jumps, or lies about its clock or its place: over HTTP it is never taken
for present, the page of the station says why it is not known, and what must be kept rings as not proven.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from heard.engine import now
from heard.opening import House
from heard.signing_in import token_for
from heard.watch import tracks
from heard.watch.areas import Area
from heard.watch.tracks import WHY
from tests.watch.played import Played, played

NOON = datetime(2031, 3, 3, 12, tzinfo=UTC)
METRE = 1 / 111_195
EVERY_S, LASTS_S, GOOD_FOR_S = 10, 300, 60
#: Steps of a receiver that is alive: no two fixes are quite alike.
SHAKES = (0.0, 0.6, 0.2, 0.9, 0.4)


class Source:
    """A phone that says every ten seconds where it is: for a minute as it should, and then as it does."""

    def __init__(self, hour: Played, secret: str) -> None:
        self.hour, self.secret, self.said = hour, secret, 0

    async def says(self, metres: float = 3.0, how: str = "lines", at_s: float = 0.0, **more: Any) -> None:
        self.said += 1
        lat = 52 + (metres + SHAKES[self.said % len(SHAKES)]) * METRE
        at = now.text(self.hour.at + timedelta(seconds=at_s))
        fix = {"kind": "position", "who": "x", "t": at, "lat": lat, "lon": 0.0, "acc": 4.0, **more}
        await self.hour.says(self.secret, how, fix)


Lies = Callable[[Source], Coroutine[Any, Any, None]]


async def is_silent(source: Source) -> None:
    """Its battery is empty."""


async def repeats(source: Source) -> None:
    """The same fix, to the last digit, each time with a new time."""
    await source.says(lat=52.00003)


async def leaps(source: Source) -> None:
    """By turns here and 9 km away."""
    await source.says(3.0 if source.said % 2 else 9000.0)


async def is_ahead(source: Source) -> None:
    await source.says(at_s=600, how="osmand")


async def is_behind(source: Source) -> None:
    """An hour, as a phone in the wrong zone."""
    await source.says(at_s=-3600, how="osmand")


async def comes_late(source: Source) -> None:
    """Each fix is a second older than it is good for."""
    await source.says(at_s=-GOOD_FOR_S - 1, how="osmand")


async def is_mocked(source: Source) -> None:
    await source.says(mock=True)


async def is_typed(source: Source) -> None:
    await source.says(entered_by_hand=True)


async def says_no_error(source: Source) -> None:
    await source.says(acc=None, how="owntracks")


async def is_blurred(source: Source) -> None:
    await source.says(acc=40.0)


async def is_lost(source: Source) -> None:
    """Its broker says that the line is gone."""
    answer = await source.hour.client.post(f"/fixes/{source.secret}", json={"_type": "lwt", "tst": 1})
    assert answer.status_code == 200


LIES: list[tuple[Lies, str]] = [
    (is_silent, "silent"),
    (repeats, "repeats"),
    (leaps, "leapt"),
    (is_ahead, "ahead"),
    (is_behind, "silent"),
    (comes_late, "late"),
    (is_mocked, "mock"),
    (is_typed, "by hand"),
    (says_no_error, "no error"),
    (is_blurred, "edge"),
    (is_lost, "lost"),
]


def after(house: House, folder: Path, lies: Lies) -> tuple[bool | None, str, str, list[str]]:
    """What is written of the holder at the end, why, the station's page, and the kinds of what rang."""

    async def plays(hour: Played) -> tuple[bool | None, str, str, list[str]]:
        station = hour.station("Post 9", Area((52.0, 0.0), 25, (), GOOD_FOR_S))
        holder, secret = hour.on_duty(station, "kim")
        source = Source(hour, secret)
        await source.says()
        hour.arms(station, [holder], within="60 s")
        for second in range(EVERY_S, LASTS_S, EVERY_S):
            await hour.until(NOON + timedelta(seconds=second))
            await (source.says() if second <= 60 else lies(source))
        await hour.until(NOON + timedelta(seconds=LASTS_S))
        await hour.looks()
        token = token_for(house, "sam@heard.example", "read")
        page = await hour.client.get(f"/watch/stations/{station}/", headers={"Authorization": f"Bearer {token}"})
        step = hour.taking.now(holder, station)
        assert page.status_code == 200 and step is not None
        return hour.told(holder)[-1].present, step.why, unescape(page.text), [one.kind for one in hour.rung()]

    return played(house, NOON, folder, plays)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("lies", "why"), LIES, ids=[lies.__name__ for lies, _ in LIES])
def test_whoever_cannot_be_believed_is_never_present_and_the_page_says_why(
    house: House, tmp_path: Path, lies: Lies, why: str
) -> None:
    present, because, page, kinds = after(house, tmp_path, lies)
    assert (present, because) == (None, why)
    assert WHY[why] in page
    # What comes late shows that somebody was there, again and again, and never that they are.
    assert kinds == ([] if lies is comes_late else ["unproven"])


def test_who_says_where_they_are_is_present_and_rings_nothing(house: House, tmp_path: Path) -> None:
    """What the lies are told from."""
    present, because, page, kinds = after(house, tmp_path, lambda source: source.says())
    assert (present, because, kinds) == (True, "", [])
    assert not any(words in page for words in WHY.values())


def test_control_a_track_that_believes_whoever_leaps_is_caught(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracks, "LEAPS_M_S", 1e9)
    present, because, _, _ = after(house, tmp_path, leaps)
    assert (present, because) != (None, "leapt")
