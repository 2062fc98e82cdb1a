"""Fragments as the templates write them: times, notices and what is never guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from heard import templates
from heard.cases.model import Case
from heard.coverage.elements import Embed, Image, Quote, Setting, Text
from heard.coverage.model import Coverage, Notice
from heard.coverage.shown import Shown
from heard.engine.clock import Clock

AT = datetime(2031, 7, 3, 13, 5, tzinfo=UTC)
CASE = Case("c", "the-case", "The case", "", "Europe/London", "r", AT)


def shown(**told: object) -> Shown:
    plain: dict[str, object] = dict.fromkeys(Shown.__struct_fields__, "")
    plain |= {"id": "abcd", "kind": "post", "status": "published", "section": "live", "place": "1", "position": 1}
    plain |= {
        "published_at": AT,
        "said_at": None,
        "written_at": None,
        "updated_at": None,
        "elements": (),
        "notices": (),
    }
    return Shown(**(plain | {"key_event": False, "pinned": False} | told))  # type: ignore[arg-type]


def post(**told: object) -> str:
    return templates.render("coverage/post.html", post=shown(**told), case=CASE)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def test_time_is_told_in_the_zone_of_the_court_and_for_machines_in_utc() -> None:
    html = post(elements=(Text("Words."),))
    assert '<time datetime="2031-07-03T13:05:00Z">' in html
    assert words(html).startswith("14:05 3 Jul 2031")


def test_time_that_was_not_recorded_is_said_to_be_so_and_not_invented() -> None:
    html = post(elements=(Text("Words."),), published_at=None, updated_at=AT)
    assert words(html).startswith("time not recorded updated at source 14:05, 3 Jul 2031")


@pytest.mark.parametrize(("minutes", "told"), [(0.5, False), (1, False), (2, True)])
def test_both_times_are_told_when_they_differ_by_more_than_a_minute(minutes: float, told: bool) -> None:
    html = post(elements=(Text("Words."),), said_at=AT - timedelta(minutes=minutes))
    assert ("said at" in html) == told


@pytest.mark.parametrize("status", ["retracted", "erased", "withheld"])
def test_withdrawn_post_says_nothing_but_its_notice(status: str) -> None:
    notices = () if status == "withheld" else (Notice("retracted", AT, "It was withdrawn."),)
    html = post(status=status, notice="It was withdrawn.", notices=notices, elements=(Text("SECRET"),), title="SECRET")
    assert "SECRET" not in html and "It was withdrawn." in html
    assert 'data-gone="1"' in html
    assert ("(14:05, 3 Jul 2031)" in words(html)) == (status != "withheld")


def test_old_words_are_folded_away_and_only_there_when_they_were_given() -> None:
    told = Notice("corrected", AT, "A figure was wrong.", "eleven")
    assert "<details><summary>As it was before</summary><p>eleven</p></details>" in post(notices=(told,))
    assert "<details>" not in post(notices=(Notice("corrected", AT, "A figure was wrong."),))


SETTINGS: dict[Setting, str] = {
    "evidence": "in evidence, word for word",
    "from the gallery": "from the gallery, word for word",
    "not recorded": "word for word",
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_quotation_tells_speaker_role_setting_and_whether_it_is_word_for_word(setting: Setting) -> None:
    told = words(post(elements=(Quote("I saw it.", "Ann Ode", "witness", "verbatim", setting),)))
    assert f"“I saw it.” Ann Ode, witness {SETTINGS[setting]}" in told
    reported = words(post(elements=(Quote("She saw it.", "Ann Ode", "witness", "reported", setting),)))
    assert "“" not in reported and "reported, not word for word" in reported


def test_nothing_is_fetched_for_an_embed_and_its_words_are_escaped() -> None:
    html = post(elements=(Embed("X", "https://example.org/<b>", "A <i>title</i>"), Image("<alt>")), title="<script>")
    assert "<iframe" not in html and "<img" not in html and "<script" not in html and "<i>" not in html
    assert 'href="https://example.org/&lt;b&gt;"' in html


@pytest.mark.parametrize(
    ("state", "due_at", "told"),
    [
        ("announced", None, "Announced Coverage has not begun. This page will say when it does."),
        ("live", None, "Live since 14:05, 3 Jul 2031"),
        ("paused", None, "Paused at 14:05, 3 Jul 2031."),
        ("paused", AT + timedelta(hours=1), "Paused at 14:05, 3 Jul 2031. Due back at 15:05."),
        ("paused", AT + timedelta(days=1), "Paused at 14:05, 3 Jul 2031. Due back at 14:05 on Friday 4 July 2031."),
        ("closed", None, "As it happened Coverage closed at 14:05, 3 Jul 2031."),
    ],
)
def test_state_is_told_in_words_with_its_time(state: str, due_at: datetime | None, told: str) -> None:
    coverage = Coverage("c", state, AT, "", Clock(AT, due_at) if due_at else None, "", None, "", 1)  # type: ignore[arg-type]
    assert words(templates.render("coverage/state.html", coverage=coverage, case=CASE, care=())) == told


def test_a_pause_that_ran_over_is_told_to_readers() -> None:
    coverage = Coverage("c", "paused", AT, "", Clock(AT, AT + timedelta(hours=1)), "", None, "", 1, overran=True)
    told = words(templates.render("coverage/state.html", coverage=coverage, case=CASE, care=()))
    assert told == "Paused at 14:05, 3 Jul 2031. Due back at 15:05, which has passed."


def test_every_fragment_is_one_element_also_when_it_is_empty() -> None:
    coverage = Coverage("c", "live", AT, "", None, "", None, "", 1)
    for name, context in {
        "state": {"coverage": coverage, "care": ()},
        "summary": {"coverage": coverage},
        "key": {"events": []},
        "pinned": {"post": None},
    }.items():
        html = templates.render(f"coverage/{name}.html", case=CASE, **context)
        assert re.fullmatch(rf'<(\w+) id="{name}".*</\1>', html, re.DOTALL), html


def test_name_that_the_context_lacks_is_an_error() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        templates.render("coverage/state.html", case=CASE)
