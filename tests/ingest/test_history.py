"""History as CSV: tables of others, their columns and times named by who imports them; whole or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.engine.errors import Refused, TooLarge
from heard.ingest import history
from heard.ingest.history import Layout
from tests.ingest.test_hostile_fixes import sound
from tests.ingest.told import AT, R, evidence

POSITION: dict[str, Any] = {"kind": "position", "who": "A1", "t": AT, "lat": 52.0, "lon": 0.1, "acc": 5.0}
ROW = "position,A1,2031-03-03T08:00:00Z,52,0.1,5"
HEADER = "kind,who,t,lat,lon,acc"

#: As guard-tour systems print it: other names, local time, day before month, semicolons, columns of their own.
TOUR = """Scan time;Officer;Tag;Device battery
03/03/2031 07:59;A1;04:a2:11;87 %
31/03/2030 01:30;A2;"04;a2";
27/10/2030 01:30;A3;04:a2:11;
"""
AS_TOUR = Layout(
    columns={"t": "Scan time", "who": "Officer", "tag": "Tag"},
    always={"kind": "check", "post": "post 7"},
    zone="Europe/London",
    times="%d/%m/%Y %H:%M",
)


def said(table: str | bytes, layout: Layout | None = None) -> list[dict[str, Any]]:
    return [evidence(one) for one in history.read(table, R, layout).said]


@pytest.mark.parametrize("table", [f"{HEADER}\n{ROW}\n", f"\ufeff{HEADER}\r\n{ROW}\r\n\r\n,,,,,\r\n"])
@pytest.mark.parametrize("by", [",", ";", "\t"])
def test_our_own_names_need_no_layout(table: str, by: str) -> None:
    assert said(table.replace(",", by)) == [POSITION]
    assert said(table.replace(",", by).encode()) == [POSITION]


def test_rows_of_every_kind_keep_their_order_and_empty_cells_say_nothing() -> None:
    table = (
        "t,kind,who,post,thing,value,ttl_s,lat,lon,acc,mock\n"
        "2031-03-03T08:00:00Z,check,A1,gate,,,,,,,\n"
        "2031-03-03T09:00:00+01:00,state,,,gate:G,open,60,,,,\n"
        "2031-03-03 08:00:00Z,position,A1,,,,,52,0.1,,no\n"
        "2031-03-03T08:00:00Z,position,A1,,,,,52,0.1,5,yes\n"
    )
    assert said(table) == [
        {"kind": "check", "who": "A1", "by": "A1", "post": "gate", "t": AT},
        {"kind": "state", "who": "gate:G", "thing": "gate:G", "value": "open", "ttl_s": 60.0, "t": AT},
        {**POSITION, "acc": None},
        {**POSITION, "acc": None, "mock": True},
    ]


def test_a_table_of_others_is_read_by_its_layout_and_says_what_was_not_read() -> None:
    read = history.read(TOUR, R, AS_TOUR)
    assert read.unread == ("Device battery",)
    assert [one.written()["who"] for one in read.said] == ["A1", "A2", "A3"]
    assert [one.written()["tag"] for one in read.said] == ["04:a2:11", "04;a2", "04:a2:11"]
    # 01:30 on the last Sunday of March does not exist in London and is read with the offset before the gap; on that
    # of October it comes twice and is the first.
    assert [f"{one.claimed_at:%d %b %H:%M}" for one in read.said] == ["03 Mar 07:59", "31 Mar 01:30", "27 Oct 00:30"]
    assert {one.written()["post"] for one in read.said} == {"post 7"}


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (f"{HEADER}\n{ROW}\n{ROW.replace('Z', '')}", "Line 3: “t” does not say how far from UTC"),
        (f"{HEADER}\n{ROW}\n{ROW.replace('2031-03-03T08:00:00Z', '')}", "Line 3: It has no time"),
        (f"{HEADER}\n{ROW.replace('08:00', '09:00')}", "Line 2: Its time has not come yet"),
        (f"{HEADER}\n{ROW.replace('52', '52.0°')}", "Line 2: “lat” is not a number"),
        (f"{HEADER}\n{ROW.replace('52', '152')}", "Line 2: This cannot be read"),
        (f"{HEADER}\n{ROW.replace('position', 'walk')}", "Line 2: This cannot be read"),
        (f"{HEADER}\n{ROW.replace('A1', '')}", "Line 2: This cannot be read"),
        (f"{HEADER}\n{ROW},1", "Line 2: It has 7 cells"),
        (f"{HEADER}\n\n\n{ROW[:-2]}", "Line 4: It has 5 cells"),
        (f'{HEADER}\n{ROW}\n"a"b', "Line 3 is not CSV"),
        (f'{HEADER}\n{ROW}\n"a', "Line 3 is not CSV"),
        (f"{HEADER},mock\n{ROW},perhaps", "Line 2: “mock” is neither"),
        (f"{HEADER},acc\n{ROW},5", "Two columns are called “acc”"),
        ("who,t,lat,lon\n", "No column is called “kind”"),
        ("kind,who,lat,lon\n", "No column is called “t”"),
        ("", "empty"),
        ("\n\n", "empty"),
        (f"{HEADER}\n{ROW}".replace("A1", "Ä").encode("latin-1"), "CSV UTF-8"),
        (f"{HEADER}\n{ROW}".encode("utf-16"), "CSV UTF-8"),
        (f"{HEADER}\n{'x' * 200_000}", "not CSV"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(table: str | bytes, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        history.read(table, R)
    assert "Nothing was kept" in refused.value.message


@pytest.mark.parametrize(
    ("layout", "why"),
    [
        (Layout(columns={"accuracy": "acc"}), "no “accuracy” in evidence"),
        (Layout(always={"r": "x"}), "no “r” in evidence"),
        (Layout(columns={"t": "Time"}), "No column is called “Time”"),
        (Layout(always={"who": "A1"}), "a column, and said for all rows"),
        (Layout(always={"t": "2031-03-03T08:00:00Z"}), "a column, and said for all rows"),
        (Layout(zone="Europe/Londinium"), "no such time zone"),
        (Layout(zone="../../etc/passwd"), "no such time zone"),
        (Layout(zone="Europe"), "no such time zone"),
        (Layout(times="%d/%m/%Y"), "no time as"),
        (Layout(times="%"), "no time as"),
        (Layout(times="%Y-%m-%dT%H:%M:%SZ"), "Name the zone"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(layout: Layout, why: str) -> None:
    with pytest.raises(Refused, match=why):
        history.read(f"{HEADER}\n{ROW}", R, layout)


def test_one_time_for_all_rows_is_no_history() -> None:
    with pytest.raises(Refused, match="No column is called “t”"):
        history.read("kind,who,post\ncheck,A1,gate", R, Layout(always={"t": "2031-03-03T08:00:00Z"}))


def test_a_table_has_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "ROWS_MAX", 3)
    assert len(history.read("\n".join([HEADER, *[ROW] * 3]), R).said) == 3
    with pytest.raises(TooLarge, match="3 rows"):
        history.read("\n".join([HEADER, *[ROW] * 4]), R)
    with pytest.raises(TooLarge):
        history.read(b" " * (history.BYTES_MAX + 1), R)


CELLS = st.sampled_from([*ROW.split(","), "check", "state", "", '"', "0", "1e999", "9999-12-31T23:59:59-14:00", "\0"])


@given(st.lists(st.lists(CELLS | st.text(max_size=5), min_size=5, max_size=7).map(",".join), max_size=4), st.booleans())
def test_whatever_is_in_a_table_it_is_read_or_refused(rows: list[str], tour: bool) -> None:
    layout = Layout(zone="Europe/London", times="%Y-%m-%dT%H:%M:%S%z" if tour else "")
    try:
        read = history.read("\n".join([HEADER, *rows]), R, layout)
    except Refused as refused:
        assert "Nothing was kept" in refused.message
        return
    for one in read.said:
        sound(one)
        assert isinstance(one.claimed_at, datetime)
        assert one.claimed_at - R <= timedelta()
