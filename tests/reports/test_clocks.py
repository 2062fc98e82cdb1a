"""The statutory clock, with dates that are named for what is special about them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.reports import clocks

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
