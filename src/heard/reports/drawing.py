"""Pictures of reports as SVG: plain shapes, drawn from the same rows as the table that stands beside each.

What goes across is a part of the width, what goes down and every letter a number of pixels: on a page a picture takes
the room that there is, a phone's too, and its words stay as large as the page's. Alone it is as wide as it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape

from heard.reports.standing import Stand

#: How wide a picture is where it stands alone, and how high a row: its words, and below them what is drawn.
WIDTH, ROW, HEAD = 720, 40, 26
#: A longer name would run into what is said at the other end of its row, on a phone: "1,011 of 1,125 (90 %)", "day 54".
NAME_MAX, NAME_OF_CLOCK_MAX = 34, 40
#: A response years later would press the first weeks into a line.
LONGEST_DAYS = 400


def timeline(stands: Sequence[Stand], on: date) -> str:
    """The clocks of a report side by side: from its start to its last day, and when responses are dated."""
    drawn = [stand for stand in stands if stand.due]
    if not drawn:
        return ""
    first = min(stand.due.start for stand in drawn if stand.due)
    dated = [stand.response.dated_on for stand in drawn if stand.response and stand.response.dated_on]
    ends = {stand.due.on for stand in drawn if stand.due}
    last = min(max([*ends, *dated]) + timedelta(7), first + timedelta(LONGEST_DAYS))
    days = (last - first).days

    def x(day: date) -> str:
        return f"{round(1 + 98 * min(1.0, (day - first).days / days), 1):g}%"

    said = f"the mark is the last day, {_day(max(ends))}" if len(ends) == 1 else "each mark is a last day"
    parts = [f'<text class="soft" x="0" y="12">From {_day(first)}; {said}</text>']
    for place, stand in enumerate(drawn):
        y = HEAD + ROW * place
        assert stand.due
        parts.append(_named(stand.addressee.name, y, _day_of(stand), "soft", NAME_OF_CLOCK_MAX))
        y += 24
        parts.append(f'<line class="clock" x1="{x(stand.due.start)}" y1="{y}" x2="{x(stand.due.on)}" y2="{y}"/>')
        parts.append(f'<line class="last" x1="{x(stand.due.on)}" y1="{y - 7}" x2="{x(stand.due.on)}" y2="{y + 7}"/>')
        if stand.response and stand.response.dated_on:
            after = stand.response.dated_on > stand.due.on
            parts.append(
                f'<circle class="{"after" if after else "came"}" cx="{x(stand.response.dated_on)}" cy="{y}" r="5"/>'
            )
    return _svg("timeline", parts, HEAD + ROW * len(drawn), "The clocks of the addressees, as in the table above")


def _day_of(stand: Stand) -> str:
    if stand.state not in ("response published", "interim reply"):
        return ""
    return f"day {stand.day}" if stand.response and stand.response.dated_on else "day not known"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _named(name: str, y: int, said: str, sort: str, most: int = NAME_MAX) -> str:
    """The words of a row: whose it is, and at the other end what is said of it."""
    short = name if len(name) <= most else f"{name[: most - 1].rstrip()}…"
    at = f'class="{sort}" x="100%" y="{y + 12}" text-anchor="end"'
    return f'<text x="0" y="{y + 12}">{escape(short)}</text>' + (f"<text {at}>{escape(said)}</text>" if said else "")


def _svg(sort: str, parts: Sequence[str], height: int, label: str) -> str:
    return (
        f'<svg class="{sort}" width="{WIDTH}" height="{height}" role="img" aria-label="{escape(label)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def shares(rows: Sequence[tuple[str, int, int, str]], label: str) -> str:
    """Bars of how many of how many, a row for each: (name, part, whole, what is said of it)."""
    most = max((whole for _, _, whole, _ in rows), default=1) or 1
    parts = []
    for place, (name, part, whole, said) in enumerate(rows):
        y = ROW * place
        full, some = (f"{round(100 * number / most, 1):g}%" for number in (whole, part))
        parts.append(_named(name, y, said, "said"))
        parts.append(f'<rect class="rest" x="0" y="{y + 17}" width="{full}" height="14"/>')
        parts.append(f'<rect class="bar" x="0" y="{y + 17}" width="{some}" height="14"/>')
    return _svg("figure", parts, ROW * len(rows), f"{label}, as in the table below")


#: How high the highest column is, and how much of its step the widest step takes: few columns are no wall.
HIGH, STEP_MAX = 180, 3.0
#: A year that begins behind this part of the width has no room for its name on a phone.
NEAR_THE_END = 92
#: The parts of a column from below, by how they are filled; a line of what each is stands above.
PARTS = ("bar", "later", "undated", "none", "rest")
LINE = 18


def columns(rows: Sequence[tuple[str, Sequence[int]]], parts: Sequence[str], label: str) -> str:
    """A column for each row of (name, numbers), its numbers one above another as `PARTS`; `parts` says what they are.

    A name is "2021 Q1", or words, which stand on a line of their own. What a phone has no room for is called so:
    `total`, and every other year, `odd`.
    """
    drawn = _legend(parts)
    most = max((sum(numbers) for _, numbers in rows), default=1) or 1
    step = min(STEP_MAX, 100 / max(1, len(rows)))
    foot = LINE * len(parts) + 24 + HIGH
    below = foot + LINE
    for place, (name, numbers) in enumerate(rows):
        year, _, quarter = name.partition(" ")
        left, y = step * place, float(foot)
        for part, number in zip(PARTS, numbers, strict=True):
            high = round(HIGH * number / most, 1)
            y = round(y - high, 1)
            if number:
                drawn.append(f'<rect class="{part}" {_across(left, step * 0.7)} y="{y}" height="{high}"/>')
        if total := sum(numbers):
            at = f'x="{left + step * 0.35:.2f}%" y="{y - 4}" text-anchor="middle"'
            drawn.append(f'<text class="total" {at}>{total:,}</text>')
        if year.isdecimal() and quarter[:1] == "Q":
            if quarter == "Q1" or (not place and quarter == "Q2"):
                sort = "odd" if int(year) % 2 or left > NEAR_THE_END else "year"
                drawn.append(f'<text class="{sort}" x="{left:.2f}%" y="{foot + LINE}">{year}</text>')
        else:  # the words of the last ones end where their columns do
            below += LINE
            at = f'x="{left + step * 0.7:.2f}%" y="{below}" text-anchor="end"' if place else f'x="0" y="{below}"'
            drawn.append(f'<text class="soft" {at}>{escape(name)}</text>')
    return _svg("columns", drawn, below + 8, f"{label}, as in the table below")


def _across(left: float, wide: float) -> str:
    return f'x="{left:.2f}%" width="{wide:.2f}%"'


def _legend(parts: Sequence[str]) -> list[str]:
    drawn = list[str]()
    for place, (part, words) in enumerate(zip(PARTS, parts, strict=True)):
        y = LINE * place
        drawn.append(f'<rect class="{part}" x="0" y="{y + 2}" width="12" height="12"/>')
        drawn.append(f'<text x="18" y="{y + 12}">{escape(words)}</text>')
    return drawn
