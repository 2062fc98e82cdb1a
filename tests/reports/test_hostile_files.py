"""Files that are made to do harm, sent as reports: loops, bombs, what breaks off. Each is refused in words."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable

import pytest

from heard.engine.errors import Refused
from heard.ingest import pdf_room, report_tables
from heard.ingest.report_tables import read_table
from tests.reports.test_pdf_room import form_as_pdf, read
from tests.server import Server

BOMB_BYTES = 64 * 1024**2


def pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1, of which the first is the catalogue."""
    made, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table)
    end = b"trailer <</Size %d /Root 1 0 R %b>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, trailer, len(made))
    return made + head + end


CATALOGUE = b"<</Type /Catalog /Pages 2 0 R>>"
PAGES = b"<</Type /Pages /Kids [3 0 R] /Count 1>>"
PAGE = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R>>"


def stream(content: bytes, filters: bytes = b"") -> bytes:
    return b"<</Length %d %b>>\nstream\n%b\nendstream" % (len(content), filters, content)


def packed(times: int) -> bytes:
    """Sixty-four megabytes of a drawing without an end, packed so many times over."""
    content = b"q Q " * (BOMB_BYTES // 4)
    for _ in range(times):
        content = zlib.compress(content, 1)
    return stream(content, b"/Filter [%b]" % (b"/FlateDecode " * times))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "pages that are their own children": lambda: pdf(CATALOGUE, b"<</Type /Pages /Kids [2 0 R 2 0 R] /Count 9>>"),
    "a page that is its own parent": lambda: pdf(CATALOGUE, PAGES, b"<</Type /Page /Parent 3 0 R>>"),
    "a count of pages that is a lie": lambda: pdf(CATALOGUE, b"<</Type /Pages /Kids [3 0 R] /Count 999999999>>", PAGE),
    "an object that is a reference to itself": lambda: pdf(CATALOGUE, PAGES, PAGE, b"4 0 R"),
    "a length that is the stream itself": lambda: pdf(
        CATALOGUE, PAGES, PAGE, b"<</Length 4 0 R>>\nstream\nq\nendstream"
    ),
    "tables of objects that lead to each other": lambda: pdf(CATALOGUE, PAGES, PAGE, stream(b"q"), trailer=b"/Prev 9 "),
    "a hundred thousand brackets": lambda: pdf(CATALOGUE, PAGES, PAGE, b"[" * 100_000),
    "a bomb of one layer": lambda: pdf(CATALOGUE, PAGES, PAGE, packed(1)),
    "a bomb of three layers": lambda: pdf(CATALOGUE, PAGES, PAGE, packed(3)),
    "one that breaks off": lambda: form_as_pdf()[:-2000],
}


def test_a_hostile_pdf_is_refused_and_the_next_is_read() -> None:
    """One after another, as they would come; none takes longer than one may."""
    for what, make in HOSTILE.items():
        began = time.monotonic()
        with pytest.raises(Refused) as refused:
            read(make())
        assert "Nothing was imported" in refused.value.message or "not imported" in refused.value.message, what
        assert time.monotonic() - began < pdf_room.WITHIN_S, what
    assert read(form_as_pdf())["area"] == "Avon"


ROWS = gzip.compress(b"ref,report_url\n" * 5_000)
TABLES = {
    "a bomb": gzip.compress(bytes(20 * 1024**2), 9),
    "one that breaks off": ROWS[:-20],
    "one with a wrong byte": ROWS[:30] + b"\xff\xff\xff\xff" + ROWS[34:],
    "nothing but its first bytes": b"\x1f\x8b",
    "no text": gzip.compress(b"\xff\xfe\x00" * 99),
}


@pytest.mark.parametrize("what", TABLES)
def test_a_hostile_table_is_refused_in_words(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_tables, "UNPACKED_MAX", 4 * 1024**2)
    with pytest.raises(Refused, match="Nothing was imported"):
        read_table(TABLES[what], "tracker.csv.gz")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_request_that_is_packed_is_never_unpacked(server: Server, encoding: str) -> None:
    """A kilobyte may be a gigabyte: what is sent is read as it comes."""
    bomb = gzip.compress(b'{"slug": "' + b"a" * 10_000_000 + b'", "title": "A case"}', 9)
    how = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    answer = server.client.post("/api/v1/cases", content=bomb, headers=how)
    assert 400 <= answer.status_code < 500, answer.text
    assert server.client.get("/api/v1/cases").json()["items"] == []
