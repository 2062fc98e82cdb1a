"""Arming weighs what phones say of themselves: error against the station, how often they speak against the gap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest

from heard.engine.errors import Refused
from heard.watch.areas import Area
from heard.watch.obligations import Count, Keep
from heard.watch.tracks import Placed
from heard.watch.weighing import Source, must_be_shown, source
from tests.server import Server, running
from tests.waiting import wait_until
from tests.watch.gate import NOON
from tests.watch.hand import Hand
from tests.watch.phone import LAT, LON, on_duty, phone

#: 33 m by 22 m.
SQUARE = ((52.0, 0.0), (52.0, 0.00048), (52.0002, 0.00048), (52.0002, 0.0))


def weighs(sources: list[Source], *, radius: float = 15, gap_s: float = 60, needed: int = 1, others: int = 0) -> str:
    """What it is refused with; nothing where it is not."""
    area = Area((52.0, 0.0), radius) if radius else Area((52.0001, 0.0002), corners=SQUARE)
    try:
        must_be_shown(Keep(count=Count(("a", "b")), gap_s=gap_s), area, sources, needed, others)
    except Refused as refused:
        return refused.message
    return ""


@pytest.mark.parametrize(
    ("what", "sources", "asked", "says"),
    [
        ("well within", [Source(6.5, 5)], {}, ""),
        ("as far off as the station reaches", [Source(15, 5)], {}, "off by up to 15 m"),
        ("a larger one would do", [Source(24, 5)], {}, "a radius of 48 m would do"),
        ("and does", [Source(24, 5)], {"radius": 48}, ""),
        ("off by more than half a narrow polygon", [Source(11.2, 5)], {"radius": 0}, "reaches 11 m"),
        ("within it", [Source(10, 5)], {"radius": 0}, ""),
        ("it says no error", [Source(None, 5)], {}, "let them send their accuracy"),
        ("one of two is enough for one", [Source(40, 5), Source(6, 5)], {}, ""),
        ("and not for two", [Source(40, 5), Source(6, 5)], {"needed": 2}, "off by up to 40 m"),
        ("whose phone is not known may be enough", [Source(40, 5)], {"others": 1}, ""),
        ("speaks as often as the gap is long", [Source(6, 60)], {}, ""),
        ("speaks once a minute of ten seconds", [Source(6, 60)], {"gap_s": 10}, "a gap of 60 s or more would do"),
        ("or speaks oftener", [Source(6, 60)], {"gap_s": 10}, "phones that speak every 5 s"),
        ("nobody has a phone", [], {"others": 2, "needed": 2}, ""),
    ],
)
def test_what_its_sources_cannot_show_is_refused_with_what_would_do(
    what: str, sources: list[Source], asked: dict[str, float], says: str
) -> None:
    found = weighs(sources, **asked)  # type: ignore[arg-type]
    assert says in found and bool(says) == bool(found), what
    assert not found or "Nothing was armed" in found


def fixes(apart_s: float, *accs: float | None) -> list[Placed]:
    at = [NOON + timedelta(seconds=number * apart_s) for number in range(len(accs))]
    return [Placed(when, when, LAT, LON, acc) for when, acc in zip(at, accs, strict=True)]


def test_the_least_exact_of_the_last_fixes_counts_and_the_usual_time_between_them() -> None:
    assert source(fixes(5, 4, 4)) is None, "two fixes say nothing of how a phone is"
    assert source(fixes(5, 90, *([4] * 19), 8)) == Source(1.6215 * 8, 5), "the first is too long ago"
    assert source(fixes(5, None, None, 0)) == Source(None, 5)
    late = [*fixes(5, 4, 4, 4, 4), Placed(NOON + timedelta(hours=1), NOON, LAT, LON, 4)]
    assert source(late) == Source(1.6215 * 4, 5), "once silent for long is not seldom"
    gone = [Placed(one.at, one.at, said="outside") for one in fixes(5, 4, 4, 4)]
    assert source(gone) == Source(0, 5), "of who is far away no error is kept"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("weighed") / "data") as server:
        yield server


def test_it_is_weighed_where_it_is_armed_on_the_page_and_over_the_api(served: Server) -> None:
    hand = Hand(served)
    station = on_duty(hand, "Post 7", radius="25")
    mine = phone(hand)
    for metres in (3, 4, 3, 5):
        mine.says(metres, accuracy="20")
    me = hand.me(station)
    asked = {"sort": "present", "within": "60 s", "supervisor": me, "to_1": me, f"in-{me}": "on", "title": "is kept"}
    refused = hand.client.post(f"/watch/{station}/arm", data=asked)
    [said] = re.findall(r'role="alert">(.*?)<', unescape(refused.text))
    assert refused.status_code == 422 and "off by up to 32 m, and the station reaches 25 m" in said
    assert "a radius of 65 m would do" in said and 'value="is kept"' in refused.text
    keep = {"op": "keep", "count": {"group": ["admin@heard.example"], "station": station[9:]}, "gap_s": 60}
    keep |= {"while": {"duty": station[9:]}, "escalate": [{"after_s": 0, "to": "admin@heard.example"}]}
    new = {"title": "is kept", "supervisor": "admin@heard.example", "obligation": keep}
    by_api = served.client.post(f"/api/v1/watch/{station}/obligations", json=new)
    assert by_api.status_code == 422 and "a radius of 65 m would do" in by_api.text
    assert hand.client.get("/api/v1/watch/obligations").json()["items"] == []
    hand.does(f"{station}/area", lat=str(LAT), lon=str(LON), radius="65", good_for="30 s")
    mine.says(3, accuracy="20")
    wait_until(lambda: "Your phone says that you are here" in hand.page("mine/"))
    hand.does(f"{station}/arm", **asked)
