"""The drawing says what it was asked to say: read back from its path by a reader of our own (ISO/IEC 18004)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from heard.accounts import codes, qr
from heard.accounts.qr import QUIET, Drawn

#: For level M: where the small squares stand, and how many blocks of how many words.
ALIGNED = {4: (6, 26), 5: (6, 30), 6: (6, 34), 7: (6, 22, 38), 8: (6, 24, 42), 9: (6, 26, 46), 10: (6, 28, 50)}
BLOCKS = {
    4: [32] * 2,
    5: [43] * 2,
    6: [27] * 4,
    7: [31] * 4,
    8: [38, 38, 39, 39],
    9: [36] * 3 + [37] * 2,
    10: [43] * 4 + [44],
}
MASKS = [
    lambda row, column: (row + column) % 2 == 0,
    lambda row, column: row % 2 == 0,
    lambda row, column: column % 3 == 0,
    lambda row, column: (row + column) % 3 == 0,
    lambda row, column: (row // 2 + column // 3) % 2 == 0,
    lambda row, column: row * column % 2 + row * column % 3 == 0,
    lambda row, column: (row * column % 2 + row * column % 3) % 2 == 0,
    lambda row, column: ((row + column) % 2 + row * column % 3) % 2 == 0,
]


def modules(drawn: Drawn) -> list[list[bool]]:
    """Dark or not, without the quiet zone, which has to be light."""
    strokes = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", drawn.path)
    dark = {(int(y), x) for left, y, long in strokes for x in range(int(left), int(left) + int(long))}
    within = range(QUIET, drawn.side - QUIET)
    assert all(y in within and x in within for y, x in dark)
    return [[(y, x) in dark for x in within] for y in within]


def read(drawn: Drawn) -> str:
    seen = modules(drawn)
    side = len(seen)
    version = (side - 17) // 4
    told = [seen[8][column] for column in (0, 1, 2, 3, 4)]
    level, mask = ((told[0] ^ 1) << 1 | told[1] ^ 0), (told[2] ^ 1) << 2 | (told[3] ^ 0) << 1 | (told[4] ^ 1)
    assert level == 0, "level M"
    bits = [seen[row][column] ^ MASKS[mask](row, column) for row, column in _path(side, version)]
    words = [int("".join("01"[bit] for bit in bits[at : at + 8]), 2) for at in range(0, len(bits) - 7, 8)]
    blocks: list[list[int]] = [[] for _ in BLOCKS[version]]
    stream = iter(words)
    for turn in range(max(BLOCKS[version])):
        for block, long in zip(blocks, BLOCKS[version], strict=True):
            if turn < long:
                block.append(next(stream))
    data = "".join(f"{word:08b}" for block in blocks for word in block)
    assert data[:4] == "0100", "bytes"
    counted = 16 if version > 9 else 8
    long, start = int(data[4 : 4 + counted], 2), 4 + counted
    return bytes(int(data[start + 8 * at : start + 8 * at + 8], 2) for at in range(long)).decode()


def _path(side: int, version: int) -> Iterator[tuple[int, int]]:
    """Where the words lie: two columns at a time from the right, up and down by turns."""
    column, up = side - 1, True
    while column > 0:
        column -= column == 6
        for row in reversed(range(side)) if up else range(side):
            yield from ((row, one) for one in (column, column - 1) if not _is_fixed(row, one, side, version))
        column, up = column - 2, not up


def _is_fixed(row: int, column: int, side: int, version: int) -> bool:
    corner = (row < 9 and column < 9) or (row < 9 and column >= side - 8) or (row >= side - 8 and column < 9)
    told = version >= 7 and ((row < 6 and column >= side - 11) or (column < 6 and row >= side - 11))
    last = (6, ALIGNED[version][-1])
    squares = [(y, x) for y in ALIGNED[version] for x in ALIGNED[version] if (y, x) not in ((6, 6), last, last[::-1])]
    square = any(abs(row - y) <= 2 and abs(column - x) <= 2 for y, x in squares)
    return corner or told or square or row == 6 or column == 6


@pytest.mark.parametrize("email", ["a@b.example", "mira.okafor@gazette.example", "m+" + "x" * 60 + "@gazette.example"])
def test_a_phone_reads_the_address_that_the_link_has(email: str) -> None:
    address = codes.address(b"a secret of twenty b", "Heard", email)
    assert read(qr.drawn(address)) == address


def test_another_secret_is_another_drawing() -> None:
    one, two = (qr.drawn(codes.address(secret, "Heard", "a@b.example")) for secret in (b"1" * 20, b"2" * 20))
    assert one.side == two.side and one.path != two.path and read(one) != read(two)
