"""How addressees stand: words that are true of what is known, and of no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest

from heard.opening import House
from heard.reports import clocks, commands, figures, projection, standing
from heard.reports.model import Addressee, Standing
from heard.reports.register import Register
from heard.reports.shown import Shown
from tests.reports.register import SCRAPED, client_of, line, read, register_of, scraped, shown, table


def words(register: Register, slug: str, on: str) -> list[str]:
    one = shown(register, slug)
    return [stand.words for stand in standing.stands(one, register.days_read(one.id), date.fromisoformat(on))]


def test_none_is_published_only_where_somebody_looked_after_the_last_day(house: House, tmp_path: Path) -> None:
    read(house, table(line(1), line(2, dated="01/05/2021")), "2021-06-01")
    register = register_of(house, tmp_path)
    assert words(register, "2021-0001", "2021-04-01") == ["awaited; the last day is 28 April 2021"]
    assert words(register, "2021-0001", "2021-06-01") == ["no response published"]
    assert words(register, "2021-0002", "2021-12-01") == ["not known since 1 June 2021"]


def test_what_is_worked_out_while_a_reading_comes_in_is_of_the_readings_before(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(house, table(line(1), line(2, dated="01/04/2021")), "2021-05-01")
    register, on, stands = register_of(house, tmp_path), date(2021, 12, 1), standing.stands

    def slowly(one: Shown, days: Sequence[date], at: date) -> Sequence[standing.Stand]:
        """A thread that works it out is overtaken by the loop."""
        monkeypatch.setattr(standing, "stands", stands)
        found = stands(one, days, at)
        read(house, table(line(1), line(2, dated="01/04/2021")), "2021-11-01")
        register.follow_all()
        return found

    monkeypatch.setattr(standing, "stands", slowly)
    assert register.stands(on)
    (tmp_path / "another").mkdir()
    assert register.stands(on) == register_of(house, tmp_path / "another").stands(on)


def test_a_count_says_how_many_and_not_whose(house: House, tmp_path: Path) -> None:
    read(house, table(line(1, sent="Harbour Board | Home Office", replies=1)), "2021-06-01")
    register = register_of(house, tmp_path)
    assert words(register, "2021-0001", "2021-06-01") == ["responses are published; whose they are is not known"] * 2
    assert standing.by_tracker(shown(register, "2021-0001"), date(2021, 6, 1)) == "partial"


def test_a_link_names_whose_response_it_is(house: House, tmp_path: Path) -> None:
    links = (
        "https://example.org/2021-0001-Response-from-Home-Office.pdf | https://example.org/2021-0001-second-version.pdf"
    )
    read(house, table(scraped(1, sent="Harbour Board; Home Office", replies=links), columns=SCRAPED), "2021-06-01")
    register = register_of(house, tmp_path)
    assert words(register, "2021-0001", "2021-06-01") == [
        "no response published",
        "response published; its date is not known",
    ]
    assert (
        standing.by_tracker(shown(register, "2021-0001"), date(2021, 6, 1)) == "completed"
    )  # the other rule counts both


def test_nobody_is_said_to_have_none_while_a_response_is_nobodys_by_name(house: House, tmp_path: Path) -> None:
    asked = "Harbour Board; Home Office; Network Rail"
    link = "https://example.org/2021-0001-Response-from-Home-Office.pdf"
    read(house, table(scraped(1, sent=asked, replies=link), columns=SCRAPED), "2021-06-01")
    read(house, table(line(1, sent=asked.replace("; ", " | "), replies=2)), "2021-09-01")
    register = register_of(house, tmp_path)
    one = shown(register, "2021-0001")
    stands = standing.stands(one, register.days_read(one.id), date(2021, 9, 1))
    assert [stand.state for stand in stands] == ["responses counted", "response published", "responses counted"]


def test_a_late_response_is_a_day_and_a_question_and_no_reproach(house: House, tmp_path: Path) -> None:
    read(house, table(line(1)), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    house.node.do(commands.record_response(report, "Harbour Board", dated_on=date(2021, 5, 3)), by="editor")
    register = register_of(house, tmp_path)
    assert words(register, "2021-0001", "2021-06-01") == ["response dated 3 May 2021, day 61; extension: not known"]
    assert words(register, "2021-0001", "2021-04-01") == ["awaited; the last day is 28 April 2021"]
    house.node.do(commands.record_extension(report, "Harbour Board", date(2021, 5, 12)), by="editor")
    register.follow_all()
    assert words(register, "2021-0001", "2021-06-01") == ["response dated 3 May 2021, day 61"]


def test_whoever_is_hidden_keeps_the_days_that_were_given(house: House, tmp_path: Path) -> None:
    """The control: a second who is called alike since, so that nobody knows whose they are."""
    names = ("Dr Quillon Marrow", "Dr Tam Oxe")
    read(house, table(line(1, sent=" | ".join(names))), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    house.node.do(commands.record_sending(report, names[0], date(2021, 3, 10)), by="editor")
    house.node.do(commands.record_extension(report, names[0], date(2021, 9, 9)), by="editor")
    register = register_of(house, tmp_path)

    def dues() -> list[tuple[str, date]]:
        return [(due.started_by, due.on) for due in register.of(report).dues if due]

    given, counted = ("sent", date(2021, 9, 9)), ("dated", date(2021, 4, 28))
    assert dues() == [given, counted]
    for hidden, then in (("Quillon Marrow", [given, counted]), ("Tam Oxe", [counted, counted])):
        house.node.do(commands.hide_names(report, ["Quillon Marrow", hidden], "asked"), by="editor")
        house.node.catch_up()
        register.follow_all()
        assert dues() == then and "Marrow" not in repr(register.of(report))


def test_it_is_a_source_that_tells_of_responses_by_which_none_is_published(house: House, tmp_path: Path) -> None:
    read(house, table(line(1)), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    house.node.do(commands.tell_of(report, "pdf", date(2021, 7, 1), {"circumstances": "It was dark."}), by="editor")
    page = client_of(house, register_of(house, tmp_path), tmp_path).get("/reports/2021-0001/").text
    assert "by the Preventable Deaths Tracker, last read on 1 June 2021" in page and "the report as a PDF, read" in page


def test_statuses_can_be_worked_out_as_of_any_day_that_was_read(house: House, tmp_path: Path) -> None:
    read(house, table(line(1)), "2021-06-01")
    read(house, table(line(1, replies=1)), "2021-09-01")
    register = register_of(house, tmp_path)
    one = shown(register, "2021-0001")
    assert [standing.by_tracker(one, date(2021, month, 2)) for month in (6, 8, 9)] == [
        "overdue",
        "overdue",
        "completed",
    ]


def test_an_interim_reply_is_no_response(house: House, tmp_path: Path) -> None:
    read(house, table(line(1)), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    house.node.do(
        commands.record_response(report, "Harbour Board", dated_on=date(2021, 4, 1), answer="interim"), by="editor"
    )
    register = register_of(house, tmp_path)
    one = shown(register, "2021-0001")
    stands = standing.stands(one, register.days_read(one.id), date(2021, 6, 1))
    assert (stands[0].state, standing.standing(stands)) == ("interim reply", "partly")


def test_who_is_answered_by_count_alone_is_said_to_be_answered_and_not_unknown() -> None:
    """As many responses as addressees are published, and no link names any: each is answered, on no known day."""
    due = clocks.due(date(2021, 3, 3))
    stand = standing.Stand(Addressee("Harbour Board", "harbour-board"), due, "response published", None, None, None)
    assert stand.words == "response published; its date is not known"


def test_every_standing_is_said_in_one_place_in_words_of_its_own() -> None:
    assert set(standing.SAID) == set(get_args(Standing))
    assert len({words for both in standing.SAID.values() for words in both}) == 2 * len(standing.SAID)


def test_figures_say_how_much_is_answered_of_what_has_been_over_for_how_long(house: House, tmp_path: Path) -> None:
    asked = [line(number, replies=number % 2) for number in range(1, 5)]  # their last day is 28 April 2021
    newer = [line(5, dated="01/03/2022"), line(6, dated="01/06/2022")]  # 26 April 2022; the other is awaited still
    read(house, table(*asked), "2021-06-01")
    read(house, table(*asked, *newer), "2022-07-01")
    register = register_of(house, tmp_path)

    def told(on: date) -> list[tuple[str, int, int, str]]:
        [ago] = [one for one in figures.figures(register, on) if one.name == "ago"]
        return [(one.name, one.requests, one.answered, one.share) for one in ago.lines]

    assert told(date(2022, 7, 1)) == [("8 to 26 weeks ago", 1, 0, "0 %"), ("one to two years ago", 4, 2, "50 %")]
    assert told(date(2022, 4, 26)) == [("half a year to a year ago", 4, 2, "50 %")], "on the last day it is not past"
    assert told(date(2022, 4, 27))[0][:2] == ("up to 8 weeks ago", 1)


def test_where_nothing_is_known_a_figure_says_so_and_never_nought_of_nought(house: House, tmp_path: Path) -> None:
    """Of 2021 nobody looked since the last day, of 2022 all are awaited still, of 2020 one is known."""
    asked = [line(1), line(2), line(3, dated="01/06/2022"), line(4, dated="03/03/2020", replies=1)]
    read(house, table(*asked), "2021-04-01")
    register, on = register_of(house, tmp_path), date(2022, 6, 2)
    [years] = [one for one in figures.figures(register, on) if one.name == "years"]
    assert [(one.name, one.share, one.said) for one in years.lines] == [
        ("2020", "100 %", "1 of 1 (100 %)"),
        ("2021", "nothing is known", "nothing is known"),
        ("2022", "all are awaited", "all are awaited"),
    ]
    drawn = figures.picture(years)
    assert "nothing is known" in drawn and "all are awaited" in drawn and "0 of 0" not in drawn
    client = client_of(house, register, tmp_path)
    every = [client.get("/reports/figures/").text]
    every += [client.get(f"/reports/figures/years.{form}").text for form in ("csv", "svg")]
    assert all("nothing is known" in one and "0 of 0" not in one and "–," not in one for one in every)


def test_a_report_whose_addressees_nobody_counted_says_that_and_no_nought_of_nought(
    house: House, tmp_path: Path
) -> None:
    read(house, table(line(1)), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    nobody = {"counted_sent": "0", "counted_replies": "0"}
    house.node.do(commands.tell_of(report, "tracker", date(2021, 7, 1), nobody), by="operator")
    page = client_of(house, register_of(house, tmp_path), tmp_path).get("/reports/2021-0001/").text
    assert "how many were asked is not known to it, no published, 1 July 2021" in page and "0 of 0" not in page


def of_every_sort(house: House, folder: Path) -> Register:
    """Counted thrice, answered by one and by none, in the interim, extended, sent late, undated, asked of nobody."""
    two = "Harbour Board | Home Office"
    rows = [line(1, sent=two), line(2), line(3, sent=two), line(4), line(5, dated=""), line(6, sent="")]
    read(house, table(*rows), "2021-04-10")
    read(house, table(line(1, sent=two, replies=1), *rows[1:]), "2021-05-20")
    read(house, table(line(1, sent=two, replies=2), *rows[1:]), "2021-09-01")
    ids = [projection.by_slug(house.tables, f"2021-000{number}") for number in range(1, 7)]
    for report, dated_on, answer in ((2, 18, "interim"), (2, 28, "not read"), (3, 30, "not read")):
        responded = {"dated_on": date(2021, 4, dated_on), "answer": answer}
        house.node.do(commands.record_response(ids[report], "Harbour Board", **responded), by="editor")
    house.node.do(commands.record_extension(ids[3], "Harbour Board", date(2021, 7, 1)), by="editor")
    house.node.do(commands.record_sending(ids[4], "Harbour Board", date(2021, 3, 20)), by="editor")
    return register_of(house, folder)


@pytest.mark.parametrize("is_the_day_after_known", [True, False])
def test_the_course_of_a_report_says_of_every_day_what_is_worked_out_for_it(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_the_day_after_known: bool
) -> None:
    """The control: nothing changes the day after a last day."""
    register = of_every_sort(house, tmp_path)
    if not is_the_day_after_known:
        monkeypatch.setattr(standing, "timedelta", lambda days: timedelta(0))
    days = [date(2021, 2, 1) + timedelta(days) for days in range(260)] + [date.min, date.max, date(1999, 1, 1)]
    wrong = set[str]()
    for on in days:
        told = register.standings(on)
        worked_out = {one: standing.standing(stands) for one, stands in register.stands(on).items()}
        wrong |= {one for one, found in worked_out.items() if found != told[one]}
    assert bool(wrong) != is_the_day_after_known
    assert len({*register.standings(date(2021, 5, 1)).values()}) > 2


def test_what_is_known_of_one_day_is_not_lost_to_another(house: House, tmp_path: Path) -> None:
    """Whoever asks for another day makes nobody who asks for today wait: what hangs on no day is counted once."""
    register = of_every_sort(house, tmp_path)
    before = register.each("courses", None, standing.course)
    for on in (date(2021, 4, 1), date(2021, 6, 1)):
        assert register.standings(on)
    asked = projection.by_slug(house.tables, "2021-0004")
    house.node.do(commands.tell_of(asked, "tracker", date(2021, 10, 1), {"replies": "https://a.example/x"}), by="o")
    house.node.catch_up()
    register.follow_all()
    after = register.each("courses", None, standing.course)
    assert {report for report, one in after.items() if one is not before[report]} == {asked}
