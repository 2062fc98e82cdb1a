"""A phone that tells a real server where it is, by OsmAnd's protocol; and where the station is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx2

from tests.watch.hand import Hand

#: A neutral place; metres north of it are this many degrees each.
LAT, LON = 52.0, 0.0
METRE = 1 / 111_195


def clock() -> datetime:
    return datetime.now(UTC)


class Phone:
    def __init__(self, hand: Hand, secret: str) -> None:
        self.hand, self.secret, self.shaken = hand, secret, 0

    def says(self, metres: float, at: datetime | None = None, **more: str) -> httpx2.Response:
        """A fix so far north of the station's middle; no two are quite alike, as no receiver's are."""
        self.shaken += 1
        lat = LAT + (metres + 0.01 * (self.shaken % 7)) * METRE
        stamp = f"{(at or clock()).timestamp():.3f}"
        asked = {"id": "x", "timestamp": stamp, "lat": f"{lat:.8f}", "lon": "0.0", "accuracy": "4", **more}
        answer = self.hand.server.reader.get(f"/fixes/{self.secret}", params=asked)
        assert answer.status_code == 200, answer.text
        return answer

    def was(self, metres: float, seconds_ago: float) -> httpx2.Response:
        return self.says(metres, clock() - timedelta(seconds=seconds_ago))


def phone(hand: Hand) -> Phone:
    """A new phone of the hand's own account; those of before are ended."""
    for one in re.findall(r"/watch/(mine/phones/\w+/end)", hand.page("mine/")):
        hand.does(one)
    page = hand.does("mine/phones", name="My phone").text
    return Phone(hand, re.findall(r"/fixes/(\w{40})</code>", page)[0])


def on_duty(hand: Hand, code: str, radius: str = "25", good_for: str = "30 s") -> str:
    """A station with an area, at which the hand's own account has begun its duty; duties of before are over."""
    for one in re.findall(r"/watch/(mine/\w+/end)\"", hand.page("mine/")):
        hand.does(one)
    station = hand.station(code)
    hand.does(f"{station}/area", lat=str(LAT), lon=str(LON), radius=radius, good_for=good_for)
    hand.does(f"{station}/post", holder=hand.me(station))
    hand.does(f"{station.replace('stations', 'mine')}/begin")
    return station
