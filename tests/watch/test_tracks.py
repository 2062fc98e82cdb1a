"""What fixes say, instant by instant: against an evaluation that is slow and plain, and trap by trap."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest

from heard.watch import tracks
from heard.watch.areas import Area
from heard.watch.tracks import Placed, Step, Track, believed, corrections, without_place

T0 = datetime(2031, 3, 3, 12, tzinfo=UTC)
METRE = 1 / 111_195
POST = Area((52.0, 0.0), 20, (), 30)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def fix(seconds: float, metres: float, acc: float | None = 4, received: float | None = None, said: str = "") -> Placed:
    heard = at(seconds if received is None else received)
    return Placed(at(seconds), heard, 52 + metres * METRE, 0.0, acc, None, said)


def said(*fixes: Placed, until: float = 1000) -> list[tuple[float, bool | None, str]]:
    """The steps that a track says, heard one by one, in seconds."""
    track = Track(POST, T0)
    for one in fixes:
        track.hear([believed(one)], one.received_at)
    return [((one.at - T0).total_seconds(), one.present, one.why) for one in track.steps(at(until), T0)]


# Trap by trap ---------------------------------------------------------------------------------------------------------


def test_a_fix_is_good_for_a_while_and_then_it_is_not_known() -> None:
    assert said(fix(10, 3), fix(35, 4)) == [(0, None, "silent"), (10, True, ""), (65, None, "silent")]


def test_away_is_not_there_and_silence_is_not_away() -> None:
    assert said(fix(10, 3), fix(20, 60)) == [(0, None, "silent"), (10, True, ""), (20, False, ""), (50, None, "silent")]


def test_a_clock_that_is_ahead_shows_nothing_and_blinds_nobody() -> None:
    assert said(fix(10, 3), fix(620, 3, received=20), fix(25, 3.1)) == [
        (0, None, "silent"), (10, True, ""), (20, None, "ahead"), (25, True, ""), (55, None, "silent"),
    ]  # fmt: skip


def test_a_word_that_comes_later_than_it_is_good_for_is_late() -> None:
    found = said(fix(10, 3, received=45))
    assert found == [(0, None, "silent"), (10, True, ""), (40, None, "late")]


def test_the_same_place_again_and_again_is_good_no_longer_than_once() -> None:
    repeats = [fix(10 + n, 3) for n in range(60)]
    assert said(*repeats) == [(0, None, "silent"), (10, True, ""), (40, None, "repeats")]
    moving = [fix(10 + n, 3 + n % 2 / 10) for n in range(60)]
    assert said(*moving) == [(0, None, "silent"), (10, True, ""), (99, None, "silent")]


def test_who_leaps_from_place_to_place_is_nowhere_for_as_long_as_a_fix_is_good() -> None:
    found = said(fix(10, 9000), *(fix(11 + n, 3 + n % 3) for n in range(60)), until=60)
    assert found == [(0, None, "silent"), (10, False, ""), (11, None, "leapt"), (41, True, "")]


def test_walking_and_riding_are_no_leaps() -> None:
    found = said(*(fix(10 + n, 580 - 20 * n) for n in range(30)), until=39)
    assert [present for _, present, _ in found] == [None, False, None, True]


def test_a_link_that_is_lost_is_not_known_at_once() -> None:
    assert said(fix(10, 3), fix(12, 0, said="lost"))[-1] == (12, None, "lost")


def test_of_who_is_far_away_no_place_is_kept() -> None:
    far = without_place(fix(10, 900), POST)
    assert (far.lat, far.lon, far.acc, far.said) == (None, None, None, "outside")
    assert without_place(fix(10, 60), POST) == fix(10, 60)
    track = Track(POST, T0)
    track.hear([far], at(11))
    assert track.now(at(11)) == Step(at(11), False)


def test_late_fixes_put_the_past_right() -> None:
    track = Track(POST, T0)
    recorded = list[Step]()
    for heard, now in (([fix(10, 3)], 100), ([fix(110, 3.1)], 110), ([fix(39, 3.2, received=112)], 112)):
        since = track.hear(heard, at(now))
        assert since is not None
        recorded = _written(recorded, corrections(recorded, track.steps(at(now), since), since))
    assert [((one.at - T0).total_seconds(), one.present) for one in recorded] == [
        (10, True), (40, True), (69, None), (110, True),
    ]  # fmt: skip


# Against a slow evaluation --------------------------------------------------------------------------------------------


def _written(recorded: list[Step], found: list[Step]) -> list[Step]:
    kept = {one.at: one for one in recorded} | {one.at: one for one in found}
    return [kept[when] for when in sorted(kept)]


def _slowly(fixes: list[Placed], when: datetime) -> bool | None:
    """The rules in the words of the page, for one instant, from all fixes."""
    known = sorted((one for one in fixes if one.at <= when), key=lambda one: one.at)
    if not known:
        return None
    good_for = timedelta(seconds=POST.good_for_s)
    last, placed = known[-1], [one for one in known if not one.said]
    if last.said or last.acc is None or when >= last.at + good_for:
        return None
    same = last.at
    for one in reversed(placed):
        if (one.lat, one.lon, one.acc) != (last.lat, last.lon, last.acc):
            break
        same = one.at
    if when >= same + good_for:
        return None
    for before, after in pairwise(placed):
        assert before.lat is not None and after.lat is not None
        metres = abs(before.lat - after.lat) / METRE
        errors = 1.6215 * ((before.acc or 100) + (after.acc or 100))
        quick = metres > errors + 70 * max(1.0, (after.at - before.at).total_seconds())
        if quick and last.at < after.at + good_for:
            return None
    assert last.lat is not None
    distance, error = abs(last.lat - 52) / METRE, 1.6215 * last.acc
    return True if distance + error <= 20 else False if distance - error > 20 else None


def _story(drawn: random.Random) -> list[Placed]:
    """Fixes in the order in which they are received: late ones, doubled ones, and every trap."""
    fixes, received, metres = list[Placed](), 0.0, 5.0
    for _ in range(drawn.randint(5, 40)):
        received += drawn.choice([0.5, 2, 5, 11, 40])
        metres = drawn.choice([metres, metres + 0.5, 3.0, 14.5, 40.0, 130.0, 9000.0])
        stamp = received - drawn.choice([0, 0, 0, 0, 3, 20, 70]) if drawn.random() > 0.05 else received + 300
        acc = drawn.choice([4, 4, 4, 4.5, 30, None])
        trap = drawn.choice(["mock", "lost", "by hand"]) if drawn.random() < 0.06 else ""
        one = believed(fix(stamp, metres, acc, received, trap))
        if all(one.at != other.at for other in fixes):
            fixes.append(one)
            if drawn.random() < 0.1:
                fixes.append(msgspec.structs.replace(one))
    return fixes


def _differs(seed: int, hear: Callable[[Track, list[Placed], datetime], datetime | None]) -> bool:
    """Whether what is written down, change by change, is ever other than what the slow evaluation says."""
    drawn = random.Random(seed)
    fixes = _story(drawn)
    track, recorded, known, n = Track(POST, T0 - timedelta(hours=1)), list[Step](), list[Placed](), 0
    while n < len(fixes):
        batch = fixes[n : n + drawn.choice([1, 1, 1, 4])]
        n += len(batch)
        now = batch[-1].received_at
        known += batch
        # Time has passed meanwhile, and what was known may have ended by itself.
        ends_at = track.ends_at()
        if ends_at is not None and ends_at <= now:
            recorded = _written(recorded, corrections(recorded, track.steps(now, ends_at), ends_at))
        since = hear(track, batch, now)
        if since is not None:
            recorded = _written(recorded, corrections(recorded, track.steps(now, since), since))
        for _ in range(12):
            when = now - timedelta(seconds=drawn.uniform(0, 120))
            told = next((one.present for one in reversed(recorded) if one.at <= when), None)
            if told is not _slowly(known, when) or track.present(now) is not track.now(now).present:
                return True
    return False


@pytest.mark.parametrize("hundred", range(10))
def test_what_is_written_down_is_what_a_slow_evaluation_says(hundred: int) -> None:
    wrong = [seed for seed in range(hundred * 100, hundred * 100 + 100) if _differs(seed, Track.hear)]
    assert wrong == []


def test_control_a_track_that_does_not_put_the_past_right_is_caught() -> None:
    def forgetful(track: Track, batch: list[Placed], now: datetime) -> datetime | None:
        newest = track.newest()
        return track.hear([one for one in batch if newest is None or one.at > newest.at], now)

    assert any(_differs(seed, forgetful) for seed in range(30))


def test_control_a_track_that_believes_every_leap_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracks, "LEAPS_M_S", 1e9)
    assert any(_differs(seed, Track.hear) for seed in range(30))
