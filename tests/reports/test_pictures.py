"""Pictures leave as SVG, PNG and table, and all three say the same."""

from __future__ import annotations

import csv
import io
import struct
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import date

import pytest

from heard.opening import open_house
from heard.reports import drawing, pictures
from tests.reports.register import line, read, table
from tests.server import Server, running

ROWS = [
    ("2019", 12, 20, "12 of 20 (60 %)"),
    ("2020", 3, 30, "3 of 30 (10 %)"),
    ("Llywodraeth Cymru – ŵ", 4, 4, "4 of 4 (100 %)"),
]


SVG = "{http://www.w3.org/2000/svg}"


def size_of(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_a_picture_alone_is_whole_and_coloured_and_says_what_it_said() -> None:
    drawn = drawing.shares(ROWS, "By year")
    made = pictures.alone(drawn)
    assert "".join(ET.fromstring(made).itertext()) == "".join(ET.fromstring(drawn).itertext())
    assert 'fill="#1d4f91"' in made and "class=" not in made.split(">", 1)[1] and "style" not in made
    assert ET.fromstring(pictures.alone("")) is not None


def test_a_picture_fits_every_width_and_its_words_shrink_with_none_of_them() -> None:
    drawn = ET.fromstring(drawing.shares(ROWS, "By year"))
    assert "viewBox" not in drawn.attrib  # which would shrink the letters with the picture
    for part in drawn.iter():
        across = [part.attrib[side] for side in ("x", "width") if side in part.attrib and part is not drawn]
        assert all(one == "0" or one.endswith("%") for one in across), part.attrib
    bars = [part.attrib["width"] for part in drawn.iter(f"{SVG}rect")]
    assert bars == ["66.7%", "40%", "100%", "10%", "13.3%", "13.3%"]


def test_the_png_has_the_letters_and_the_bars_of_the_picture() -> None:
    made = pictures.alone(drawing.shares(ROWS, "By year"))
    whole = pictures.png(made)
    viewed = ET.fromstring(made).attrib["viewBox"].split()
    assert size_of(whole) == (int(viewed[2]) * 2, int(viewed[3]) * 2)
    without_letters = pictures.png(made.replace("Llywodraeth Cymru", " "))
    without_bars = pictures.png(made.replace("#1d4f91", "#ffffff"))
    assert len({whole, without_letters, without_bars}) == 3  # a missing font would make the first two the same
    assert pictures.png(made) == whole


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("pictures") / "data"
    house = open_house(data)
    read(house, table(*(line(number, replies=number % 2) for number in range(1, 31))), "2021-06-01")
    house.close()
    with running(data) as server:
        for _ in range(200):
            if "still to come" not in server.page("/reports/"):
                break
            time.sleep(0.05)
        yield server


def test_each_picture_has_its_table_and_its_three_forms(served: Server) -> None:
    page = served.page("/reports/figures/")
    for name in ("years", "bodies", "areas", "categories", "tracker"):
        about = f"/reports/figures/{name}"
        assert all(f'href="{about}.{form}"' in page for form in ("svg", "png", "csv"))
        svg = served.reader.get(f"{about}.svg")
        labels = [text.text for text in ET.fromstring(svg.text).iter("{http://www.w3.org/2000/svg}text")][::2]
        rows = list(csv.reader(io.StringIO(served.page(f"{about}.csv"))))[3:]
        assert labels == [row[0] for row in rows] and rows
        png = served.reader.get(f"{about}.png")
        assert png.headers["content-type"] == "image/png"
        assert png.content == pictures.png(svg.text)


def test_the_clocks_of_a_report_are_taken_away_with_their_table(served: Server) -> None:
    about = "/reports/2021-0001/timeline"
    page = served.page("/reports/2021-0001/")
    assert all(f'href="{about}.{form}"' in page for form in ("svg", "png", "csv"))
    [row] = csv.DictReader(io.StringIO(served.page(f"{about}.csv")))
    assert row["addressee"] == "Harbour Board" and row["last_day"] == str(date(2021, 4, 28))
    svg = served.page(f"{about}.svg")
    assert "Harbour Board" in svg
    assert size_of(served.reader.get(f"{about}.png").content)[0] == (drawing.WIDTH + 2 * pictures.MARGIN) * 2
    assert served.reader.get("/reports/none/timeline.png").status_code == 404
