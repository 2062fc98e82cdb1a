"""A PDF that is sent to a server is read in a process of its own: none of it comes near the one that rings."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import font_source_sans_pro
import pytest
from fpdf import FPDF

from heard.engine.errors import HeardError, Refused, Unavailable
from heard.ingest import pdf_room, report_pdf
from tests.reports.test_form import FILLED, picture_of_a_page
from tests.server import Server


def form_as_pdf() -> bytes:
    sheet = FPDF()
    sheet.add_font("font", "", font_source_sans_pro.font_files_ttf["SourceSansPro"])
    sheet.set_font("font", size=9)
    sheet.add_page()
    for line in FILLED.splitlines():
        sheet.multi_cell(0, 5, line, new_x="LMARGIN", new_y="NEXT", align="L")
    return bytes(sheet.output())


def read(raw: bytes) -> dict[str, str]:
    return asyncio.run(pdf_room.facts_of(raw, "report.pdf"))


def test_it_reads_what_is_read_in_process_and_refuses_in_the_same_words() -> None:
    content = form_as_pdf()
    facts = read(content)
    assert facts == report_pdf.facts_of(content, "report.pdf") and facts["area"] == "Avon"
    for wrong in (picture_of_a_page(), b"%PDF-1.7 broken"):
        with pytest.raises(Refused) as here:
            report_pdf.facts_of(wrong, "report.pdf")
        with pytest.raises(Refused) as there:
            read(wrong)
        assert there.value.message == here.value.message


@pytest.mark.parametrize("program", ["import os; os.abort()", "print('nothing that is known')"])
def test_one_that_brings_its_reader_down_is_refused_and_the_next_is_read(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the place of a PDF that brings its reader to it; what becomes of the process, `engine/test_apart.py` has."""
    with monkeypatch.context() as patch:
        patch.setattr(pdf_room._apart, "program", ("-c", program))
        with pytest.raises(Refused, match="could not be read"):
            read(b"%PDF")
    assert read(form_as_pdf())["area"] == "Avon"


def test_who_comes_while_many_wait_is_asked_to_come_again() -> None:
    async def many() -> list[dict[str, str] | BaseException]:
        content = picture_of_a_page()
        some = [pdf_room.facts_of(content, "report.pdf") for _ in range(pdf_room.WAITING_MAX + 1)]
        return await asyncio.gather(*some, return_exceptions=True)

    sorts = [type(one) for one in asyncio.run(many()) if isinstance(one, HeardError)]
    assert sorts.count(Unavailable) == 1 and sorts.count(Refused) == pdf_room.WAITING_MAX


def loaded(server: Server) -> bool:
    """Whether the library of PDFs is in the memory of the app."""
    pid = re.findall(r"child_started child=app pid=(\d+)", "".join(server.said))[-1]
    return "pdfium" in Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="this system does not say what is loaded")
def test_the_app_never_loads_the_library_of_pdfs(server: Server) -> None:
    assert "pdfium" in Path("/proc/self/maps").read_text(), "the control: here it is loaded, and seen"
    answer = server.client.post("/api/v1/reports/readings?as_of=2031-03-08", content=form_as_pdf())
    assert answer.status_code == 200 and answer.json()["new"] == 1, answer.text
    assert server.client.get("/api/v1/cases").status_code == 200 and not loaded(server)
