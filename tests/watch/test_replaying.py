"""The pages that look back, of a server that was started on the record of an hour that is over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest

from heard.engine import now
from tests.server import Server, running
from tests.watch.an_hour import Past, past

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Past]]:
    data = tmp_path_factory.mktemp("past") / "data"
    hour = past(data)
    with running(data) as server:
        yield server, hour


def page(served: tuple[Server, Past], path: str) -> str:
    answer = served[0].client.get(path.format(station=served[1].station))
    assert answer.status_code == 200, answer.text
    return unescape(re.sub(r"\s+", " ", answer.text))


def at(served: tuple[Server, Past], instant: object) -> str:
    hour = served[1]
    return page(served, f"/watch/replay/?station={hour.station}&since={now.text(hour.since)}&at={instant}")


def row(shown: str, name: str) -> list[str]:
    """Both cells of a row: then, now."""
    [cells] = re.findall(rf'<th scope="row">{name}</th>(.*?)</tr>', shown)
    return [re.sub(r"<.*?>", "", cell).strip() for cell in re.findall(r"<td>(.*?)</td>", cells)]


def test_a_timeline_says_how_long_it_was_covered(served: tuple[Server, Past]) -> None:
    hour = served[1]
    span = f"since={now.text(hour.since)}&until={now.text(hour.since + 20 * MINUTE)}"
    shown = page(served, f"/watch/stations/{{station}}/timeline/?{span}")
    assert "14 of 20 minutes covered" in shown and "not kept for 6 min" in shown
    assert shown.count("The same as a table") == 2
    assert "Its time is over" not in shown and "@heard.example" not in re.sub(r"<header.*?</header>", "", shown)


def test_an_instant_is_shown_as_known_then_and_as_known_now_side_by_side(served: tuple[Server, Past]) -> None:
    shown = at(served, now.text(served[1].left_at + 2 * MINUTE))
    assert row(shown, "It is owed: present") == ["not known", "not kept (differs)"]
    assert row(shown, "People") == ["2 on duty: 1 here, 1 not known", "2 on duty: 1 here (differs)"]
    assert row(shown, "Its state") == ["open", "open"]
    later = at(served, now.text(served[1].told_at + 2 * MINUTE))
    assert row(later, "It is owed: present") == ["not kept", "not kept"]
    assert "Told of" in later and "closed the alarm" not in re.sub(r"<ol.*?</ol>", "", later)


def test_each_step_leads_to_the_next_and_the_hour_ends(served: tuple[Server, Past]) -> None:
    shown, seen = at(served, now.text(served[1].since)), 0
    while step := re.search(r'href="(\?[^"]*)">Next change<', shown):
        shown, seen = page(served, f"/watch/replay/{step[1]}"), seen + 1
        assert seen < 100
    assert seen >= 5 and "Change before" in shown
    end = at(served, now.text(served[1].since + 61 * MINUTE))
    assert "−10 s" in end and "+10 s" not in end and "Next change" not in end


def test_what_phones_sent_is_gone_and_nothing_stands_in_for_it(served: tuple[Server, Past]) -> None:
    shown = at(served, now.text(served[1].since))
    assert "Nothing is kept of what phones sent in this hour" in shown
    assert not re.search(r"\d{2}\.\d{5}", re.sub(r'href="[^"]*"', "", shown)), "no place is on the page"


NO_HOUR = [
    *("since=nonsense", "since=2031-01-01T00:00&at=x", "on=2999-01-01&from=00:00", "on=1&from=1"),
    "since=0001-01-01T00:00",
]


@pytest.mark.parametrize("asked", NO_HOUR)
def test_what_is_no_hour_is_refused_in_words(served: tuple[Server, Past], asked: str) -> None:
    answer = served[0].client.get(f"/watch/replay/?station={served[1].station}&{asked}")
    assert answer.status_code == 422 and 'role="alert"' in answer.text


def test_a_timeline_of_no_time_shows_the_last_two_hours_and_says_so(served: tuple[Server, Past]) -> None:
    for asked in ("since=x", "since=2001-01-01T00:00&until=2011-01-01T00:00", "since=2999-01-01T00:00"):
        answer = served[0].client.get(f"/watch/stations/{served[1].station}/timeline/?{asked}")
        assert answer.status_code == 422 and "Show it" in answer.text, asked
