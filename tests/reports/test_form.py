"""The Chief Coroner's form: boxes, numbered concerns, the stated last day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from time import sleep

import pypdfium2
import pytest

from heard.engine.errors import Refused
from heard.ingest import report_pdf
from heard.reports import form

FILLED = """REGULATION 28 REPORT TO PREVENT FUTURE DEATHS
THIS REPORT IS BEING SENT TO:
1. The Harbour Board
2. , keeper of the light
1 CORONER
I am Ada Bench, assistant coroner, for the coroner area of Avon
2 CORONER’S LEGAL POWERS
I make this report under paragraph 7, Schedule 5, of the Coroners and Justice Act 2009 and regulations 28 and 29
of the Coroners (Investigations) Regulations 2013.
3 INVESTIGATION and INQUEST
On 4 January 2021 I commenced an investigation into the death of Tam Harrow, aged 40.
4 CIRCUMSTANCES OF THE DEATH
The gate stood open.
5 CORONER’S CONCERNS
During the course of the inquest the evidence revealed matters giving rise to concern. In my opinion there is a risk
that future deaths could occur unless action is taken. In the circumstances it is my statutory duty to report to you.
The MATTERS OF CONCERN are as follows. –
(1) Nobody knew of the order to stay near (see box (2) above).
(2) Nobody checked.
6 ACTION SHOULD BE TAKEN
In my opinion action should be taken to prevent future deaths and I believe you have the power to take such action.
7 YOUR RESPONSE
You are under a duty to respond to this report within 56 days of the date of this report, namely by 28th April 2021.
I, the coroner, may extend the period.
8 COPIES and PUBLICATION
I have sent a copy of my report to the Chief Coroner and to the family.
9 3 March 2021 Ada Bench
"""


def test_every_box_is_found() -> None:
    assert sorted(form.boxes(FILLED)) == list(range(10))


def test_the_facts_of_a_filled_form() -> None:
    facts = form.facts_of(FILLED)
    assert facts["sent_to"] == "The Harbour Board\n[REDACTED], keeper of the light"
    assert (facts["dated"], facts["coroner"], facts["area"], facts["deceased"]) == (
        "2021-03-03",
        "Ada Bench",
        "Avon",
        "Tam Harrow",
    )
    assert form.stated_deadline(facts["deadline"]) == date(2021, 4, 28)


def test_concerns_keep_the_numbers_of_the_report_and_lose_the_forms_own_words() -> None:
    concerns = form.boxes(FILLED)[5]
    assert form.matters(concerns) == [
        ("1", "Nobody knew of the order to stay near (see box (2) above)."),
        ("2", "Nobody checked."),
    ]


def test_boilerplate_alone_is_nothing() -> None:
    filled = form.boxes(FILLED)
    for number in (2, 6):
        assert form.without_standing_sentences(filled[number]) == ""


@pytest.mark.parametrize("text", ["MC1 and MC3 were answered.", "In 2. 5 of them, (3) were open.", ""])
def test_a_number_in_a_sentence_begins_no_concern(text: str) -> None:
    assert [number for number, _ in form.matters(text)] in ([], [""])


@pytest.mark.parametrize(
    ("box", "day"),
    [
        ("namely by 9.6.2021. I, the coroner", date(2021, 6, 9)),
        ("namely 8 April 2021. I, the Coroner", date(2021, 4, 8)),
        ("namely by Thursday the Twenty-Fifth of April 2024. I, the coroner", date(2024, 4, 25)),
        ("namely by gm June 2017. I, the coroner", None),
        ("of the date of this report. I, the coroner, may extend the period.", None),
    ],
)
def test_the_stated_day_is_read_or_is_not(box: str, day: date | None) -> None:
    assert form.stated_deadline(f"within 56 days of the date of this report, {box} may extend the period.") == day


def picture_of_a_page() -> bytes:
    """A PDF of one page without a letter."""
    import io

    document = pypdfium2.PdfDocument.new()
    document.new_page(300, 400)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def test_a_picture_of_a_page_is_unreadable_and_not_empty() -> None:
    with pytest.raises(Refused, match="pictures of pages"):
        report_pdf.facts_of(picture_of_a_page(), "scan.pdf")


@pytest.mark.parametrize("raw", [b"%PDF-1.7", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj", b""])
def test_a_damaged_pdf_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(Refused):
        report_pdf.facts_of(raw, "broken.pdf")


def test_one_pdf_is_read_at_a_time_whoever_else_sends_one(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, read = 0, 0, report_pdf._pages

    def pages(raw: bytes, name: str) -> list[str]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        sleep(0.05)
        inside -= 1
        return read(raw, name)

    monkeypatch.setattr(report_pdf, "_pages", pages)
    content = picture_of_a_page()
    with ThreadPoolExecutor(4) as pool:
        told = [pool.submit(report_pdf.text_of, content, "scan.pdf") for _ in range(4)]
    assert most == 1 and all(isinstance(one.exception(), Refused) for one in told)


def test_the_five_published_forms_are_read_into_all_boxes(shared_data: Path) -> None:
    files = [file for file in (shared_data / "pfd" / "form").glob("*.pdf") if "template" not in file.name]
    assert len(files) == 5
    for file in files:
        text = report_pdf.text_of(file.read_bytes(), "a report")
        assert sorted(form.boxes(text)) == list(range(10))
        facts = form.facts_of(text)
        assert {"sent_to", "coroner", "area", "concerns", "circumstances", "investigation", "deadline"} <= facts.keys()
        assert form.stated_deadline(facts["deadline"])
