"""The space of echoes is kept for the next start, and goes at once when words are withdrawn."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from heard.cases.exits import Serving
from heard.opening import House
from heard.reports import pages, space, wrong
from heard.reports.echoes import Echoes
from heard.reports.register import Register
from heard.reports.space import Space
from heard.store.frames import FramesFile
from heard.store.register import FittedFile
from tests.reports.register import SCRAPED, read, register_of, scraped, table

WORDS = ("The lamp at the harbour gate was broken.", "The tide table of the ferry was old.", "The rope was rotten.")


class Small(Echoes):
    """One that keeps what was fitted on a few reports, too."""

    WORTH_KEEPING = 1


class Counting(FittedFile):
    """One that remembers how often it was asked to keep something."""

    asked = 0

    def keep(self, made: bytes, forgotten: int) -> bool:
        self.asked += 1
        return super().keep(made, forgotten)


@pytest.fixture
def register(house: House, tmp_path: Path) -> Register:
    rows = [scraped(number, concerns=f"{WORDS[number % 3]} {WORDS[number % 2]}") for number in range(1, 8)]
    read(house, table(*rows, columns=SCRAPED), "2024-03-01", name="a.csv")
    return register_of(house, tmp_path)


def file_of(folder: Path, made_by: str = "this code") -> Counting:
    return Counting(folder / "register.sqlite.fitted", made_by)


def test_the_next_start_goes_on_with_what_was_fitted(register: Register, tmp_path: Path) -> None:
    first, again = Small(register, file_of(tmp_path)), file_of(tmp_path)
    fitted, second = first.space(), Small(register, again)
    found = second.space()
    assert again.asked == 0
    assert found.vocabulary == fitted.vocabulary and found.reports == fitted.reports
    for name in ("weights", "directions", "owners", "within", "whole", "places", "starts", "saying", "shares"):
        assert np.array_equal(getattr(found, name), getattr(fitted, name)), name
    offered = [one.shown.id for one in second.of_text(WORDS[2])]
    assert offered == [one.shown.id for one in first.of_text(WORDS[2])] != []


@pytest.mark.parametrize("harm", ["another code", "cut short", "a bit"])
def test_what_does_not_fit_is_as_good_as_none(register: Register, tmp_path: Path, harm: str) -> None:
    Small(register, file_of(tmp_path)).space()
    again = file_of(tmp_path, "another code" if harm == "another code" else "this code")
    held = bytearray(again.path.read_bytes())
    held[-20] ^= harm == "a bit"
    again.path.write_bytes(held[:-1] if harm == "cut short" else held)
    assert Small(register, again).space().reports
    assert again.asked == 1


def test_it_is_gone_as_soon_as_words_are_withdrawn(register: Register, house: House, tmp_path: Path) -> None:
    file = file_of(tmp_path)
    Small(register, file).space()
    read(house, table(scraped(9, concerns=WORDS[0]), columns=SCRAPED), "2024-04-01", name="a.csv")
    house.node.catch_up()
    register.follow_all()
    assert file.path.exists()  # nothing was withdrawn
    marked = [scraped(number, concerns=WORDS[0], deceased="REDACTED") for number in range(1, 7)]
    read(house, table(*marked, columns=SCRAPED), "2024-05-01", name="a.csv", accepted=True)
    house.node.catch_up()
    register.follow(1)
    assert not file.path.exists() and not [*tmp_path.glob("*.fitted*")]


def test_what_was_read_before_a_withdrawal_is_not_kept_after_it(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    read_at = file.forgotten()
    file.forget()
    assert not file.keep(b"words of before", read_at) and not [*tmp_path.iterdir()]
    assert file.keep(b"words of now", file.forgotten()) and file.kept() == b"words of now"


def test_what_is_fitted_while_a_withdrawal_is_not_carried_out_is_not_kept(
    register: Register, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until every report that it touches is made anew, what was withdrawn stands in the register."""
    monkeypatch.setattr("heard.reports.register.TAKE_AWAY_AT_ONCE", 1)
    file = file_of(tmp_path)
    marked = [scraped(number, concerns=WORDS[0], deceased="REDACTED") for number in range(1, 7)]
    read(house, table(*marked, columns=SCRAPED), "2024-05-01", name="a.csv", accepted=True)
    house.node.catch_up()
    first = Small(register, file)
    register.follow(1)
    assert register.to_come and file.forgotten(), "the control: it is begun, and not done"
    first.space()
    assert not file.path.exists()
    register.follow_all()
    Small(register, file).space()
    assert file.path.exists()


def test_a_file_that_a_crash_cut_short_goes_too(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    (cut := file.path.with_name(f"{file.path.name}.0123")).write_bytes(b"words")
    file.forget()
    assert not cut.exists()


def test_while_it_is_fitted_anew_whoever_asks_has_what_was_fitted_before(
    register: Register, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    echoes, began, goes_on, fitting = Echoes(register), threading.Event(), threading.Event(), space.fit

    def slowly(texts: Any) -> Space:
        began.set()
        assert goes_on.wait(20)
        return fitting(texts)

    before = echoes.space()
    more = [scraped(number, concerns=f"{WORDS[number % 3]} {WORDS[number % 2]}") for number in range(1, 12)]
    read(house, table(*more, columns=SCRAPED), "2024-04-01", name="a.csv", accepted=True)
    house.node.catch_up()
    register.follow_all()
    assert len(register) == 11
    monkeypatch.setattr(space, "fit", slowly)
    with ThreadPoolExecutor(2) as beside:
        anew = beside.submit(echoes.space)
        assert began.wait(20)
        asked = beside.submit(lambda: (echoes.space(), echoes.of_text(WORDS[2])))
        try:
            assert [found := asked.result(10)] and found[0] is before and found[1]
        finally:
            goes_on.set()
        assert anew.result(20) is echoes.space() is not before


class Gated(Small):
    """One that fits when it is let."""

    def __init__(self, register: Register) -> None:
        self.gate, self.begun = threading.Event(), 0
        super().__init__(register)

    def _fitted(self) -> Space:
        self.begun += 1
        self.gate.wait(20)
        return super()._fitted()


def test_until_it_is_fitted_the_page_says_so_and_keeps_nobody_waiting(
    register: Register, house: House, tmp_path: Path
) -> None:
    echoes, frames = Gated(register), FramesFile(tmp_path / "frames.sqlite", "e")
    do: Any = None
    ready = Serving(house.node, house.doors, house.vault, frames, house.media, do, "e", register, echoes)
    app = Starlette(routes=[*wrong.routes(), *pages.routes()])
    app.state.serving = ready
    address = f"/reports/{register.newest()[0].slug}/similar/"
    with TestClient(app) as client:
        for _ in range(3):
            early = client.get(address)
            assert (early.status_code, early.headers["cache-control"]) == (503, "no-store")
            assert "look again" in early.text and "similar concerns found" not in early.text
        draft = client.post("/reports/similar/", data={"text": WORDS[0]})
        assert draft.status_code == 503 and WORDS[0] in draft.text and "press the button again" in draft.text
        assert echoes.begun == 1  # whoever asks again begins nothing else
        echoes.gate.set()
        asked = (client.get(address) for _ in range(200) if not time.sleep(0.01))  # type: ignore[func-returns-value]
        assert next(answer for answer in asked if answer.status_code == 200).text.count("look again") == 0
        assert "similar concern" in client.post("/reports/similar/", data={"text": WORDS[0]}).text
    frames.close()
