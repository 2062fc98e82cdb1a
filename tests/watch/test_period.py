"""The report of a period says the same on its page, in its CSV and in its PDF."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from html import unescape

import pypdfium2
import pytest

from heard.engine.errors import Refused
from heard.watch import period, period_pdf
from heard.watch.period import Lapsed, Period
from tests.server import Server, running
from tests.watch.an_hour import ZOE, Past, past


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Past]]:
    data = tmp_path_factory.mktemp("past") / "data"
    hour = past(data)
    with running(data) as server:
        yield server, hour


def asked(served: tuple[Server, Past], ends: str, more: str = "") -> bytes:
    answer = served[0].client.get(f"/watch/report{ends}?since={served[1].since.date()}{more}")
    assert answer.status_code == 200, answer.text
    return answer.content


def rows_of_page(page: str) -> list[list[str]]:
    found = re.findall(r"<tr>(<t[hd].*?)</tr>", page, re.S)
    return [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in found]


def text_of(pdf: bytes) -> str:
    """Without spaces: a line that is broken in a cell is one word of the report all the same."""
    document = pypdfium2.PdfDocument(pdf)
    told = "".join(page.get_textpage().get_text_range() for page in document)
    return re.sub(r"[\s\ufffe\u0002]+", "", told)


def test_page_csv_and_pdf_say_the_same(served: tuple[Server, Past]) -> None:
    page = rows_of_page(asked(served, "/").decode())
    tables = [
        list(csv.reader(io.StringIO(asked(served, ".csv", more).decode()))) for more in ("", "&of=alarms", "&of=orders")
    ]
    assert page == [row for table in tables for row in table]
    kept = {row[1]: row[2:] for row in tables[0][1:]}
    assert kept["It is owed: present"][4:] == ["0", "1", "0", "0", "0", "0", "", ""]
    assert any(ZOE in row for row in tables[1])
    pdf = text_of(asked(served, ".pdf"))
    for row in page:
        assert re.sub(r"\s+", "", "".join(row)) in pdf, row
    assert re.sub(r"\s+", "", ZOE) in pdf, "with all their letters"


def test_figures_that_differ_are_caught(served: tuple[Server, Past]) -> None:
    """The control: one figure of one row is another in the PDF."""
    page = rows_of_page(asked(served, "/").decode())
    pdf = text_of(asked(served, ".pdf"))
    row = next(row for row in page if row[1] == "It is owed: present")
    assert "".join([*row[:3], f"{row[3]}1", *row[4:]]).replace(" ", "") not in pdf


def test_the_pdf_has_its_font_its_language_and_its_title(served: tuple[Server, Past]) -> None:
    pdf = asked(served, ".pdf")
    assert b"/Lang (en-GB)" in pdf and b"SourceSansPro" in pdf and b"/ToUnicode" in pdf and b"/FontFile2" in pdf
    assert "The watch" in pypdfium2.PdfDocument(pdf).get_metadata_dict()["Title"]
    assert len(pdf) < 100_000


def test_what_a_spreadsheet_would_reckon_with_is_written_as_words() -> None:
    row = Lapsed("=1+1", "@here", "lapse", "2031-03-03 08:00:00", "", "", "-1", "", "+44")
    [_, written] = csv.reader(io.StringIO(period.as_csv(period.LAPSED, [row])))
    assert [written[place] for place in (0, 1, 6, 8)] == ["'=1+1", "'@here", "'-1", "'+44"]


def test_many_pages_and_letters_that_the_font_lacks_break_nothing() -> None:
    made = period.now.utc()
    row = Lapsed("Post 7", "W" * 200, "lapse", "2031-03-03 08:00:00", "", "", "李 Ż", "", "word " * 600)
    of = Period(date(2031, 3, 3), date(2031, 3, 9), made, "", [], [row] * 6, [], 3, 2)
    pdf = period_pdf.pdf(of, "Europe/London")
    assert len(pypdfium2.PdfDocument(pdf)) > 3
    assert "?Ż" in text_of(pdf) and "3morearecountedaboveandnotlisted" in text_of(pdf)


@pytest.mark.parametrize(
    "asked", [{"since": "x"}, {"since": "2031-03-04", "until": "2031-03-03"}, {"since": "0001-01-01"}]
)
def test_what_is_no_period_is_refused_in_words(asked: dict[str, str]) -> None:
    with pytest.raises(Refused):
        period.days_from(asked, date(2031, 3, 3))
