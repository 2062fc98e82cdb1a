"""Civil dates in the shapes in which forms and tables have them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.text.dates import civil_date


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("19 December 2018", date(2018, 12, 19)),
        ("03/11/2022", date(2022, 11, 3)),
        ("26/05/22", date(2022, 5, 26)),
        ("14/11/2024\xa0\xa0", date(2024, 11, 14)),
        ("13 /02/2024", date(2024, 2, 13)),
        ("04/102013", date(2013, 10, 4)),
        ("/0206/2023", date(2023, 6, 2)),
        ("15 August2016", date(2016, 8, 15)),
        ("7 october 2014", date(2014, 10, 7)),
        ("2 Decembe 2015", date(2015, 12, 2)),
        ("2031-03-03", date(2031, 3, 3)),
        ("Thursday the Twenty-Fifth of April 2024", date(2024, 4, 25)),
        ("May 16, 2025", date(2025, 5, 16)),
        ("30th of June, 2021", date(2021, 6, 30)),
        ("29 February 2024", date(2024, 2, 29)),
    ],
)
def test_a_date_is_read_in_any_shape(words: str, day: date) -> None:
    assert civil_date(words) == day


@pytest.mark.parametrize(
    "words",
    [
        "",
        "namely by.",
        "gm June 2017",
        "9th Aoril 2024",
        "17/20/2022",
        "29 February 2023",
        "Wednesday April 17th",
        "31/04/2024",
    ],
)
def test_what_is_no_date_is_none(words: str) -> None:
    assert civil_date(words) is None


@given(
    st.dates(date(2001, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["%d/%m/%Y", "%d %B %Y", "%A %d %b %Y", "%Y-%m-%d", "%d.%m.%y"]),
)
def test_every_day_is_read_as_it_is_written(day: date, shape: str) -> None:
    assert civil_date(day.strftime(shape)) == day


@given(st.text(max_size=60))
def test_no_text_is_an_error(words: str) -> None:
    found = civil_date(words)
    assert found is None or found + timedelta(0) == found


def test_the_published_tables_are_read_to_the_last_date(shared_data: object) -> None:
    import csv
    import gzip
    from pathlib import Path

    folder = Path(str(shared_data)) / "pfd"

    def rows(name: str) -> dict[str, str]:
        with gzip.open(folder / name, "rt", newline="") as file:
            return {row["report_url"]: row["date_of_report"] for row in csv.DictReader(file)}

    written, corrected = rows("tracker_2024-03-01_raw.csv.gz"), rows("tracker_2024-03-01_corrected.csv.gz")
    differing = [
        url
        for url, words in written.items()
        if (day := civil_date(words)) is None or f"{day:%d/%m/%Y}" != corrected[url]
    ]
    assert (len(written), len(differing)) == (4393, 0)
