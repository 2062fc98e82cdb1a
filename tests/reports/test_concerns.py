"""What people said of a concern stays with its words, however a newer text is cut."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from heard.opening import House
from heard.reports import axes, commands, concerns, projection, shown
from heard.reports.concerns import CHANGED
from heard.reports.register import Register
from tests.reports.register import SCRAPED, client_of, read, register_of, scraped, table
from tests.reports.register import shown as of

LAMP = "The lamp on the north pier had been dark since the autumn and nobody was told of it."
GATE = "The gate at the foot of the slip was not watched at night."
ROPE = "No rope was kept within reach of the steps."
BOARD = "Harbour Board"


def told(house: House, text: str, on: str) -> None:
    read(house, table(scraped(1, concerns=text), columns=SCRAPED), on, name=f"{on}.csv", accepted=True)
    house.node.catch_up()


def judged(house: House, concern: str, reason: str = "It was read.", judgement: Any = "acceptable") -> None:
    report = projection.by_slug(house.tables, "2021-0001")
    house.node.do(
        commands.give_judgement(report, concern, BOARD, judgement, "Ada Vale", date(2022, 1, 1), reason), by="editor"
    )
    house.node.do(commands.set_outcome(report, concern, BOARD, "implemented", "Ada Vale", reason), by="editor")
    house.node.do(commands.record_promise(report, BOARD, "To look at it", concern), by="editor")
    house.node.catch_up()


def stands_with(register: Register) -> dict[str, str]:
    """By the words of a concern: how it is judged."""
    one = of(register, "2021-0001")
    texts = register.texts(one.id)
    words = {concern.id: concern.words for concern in texts.numbered}
    rows = axes.axes(one, texts, [], ())
    return {words[row.concern]: row.judgement.value for row in rows if row.judgement.value != "not known"}


NEWER = {
    "as it was": (f"(1) {LAMP} (2) {GATE}", GATE),
    "one more before it": (f"(1) {ROPE} (2) {LAMP} (3) {GATE}", GATE),
    "the other way round": (f"(1) {GATE} (2) {LAMP}", GATE),
    "carried on": (f"(1) {LAMP} (2) {GATE} Nor by day.", f"{GATE} Nor by day."),
    "gone, another in its place": (f"(1) {LAMP} (2) {ROPE}", ""),
    "put in other words": (f"(1) {LAMP} (2) Nobody watched the gate.", ""),
    "twice, neither where it was": (f"(1) {GATE} (2) {LAMP} (3) {GATE}", ""),
}


@pytest.mark.parametrize("name", NEWER)
@pytest.mark.parametrize("by", ["text-2", "2", "(2)"])
def test_a_judgement_stands_with_the_words_that_it_was_given_of(
    house: House, tmp_path: Path, name: str, by: str
) -> None:
    told(house, f"(1) {LAMP} (2) {GATE}", "2021-06-01")
    judged(house, by)
    newer, words = NEWER[name]
    told(house, newer, "2022-06-01")
    register = register_of(house, tmp_path)
    assert stands_with(register) == ({words: "acceptable"} if words else {})
    one = of(register, "2021-0001")
    loose = [said.concern == CHANGED for said in (*one.judged, *one.judgements)]
    assert all(loose) if not words else not any(loose)
    page = client_of(house, register, tmp_path).get("/reports/2021-0001/").text
    assert ("of a concern whose words have changed since" in page) == (not words) and page.count("To look at it") == 1


def test_it_is_said_again_of_the_words_that_stand_now(house: House, tmp_path: Path) -> None:
    told(house, f"(1) {LAMP} (2) {GATE}", "2021-06-01")
    judged(house, "2")
    told(house, f"(1) {LAMP} (2) {ROPE}", "2022-06-01")
    judged(house, "2", "Read again.")
    register = register_of(house, tmp_path)
    assert stands_with(register) == {ROPE: "acceptable"}
    assert {said.concern for said in of(register, "2021-0001").judgements} == {"2"}
    assert register.looking_back(of(register, "2021-0001").id, date(2021, 7, 1))[1].numbered[1].words == GATE


def test_once_a_person_has_numbered_the_concerns_it_goes_with_the_same_words(house: House, tmp_path: Path) -> None:
    told(house, f"(1) {LAMP} (2) {GATE}", "2021-06-01")
    judged(house, "text-2")
    report = projection.by_slug(house.tables, "2021-0001")
    for number, words in (("4", GATE), ("5", LAMP)):
        house.node.do(commands.number_concern(report, number, words), by="editor")
    assert stands_with(register_of(house, tmp_path)) == {GATE: "acceptable"}


def test_a_number_that_was_said_before_its_text_was_here_is_that_number(house: House, tmp_path: Path) -> None:
    told(house, "", "2021-06-01")
    judged(house, "2")
    told(house, f"(1) {LAMP} (2) {GATE}", "2022-06-01")
    assert stands_with(register_of(house, tmp_path)) == {GATE: "acceptable"}


def test_a_judgement_by_place_alone_is_caught(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what was said of the gate is shown with the rope."""
    monkeypatch.setattr(shown, "bound", lambda life, on=None: [*life])
    told(house, f"(1) {LAMP} (2) {GATE}", "2021-06-01")
    judged(house, "text-2")
    told(house, f"(1) {LAMP} (2) {ROPE}", "2022-06-01")
    assert stands_with(register_of(house, tmp_path)) == {ROPE: "acceptable"}
    assert concerns.bound([]) == []
