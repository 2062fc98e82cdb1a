"""A report as a PDF: its text layer, read into the boxes of the form.

A page that is a picture is said to be unreadable. Run as a process of its own (`pdf_room`) it reads a name and a PDF
from its standard input and writes `Read` to its output: what is in the file may bring it to its bounds, and no more.
"""

from __future__ import annotations

from threading import Lock

import msgspec
import pypdfium2

from heard.engine import confined
from heard.engine.errors import Refused
from heard.reports import form

#: The longest report that was seen has 27 pages.
PAGES_MAX = 120
#: A page with fewer letters than this has no text to speak of.
LETTERS_MIN = 40
#: Bytes of address space and seconds of computing for one that is read in a process of its own.
MEMORY_BYTES_MAX, CPU_S = 1024**3, 20
#: PDFium is for one thread at a time, whatever the documents; two at once bring the whole process down.
_ONE_AT_A_TIME = Lock()


class Read(msgspec.Struct, frozen=True):
    """What a PDF says, or in `refused` why nothing was read of it."""

    facts: dict[str, str] = {}
    refused: str = ""


def main() -> None:
    """Bound this process, then read and answer."""
    confined.answer(_answer, memory_bytes_max=MEMORY_BYTES_MAX, cpu_s=CPU_S)


def _answer(asked: bytes) -> bytes:
    name, raw = msgspec.msgpack.decode(asked, type=tuple[str, bytes])
    try:
        told = Read(facts_of(raw, name))
    except Refused as refusal:
        told = Read(refused=refusal.message)
    return msgspec.msgpack.encode(told)


def text_of(raw: bytes, name: str) -> str:
    """The text layer, a line to a line.

    Raises Refused where the file is no PDF, has too many pages, or holds only pictures of pages.
    """
    with _ONE_AT_A_TIME:
        pages = _pages(raw, name)
    if sum(letter.isalpha() for page in pages for letter in page) < LETTERS_MIN:
        raise Refused(
            f"{name} holds pictures of pages and no text that can be read. It was not imported, and is not empty: "
            "its words have to be read by a person, or by a program that reads scans."
        )
    return "\n".join(pages)


def _pages(raw: bytes, name: str) -> list[str]:
    try:
        document = pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as wrong:
        raise Refused(f"{name} cannot be opened as a PDF. Nothing was imported.") from wrong
    try:
        if len(document) > PAGES_MAX:
            raise Refused(f"{name} has {len(document)} pages; no report is that long. Nothing was imported.")
        pages = []
        for page in document:
            words = page.get_textpage()
            pages.append(words.get_text_range().replace("\r\n", "\n").replace("\x02", "-").replace("\ufffe", "-"))
            words.close()
            page.close()
    except pypdfium2.PdfiumError as wrong:
        raise Refused(f"{name} is damaged as a PDF. Nothing was imported.") from wrong
    finally:
        document.close()
    return pages


def facts_of(raw: bytes, name: str) -> dict[str, str]:
    """What the form in the PDF says.

    Raises Refused where it is not the form, with the boxes that were not found.
    """
    text = text_of(raw, name)
    found = form.boxes(text)
    missing = [str(number) for number in range(1, 10) if number not in found]
    if len(missing) > 4:
        raise Refused(
            f"{name} is not the coroners’ form: boxes {', '.join(missing)} are not in it. Nothing was imported."
        )
    return form.facts_of(text)


if __name__ == "__main__":
    main()
