"""Whole hours of fixes through the server's own routes, from HTTP to what rings: a synthetic one of which the truth is
known, and real receivers, in each format that phones send.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from heard.engine import now
from heard.opening import House
from heard.watch import areas
from heard.watch.areas import Area
from heard.watch.signals import TO_95, near
from tests.watch.played import JUST_AFTER, SENDERS, Played, Rung, in_order, played

NOON = datetime(2031, 3, 3, 12, tzinfo=UTC)
METRE = 1 / 111_195
#: Its fixes are out of the gate's circle for more than 20 s, by their centres.
WANDERS = "ublox-glo"
Log = list[dict[str, Any]]


def test_the_synthetic_hour_rings_as_it_must_when_its_phones_send_it(
    house: House, tmp_path: Path, shared_data: Path
) -> None:
    scene = json.loads((shared_data / "watch" / "scene-expect.json").read_text())
    lines = (shared_data / "watch" / "scene-evidence.ndjson").read_text().splitlines()
    obligation, count = scene["obligation"], scene["obligation"]["count"]

    async def plays(hour: Played) -> list[Rung]:
        station = hour.station("Gate G", Area(tuple(count["place"]), count["radius_m"], (), count["ttl_s"]))
        who, secrets = dict[str, str](), {"": hour.feed(station)}
        for name in count["group"]:
            who[name], secrets[name] = hour.on_duty(station, name.lower())
        how = dict(zip(count["group"], SENDERS, strict=True))
        for number, said in enumerate(in_order(map(json.loads, lines))):
            await hour.until(now.instant(said["r"]))
            name = said.get("who", "")
            await hour.says(secrets[name], how.get(name, "lines"), said)
            if number == 10:
                asked = {"within": f"{obligation['gap_s']} s", "wait": f"{obligation['wait_s']} s"}
                hour.arms(station, list(who.values()), state="open", at_least=str(count["at_least"]), **asked)
        await hour.until(now.instant(scene["until"]))
        return hour.rung()

    rung = played(house, now.instant("2026-03-22T11:59:59Z"), tmp_path, plays)
    assert rung == [_as_given(one) for one in scene["expect"]["alarms"]]


def _as_given(alarm: dict[str, Any]) -> Rung:
    """What rings at an instant is written down when it has passed; what is heard, when it is heard."""
    raised_at, cleared_at = now.instant(alarm["raised_at"]), now.instant(alarm["cleared_at"])
    proven_at = now.instant(alarm["upgraded_at"]) + JUST_AFTER if "upgraded_at" in alarm else None
    lapsed_at = now.instant(alarm["lapsed_at"])
    return Rung(alarm["kind"], lapsed_at, raised_at + JUST_AFTER, proven_at, cleared_at, alarm["cleared_by"])


def still_receivers(shared_data: Path) -> dict[str, Log]:
    logs: dict[str, Log] = defaultdict(list)
    for line in (shared_data / "watch" / "gpsd-tracks.ndjson").read_text().splitlines():
        fix = json.loads(line)
        if fix["still"]:
            logs[fix["log"]].append(fix)
    return logs


def rung_by(logs: dict[str, Log], house: House, folder: Path, within: str = "60 s") -> list[str]:
    """The kinds of what rings while each is the phone of an officer who stands 5 m from the middle of a gate."""

    async def plays(hour: Played) -> list[Rung]:
        lines = Log()
        place = (52.0 + 5 * METRE, 0.0)
        for how, (log, fixes) in zip(cycle(SENDERS), logs.items(), strict=False):
            station = hour.station(log, Area(place, 15, (), 90))
            holder, secret = hour.on_duty(station, log.lower())
            begins = {"kind": "position", "who": "x", "t": now.text(NOON), "lat": place[0], "lon": 0.0, "acc": 3}
            await hour.says(secret, how, begins)
            hour.arms(station, [holder], within=within)
            for fix in fixes:
                at = now.text(NOON + timedelta(seconds=1 + fix["s"]))
                acc = fix["eph"] / TO_95 if fix.get("eph") else None
                said = {"kind": "position", "who": "x", "t": at, "lat": fix["lat"], "lon": fix["lon"], "acc": acc}
                lines.append({"r": at, "said": said, "how": how, "secret": secret})
        for one in in_order(lines):
            await hour.until(now.instant(one["r"]))
            await hour.says(one["secret"], one["how"], one["said"])
        await hour.until(NOON + timedelta(seconds=1000))
        return hour.rung()

    return [one.kind for one in played(house, NOON, folder, plays)]


def test_real_receivers_near_the_gate_never_ring_as_a_lapse_when_their_phones_send_it(
    house: House, tmp_path: Path, shared_data: Path
) -> None:
    logs = still_receivers(shared_data)
    kinds = rung_by(logs, house, tmp_path)
    fixes = sum(map(len, logs.values()))
    print(
        f"{len(logs)} still receivers, {fixes} fixes: {kinds.count('unproven')} unproven, {kinds.count('lapse')} lapses"
    )
    assert set(kinds) == {"unproven"}


def test_control_an_area_that_believes_the_centre_of_a_circle_is_caught(
    house: House, tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gullible(place: Any, radius_m: float, lat: float, lon: float, acc: float | None) -> bool | None:
        return near(place, radius_m, lat, lon, acc, by_centre=True)

    monkeypatch.setattr(areas, "near", gullible)
    logs = {log: fixes for log, fixes in still_receivers(shared_data).items() if log == WANDERS}
    assert "lapse" in rung_by(logs, house, tmp_path, "20 s")


def test_a_receiver_that_wanders_for_twenty_seconds_is_not_known_to_have_left(
    house: House, tmp_path: Path, shared_data: Path
) -> None:
    """What the control is caught by."""
    logs = {log: fixes for log, fixes in still_receivers(shared_data).items() if log == WANDERS}
    assert "lapse" not in rung_by(logs, house, tmp_path, "20 s")
