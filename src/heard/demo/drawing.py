"""Draws the plan of the fictional port: land, water, a lock with its gates, sheds."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1200, 800
#: Where the night post stands, in per cent from the left and from the top: on the dam, north of the lock.
POST = (51.0, 42.5)

#: Drawn so much larger, and then made smaller, so that edges are smooth.
_TIMES = 2
_WATER, _LAND, _WALL, _ROOF, _ROAD, _INK = "#cfe0ea", "#f1eee4", "#8b8676", "#ddd5c3", "#faf8f2", "#4a5568"
_NORTH = [(-9, -9), (1209, -9), (1209, 150), (960, 170), (820, 215), (725, 225), (500, 225), (330, 190), (-9, 165)]
_SOUTH = [(-9, 809), (1209, 809), (1209, 665), (930, 640), (800, 590), (725, 580), (500, 580), (300, 620), (-9, 650)]
#: Left, top, right, bottom.
_DAM, _CHAMBER = (500, 220, 725, 585), (490, 370, 735, 450)
_SHEDS = [(60, 35, 300, 115), (345, 35, 475, 115), (60, 690, 420, 765), (860, 35, 1130, 105), (880, 700, 1150, 770)]
_HUTS = [(586, 318, 638, 358), (640, 466, 684, 500)]
_NAMES = [
    (950, 410, "Outer harbour", 30),
    (240, 410, "Inner basin", 30),
    (612, 410, "Lock", 22),
    (180, 75, "Shed A", 20),
    (410, 75, "Stores", 20),
    (240, 728, "Shed B", 20),
    (995, 70, "Harbour office", 20),
    (1015, 735, "Workshop", 20),
    (180, 142, "North quay", 20),
    (180, 662, "South quay", 20),
    (240, 784, "Port of Saltmere (fictional), not to scale", 20),
]


def plan() -> bytes:
    """A JPEG of WIDTH by HEIGHT points."""
    picture = Image.new("RGB", (WIDTH * _TIMES, HEIGHT * _TIMES), _WATER)
    pen = ImageDraw.Draw(picture)
    for shore in (_NORTH, _SOUTH):
        pen.polygon(_larger(shore), fill=_LAND, outline=_WALL, width=8)
    _lock(pen)
    for box in (*_SHEDS, *_HUTS):
        pen.rectangle(_box(box), fill=_ROOF, outline=_WALL, width=4)
    for x, y, words, size in _NAMES:
        font = ImageFont.load_default(size * _TIMES)
        pen.text((x * _TIMES, y * _TIMES), words, fill=_INK, font=font, anchor="mm")
    made = io.BytesIO()
    picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(made, "JPEG", quality=85)
    return made.getvalue()


def _lock(pen: ImageDraw.ImageDraw) -> None:
    """A dam with a chamber through it, a pair of gates at each end, and a road that crosses between them."""
    pen.rectangle(_box(_DAM), fill=_LAND)
    left, top, right, bottom = _DAM
    for x in (left, right):
        pen.line(_larger([(x, top), (x, bottom)]), fill=_WALL, width=8)
    pen.line(_larger([(560, -9), (560, HEIGHT + 9)]), fill=_ROAD, width=36)
    pen.rectangle(_box(_CHAMBER), fill=_WATER)
    left, top, right, bottom = _CHAMBER
    for y in (top, bottom):
        pen.line(_larger([(left + 6, y), (right - 6, y)]), fill=_WALL, width=8)
    for x in (left + 36, right - 36):
        pen.line(_larger([(x, top), (x + 18, (top + bottom) // 2), (x, bottom)]), fill=_INK, width=10, joint="curve")
    pen.line(_larger([(560, top), (560, bottom)]), fill=_ROAD, width=20)


def _larger(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(x * _TIMES, y * _TIMES) for x, y in points]


def _box(box: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    left, top, right, bottom = box
    return _larger([(left, top), (right, bottom)])
