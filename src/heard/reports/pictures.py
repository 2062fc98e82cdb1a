"""Pictures that stand alone: an SVG with its colours in it, and the same as PNG, with a font of our own.

A page's picture takes its colours and its width from the page. Taken away it has none, and a stylesheet inside of it is
not run where it is opened (our own policy), so they are put in as attributes. A server may have no font at all: one
comes along.
"""

from __future__ import annotations

import re

import font_source_sans_pro
import resvg_py

from heard.text.xml import writable

#: Of the light page (static/reports.css).
_COLOURS = {
    "bar": 'fill="#1d4f91"',
    "rest": 'fill="#d5d9de"',
    "later": 'fill="#7f9cc4"',
    "undated": 'fill="#b9c9e0"',
    "none": 'fill="#5a6068"',
    "clock": 'stroke="#5a6068" stroke-width="2"',
    "last": 'stroke="#1b1b1b" stroke-width="2"',
    "came": 'fill="#1d4f91"',
    "after": 'fill="#b3261e"',
    "soft": 'fill="#5a6068"',
    "year": 'fill="#5a6068"',
    "odd": 'fill="#5a6068"',
    "said": 'fill="#1b1b1b"',
    "total": 'fill="#1b1b1b"',
}
_FAMILY = "Source Sans Pro"
_FONT = font_source_sans_pro.font_files_ttf["SourceSansPro"]
#: Around a picture that stands alone.
MARGIN = 12
#: For screens and print.
ZOOM = 2


def alone(svg: str) -> str:
    """The picture of a page as a file of its own; nothing of what it says is changed."""
    if not svg:
        return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" width="1" height="1"></svg>'
    coloured = re.sub(r'class="(\w+)"(?= (?:x|y|cx|x1)=")', lambda found: _COLOURS.get(found[1], found[0]), svg)
    head, _, rest = writable(coloured).partition(">")
    size = re.search(r' width="(\d+)" height="(\d+)"', head)
    assert size
    wide, high = (int(side) + 2 * MARGIN for side in size.groups())
    head = head.replace(size[0], f' viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"')
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    inner = f'<svg x="{MARGIN}" y="{MARGIN}"{size[0]}>{rest}'
    return f'{head} font-family="{_FAMILY}, sans-serif" font-size="13" fill="#1b1b1b">{ground}{inner}</svg>'


def png(svg: str) -> bytes:
    """A picture that stands alone, as PNG of twice its size. Takes some ten milliseconds."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            skip_system_fonts=True,
            font_files=[_FONT],
            font_family=_FAMILY,
            sans_serif_family=_FAMILY,
            zoom=ZOOM,
        )
    )
