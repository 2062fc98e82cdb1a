"""The report of a period as PDF: the same rows as on the page, in a font that comes along.

Run as a process of its own (`printing`): it reads the report from its standard input and writes the PDF to its output.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import font_source_sans_pro
import msgspec
from fpdf import FPDF
from fpdf.fonts import FontFace, TTFFont

from heard.engine import confined
from heard.watch import civil, period
from heard.watch.period import Period

#: Bytes of address space and seconds of computing. Measured: 1,500 rows need 83 MB and 5 s.
MEMORY_BYTES_MAX, CPU_S = 1024**3, 60
_FAMILY = "Source Sans Pro"
#: What stands for a letter that the font lacks. The CSV has all of them.
_LACKING = "?"
#: A row is never higher than a page.
_CELL_MAX = 300
#: Widths of the columns, in parts of the page.
_KEPT = (14, 34, 12, 12, 13, 13, 17, 12, 14, 15, 13, 13, 15, 18)
_LAPSED = (14, 34, 12, 25, 25, 25, 24, 14, 58)
_KNOWN = (20, 60, 12, 30, 16, 16)

LIMITS = (
    "What is told of a person is told by a device or by somebody, and is no more than that. Not known is not guilt. "
    "Presence is measured here, not readiness. Minutes are cut, never rounded up.",
)
GONE = (
    "What was told of people was destroyed in its time: of duties that ended by {} “not known” says no more than that."
)


class _Sheet(FPDF):
    def __init__(self, title: str, made: str) -> None:
        super().__init__("landscape", "mm", "A4")
        self.title_line, self.made = title, made
        fonts = font_source_sans_pro.font_files_ttf
        self.add_font(_FAMILY, "", fonts["SourceSansPro"])
        self.add_font(_FAMILY, "B", fonts["SourceSansProSemibold"])
        self.set_font(_FAMILY, size=10)
        self.set_auto_page_break(True, 16)

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(_FAMILY, size=8)
        self.cell(0, 5, f"{self.title_line}. {self.made}. Page {self.page_no()} of {{nb}}")
        self.set_font(_FAMILY, size=10)


def main() -> None:
    """Bound this process, then read and print."""
    confined.answer(_answer, memory_bytes_max=MEMORY_BYTES_MAX, cpu_s=CPU_S)


def _answer(asked: bytes) -> bytes:
    return pdf(*msgspec.msgpack.decode(asked, type=tuple[Period, str]))


def pdf(of: Period, zone: str) -> bytes:
    """Half a second, and one for each hundred rows: the parts of the font that are used are put into it."""
    last = f" to {civil.day(of.until_on)}" if of.until_on != of.since_on else ""
    days = civil.day(of.since_on) + last
    title = f"The watch{': ' + of.station if of.station else ''}, {days}"
    sheet = _Sheet(_letters(title), f"As known at {civil.shown(of.made_at, zone)}")
    sheet.set_title(title)
    sheet.set_lang("en-GB")
    sheet.set_creator("Heard")
    sheet.set_creation_date(of.made_at)
    sheet.add_page()
    sheet.set_font(_FAMILY, "B", 18)
    sheet.multi_cell(0, 9, _letters(title), new_x="LMARGIN", new_y="NEXT")
    sheet.set_font(_FAMILY, size=10)
    gone = f" {GONE}".format(civil.shown(of.erased_until, zone)) if of.erased_until else ""
    sheet.multi_cell(0, 5, f"{sheet.made}. {LIMITS[0]}{gone}", new_x="LMARGIN", new_y="NEXT")
    _table(sheet, "How it was kept", period.KEPT, [period.cells(one) for one in of.kept], _KEPT)
    _table(sheet, "What lapsed", period.LAPSED, [period.cells(one) for one in of.lapsed], _LAPSED)
    if of.more:
        sheet.multi_cell(0, 5, f"{of.more} more are counted above and not listed.", new_x="LMARGIN", new_y="NEXT")
    _table(sheet, "Who knows the orders, now", period.KNOWN, [period.cells(one) for one in of.known], _KNOWN)
    sheet.ln(4)
    sheet.multi_cell(0, 5, period.looks(of))
    return bytes(sheet.output())


def _table(
    sheet: _Sheet, name: str, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]
) -> None:
    sheet.ln(5)
    sheet.set_font(_FAMILY, "B", 13)
    sheet.multi_cell(0, 7, name, new_x="LMARGIN", new_y="NEXT")
    sheet.set_font(_FAMILY, size=9)
    if not rows:
        sheet.multi_cell(0, 5, "Nothing.", new_x="LMARGIN", new_y="NEXT")
        return
    long = list[str]()
    with sheet.table(
        col_widths=tuple(widths), text_align="LEFT", v_align="TOP", borders_layout="HORIZONTAL_LINES",
        line_height=4.6, padding=0.8, headings_style=FontFace(emphasis="BOLD"),
    ) as table:  # fmt: skip
        for cells in (heads, *rows):
            row = table.row()
            for cell in cells:
                row.cell(_short(_letters(cell), long))
    for number, words in enumerate(long, 1):
        sheet.ln(2)
        sheet.multi_cell(0, 5, f"[{number}] {words}", new_x="LMARGIN", new_y="NEXT")


def _short(words: str, long: list[str]) -> str:
    """What fits into a row of a table; the rest of it stands below, under a number."""
    if len(words) <= _CELL_MAX:
        return words
    long.append(words)
    return f"{words[:_CELL_MAX]}… [{len(long)}]"


def _letters(words: str) -> str:
    """What the font can write; the rest is marked."""
    return "".join(one if ord(one) in _known() or one == "\n" else _LACKING for one in words)


@cache
def _known() -> frozenset[int]:
    font = FPDF()
    font.add_font(_FAMILY, "", font_source_sans_pro.font_files_ttf["SourceSansPro"])
    made = font.fonts[_FAMILY.lower()]
    assert isinstance(made, TTFFont)
    return frozenset(made.cmap)


if __name__ == "__main__":
    main()
