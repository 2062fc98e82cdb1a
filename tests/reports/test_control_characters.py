"""A control character in what a source said takes no feed, calendar or picture away."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path

import pytest
from icalendar import Calendar

from heard.opening import House
from heard.reports import drawing, following, pictures
from heard.reports.register import Register
from heard.text.xml import writable
from tests.reports.register import line, read, register_of, shown, table

ON = date(2021, 6, 1)
BASE = "https://heard.example"


@pytest.fixture
def register(house: House, tmp_path: Path) -> Register:
    read(house, table(line(1, area="Avon\x07 and\x01 Levels", sent="Harbour\x00 Board\x0e")), "2021-06-01")
    return register_of(house, tmp_path)


def test_a_feed_can_be_read(register: Register) -> None:
    one = shown(register, "2021-0001")
    made = following.as_feed(register, [one], "Reports of \x02", f"{BASE}/feed.atom", BASE, ON)
    assert "Avon and Levels" in "".join(ET.fromstring(made).itertext())
    assert "Harbour Board" in "".join(ET.fromstring(made).itertext())


def test_a_calendar_can_be_read(register: Register) -> None:
    made = following.as_calendar([shown(register, "2021-0001")], BASE)
    [event] = Calendar.from_ical(made).walk("VEVENT")
    assert event["SUMMARY"] == "Last day to respond: Harbour Board (2021-0001)"


def test_a_picture_can_be_opened() -> None:
    made = pictures.alone(drawing.shares([("Har\x08bour", 1, 2, "1 of 2\x01")], "By body\x03"))
    assert "Harbour" in "".join(ET.fromstring(made).itertext())
    assert pictures.png(made).startswith(b"\x89PNG")


@pytest.mark.parametrize("text", ["a\tb\nc", "ŵ – “words” 🏛", "\ue000\ufffd"])
def test_what_xml_can_write_stays(text: str) -> None:
    assert writable(text) == text
