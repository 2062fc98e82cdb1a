"""The statutory clock, with dates that are named for what is special about them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.reports import clocks

LONDON = ZoneInfo("Europe/London")
DAYS = st.dates(date(1970, 1, 1), date(2037, 12, 31))


@pytest.mark.parametrize(
    ("special", "dated", "last_day"),
    [
        ("the Westminster report, over Christmas", date(2018, 12, 19), date(2019, 2, 13)),
        ("over a leap day", date(2024, 1, 10), date(2024, 3, 6)),
        ("no leap day where there is none", date(2023, 1, 10), date(2023, 3, 7)),
        ("1900 would have had none, 2000 had one", date(2000, 1, 10), date(2000, 3, 6)),
        ("summer time begins in between", date(2025, 3, 1), date(2025, 4, 26)),
        ("summer time ends in between", date(2025, 10, 1), date(2025, 11, 26)),
        ("ends on a Saturday and stays there", date(2025, 1, 4), date(2025, 3, 1)),
        ("ends on Christmas Day and stays there", date(2025, 10, 30), date(2025, 12, 25)),
        ("dated on a leap day", date(2024, 2, 29), date(2024, 4, 25)),
        ("the first day that anything counts from", date(1970, 1, 1), date(1970, 2, 26)),
        ("over the turn of the century, which no tens of years tell", date(1999, 12, 1), date(2000, 1, 26)),
        ("the clocks went forward all winter, in 1968 to 1971", date(1971, 9, 20), date(1971, 11, 15)),
        ("ends on the day that the clocks go back", date(2024, 9, 1), date(2024, 10, 27)),
        ("ends on the day that the clocks go forward", date(2025, 2, 2), date(2025, 3, 30)),
        ("ends on Easter Monday and stays there", date(2025, 2, 24), date(2025, 4, 21)),
        ("ends on New Year's Day", date(2024, 11, 6), date(2025, 1, 1)),
        ("the last day that 32 bits of seconds know", date(2037, 11, 24), date(2038, 1, 19)),
    ],
)
def test_the_last_day_is_the_fifty_sixth(special: str, dated: date, last_day: date) -> None:
    assert clocks.due(dated).on == last_day, special


@given(DAYS)
def test_no_day_of_the_calendar_moves_it(dated: date) -> None:
    due = clocks.due(dated)
    assert clocks.day_number(dated, due.on) == 56
    assert due.on.weekday() == dated.weekday()  # eight weeks are eight weeks


@given(DAYS)
def test_it_is_counted_in_days_and_not_in_hours(dated: date) -> None:
    """Where the clocks go forward or back in between, eight weeks are an hour less or more."""
    first, last = (datetime.combine(day, time(), LONDON) for day in (dated, clocks.due(dated).on))
    hours = (last.astimezone(UTC) - first.astimezone(UTC)) / timedelta(hours=1)
    assert hours in (56 * 24 - 1, 56 * 24, 56 * 24 + 1)
    moved = first.utcoffset() != last.utcoffset()
    assert moved == (hours != 56 * 24)


@pytest.mark.parametrize(
    ("special", "until", "counts"),
    [
        ("given within time", date(2021, 6, 1), date(2021, 6, 1)),
        ("given after the last day had passed, as regulation and form allow", date(2021, 9, 1), date(2021, 9, 1)),
        ("to the last day itself", date(2021, 4, 28), date(2021, 4, 28)),
        ("to a day before the counted one, which takes nothing away", date(2021, 4, 1), date(2021, 4, 28)),
        ("to a day before the report, a slip", date(2020, 6, 1), date(2021, 4, 28)),
    ],
)
def test_an_extension_counts_where_it_is_later(special: str, until: date, counts: date) -> None:
    due = clocks.due(date(2021, 3, 3), extended=until)
    assert (due.on, due.counted, due.extended) == (counts, date(2021, 4, 28), until), special


@given(DAYS, st.integers(0, 400), st.integers(1, 400))
def test_after_an_extension_that_came_late_nothing_was_ever_overdue_within_it(
    dated: date, days: int, more: int
) -> None:
    """Given after expiry, it counts for every day on which somebody looks back."""
    due = clocks.due(dated, extended=dated + timedelta(56 + days + more))
    assert dated + timedelta(56 + days) <= due.on


@pytest.mark.parametrize(
    ("special", "stated", "flag"),
    [
        ("day 56 itself", date(2021, 4, 28), None),
        ("a day off by one who counted the first", date(2021, 4, 27), None),
        ("two weeks late, the most that is believed", date(2021, 5, 12), None),
        ("a day more than that", date(2021, 5, 13), "far from day 56"),
        ("the day of the report", date(2021, 3, 3), "before the report"),
        ("the year not changed since January", date(2020, 4, 28), "before the report"),
        ("day 28, of an older rule", date(2021, 3, 31), "far from day 56"),
    ],
)
def test_a_stated_day_that_cannot_be_is_flagged(special: str, stated: date, flag: str | None) -> None:
    assert clocks.due(date(2021, 3, 3), stated=stated).flag == flag, special


@given(DAYS, st.integers(0, 40))
def test_it_starts_when_it_was_sent_where_that_is_known(dated: date, later: int) -> None:
    due = clocks.due(dated, sent=dated + timedelta(later))
    assert (due.started_by, due.on) == ("sent", dated + timedelta(later + 56))


@given(DAYS, st.integers(-80, 400))
def test_an_extension_moves_it_later_and_never_earlier(dated: date, days: int) -> None:
    given_until = dated + timedelta(days)
    assert clocks.due(dated, extended=given_until).on == max(given_until, dated + timedelta(56))


@given(DAYS, st.integers(-400, 400))
def test_a_stated_day_is_shown_and_never_used(dated: date, days: int) -> None:
    due = clocks.due(dated, stated=dated + timedelta(days))
    assert due.on == dated + timedelta(56)
    assert (due.flag is not None) == (days <= 0 or abs(days - 56) > 14)


@given(DAYS, st.integers(0, 5), st.integers(0, 6), st.integers(0, 200))
def test_the_trackers_rule_is_what_its_tables_follow(dated: date, sent: int, replies: int, age: int) -> None:
    status = clocks.by_the_trackers_rule(sent, replies, dated, dated + timedelta(age))
    if sent and replies >= sent:
        assert status == "completed"
    elif age <= 56:
        assert status == "pending"
    else:
        assert status == ("partial" if replies else "overdue")


def test_one_is_overdue_from_the_day_after_and_not_on_the_last_day() -> None:
    dated = date(2018, 12, 19)
    assert clocks.by_the_trackers_rule(1, 0, dated, date(2019, 2, 13)) == "pending"
    assert clocks.by_the_trackers_rule(1, 0, dated, date(2019, 2, 14)) == "overdue"
    assert clocks.days_over(dated, date(2019, 2, 14)) == 1
