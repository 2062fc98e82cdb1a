"""Pictures of reports as SVG: plain shapes, drawn from the same rows as the table that stands beside each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape

from heard.reports.standing import Stand

ROW, LEFT, WIDTH, HEAD = 26, 230, 900, 30
#: How wide "day 54" is, with what is before it.
SAYS = 55
#: The longest bar, and the room for what it says before it: "1,010 of 1,128 (90 %)".
BARS, SAID = 500, 160
#: A response years later would press the first weeks into a line.
LONGEST_DAYS = 400


def timeline(stands: Sequence[Stand], on: date) -> str:
    """The clocks of a report side by side: from its start to its last day, and when responses are dated."""
    drawn = [stand for stand in stands if stand.due]
    if not drawn:
        return ""
    first = min(stand.due.start for stand in drawn if stand.due)
    dated = [stand.response.dated_on for stand in drawn if stand.response and stand.response.dated_on]
    last = max([stand.due.on for stand in drawn if stand.due] + dated) + timedelta(7)
    last = min(last + timedelta(21), first + timedelta(LONGEST_DAYS))
    days = (last - first).days

    def x(day: date) -> float:
        return round(LEFT + (WIDTH - LEFT - 40) * min(1.0, (day - first).days / days), 1)

    parts = [_axis(first, last, x(first), x(last))]
    for place, stand in enumerate(drawn):
        y = HEAD + ROW * place + ROW // 2
        assert stand.due
        name = stand.addressee.name if len(stand.addressee.name) < 32 else stand.addressee.name[:30] + "…"
        parts.append(f'<text x="0" y="{y + 4}">{escape(name)}</text>')
        parts.append(f'<line class="clock" x1="{x(stand.due.start)}" y1="{y}" x2="{x(stand.due.on)}" y2="{y}"/>')
        parts.append(f'<line class="last" x1="{x(stand.due.on)}" y1="{y - 7}" x2="{x(stand.due.on)}" y2="{y + 7}"/>')
        response = stand.response
        if response and response.dated_on:
            late = response.dated_on > stand.due.on
            parts.append(f'<circle class="{"late" if late else "came"}" cx="{x(response.dated_on)}" cy="{y}" r="5"/>')
            # Beside the dot, or behind the last day where that would stand in the words.
            at = x(stand.due.on if 0 <= x(stand.due.on) - x(response.dated_on) < SAYS else response.dated_on)
            parts.append(f'<text class="soft" x="{at + 8}" y="{y + 4}">day {stand.day}</text>')
        elif response:
            parts.append(f'<text class="soft" x="{x(stand.due.on) + 8}" y="{y + 4}">day not known</text>')
    height = HEAD + ROW * len(drawn) + 6
    return (
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="The clocks of the addressees, as in the table above">{"".join(parts)}</svg>'
    )


def _axis(first: date, last: date, left: float, right: float) -> str:
    return (
        f'<text class="soft" x="{left}" y="14">{first.day} {first:%b %Y}</text>'
        f'<text class="soft" x="{right}" y="14" text-anchor="end">{last.day} {last:%b %Y}</text>'
    )


def shares(rows: Sequence[tuple[str, int, int, str]], label: str) -> str:
    """Bars of how many of how many, a row for each: (name, part, whole, what is said of it)."""
    most = max((whole for _, _, whole, _ in rows), default=1) or 1
    names = [name if len(name) < 32 else name[:30] + "…" for name, *_ in rows]
    left = min(LEFT, 16 + 7 * max(map(len, names), default=0))  # years need less room than trusts
    start = left + SAID  # the figures stand before the bars: on a narrow screen they are what is seen at once
    wide = start + BARS
    parts = []
    for place, (_, part, whole, said) in enumerate(rows):
        y = ROW * place + 4
        full, some = (round(BARS * number / most, 1) for number in (whole, part))
        parts.append(f'<text x="0" y="{y + 14}">{escape(names[place])}</text>')
        parts.append(f'<rect class="rest" x="{start}" y="{y}" width="{full}" height="18"/>')
        parts.append(f'<rect class="bar" x="{start}" y="{y}" width="{some}" height="18"/>')
        parts.append(f'<text x="{left}" y="{y + 14}">{escape(said)}</text>')
    height = ROW * len(rows) + 8
    return (
        f'<svg class="figure" viewBox="0 0 {wide} {height}" width="{wide}" height="{height}" role="img" '
        f'aria-label="{escape(label)}, as in the table below" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


#: How wide a column and its step are, how high the highest; a column with words below it has more room.
COLUMN, STEP, WORDED, HIGH = 14, 20, 96, 180
#: The parts of a column from below, by how they are filled; a line of what each is stands above.
PARTS = ("bar", "later", "undated", "none", "rest")


def columns(rows: Sequence[tuple[str, Sequence[int]]], parts: Sequence[str], label: str) -> str:
    """A column for each row of (name, numbers), its numbers one above another as `PARTS`; `parts` says what they are.

    A name is "2021 Q1", or words, which get more room.
    """
    drawn, left = _legend(parts), 30.0
    most = max((sum(numbers) for _, numbers in rows), default=1) or 1
    top = HEAD + 44
    for place, (name, numbers) in enumerate(rows):
        year, _, quarter = name.partition(" ")
        is_quarter = year.isdecimal() and quarter[:1] == "Q"
        y = float(top + HIGH)
        for part, number in zip(PARTS, numbers, strict=True):
            high = round(HIGH * number / most, 1)
            y = round(y - high, 1)
            if number:
                drawn.append(f'<rect class="{part}" x="{left}" y="{y}" width="{COLUMN}" height="{high}"/>')
        if total := sum(numbers):
            drawn.append(f'<text x="{left + COLUMN / 2}" y="{y - 4}" text-anchor="middle">{total:,}</text>')
        said = year if is_quarter else name
        if not is_quarter or quarter == "Q1" or (not place and quarter != "Q4"):
            drawn.append(f'<text class="soft" x="{left}" y="{top + HIGH + 18}">{escape(said)}</text>')
        left += STEP if is_quarter else WORDED
    wide, height = max(WIDTH, round(left) + 20), top + HIGH + 26
    return (
        f'<svg class="figure columns" viewBox="0 0 {wide} {height}" width="{wide}" height="{height}" role="img" '
        f'aria-label="{escape(label)}, as in the table below" xmlns="http://www.w3.org/2000/svg">{"".join(drawn)}</svg>'
    )


def _legend(parts: Sequence[str]) -> list[str]:
    drawn = list[str]()
    x = 30
    for part, words in zip(PARTS, parts, strict=True):
        drawn.append(f'<rect class="{part}" x="{x}" y="6" width="12" height="12"/>')
        drawn.append(f'<text x="{x + 18}" y="16">{escape(words)}</text>')
        x += 44 + 7 * len(words)
    return drawn
