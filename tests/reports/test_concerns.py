"""What people said of a concern stays with its words, however a newer text is cut."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from heard.engine import now
from heard.engine.errors import Refused
from heard.opening import House
from heard.reports import axes, commands, concerns, desk, projection, promises, seen, shown
from heard.reports.concerns import CHANGED
from heard.reports.register import Register
from heard.watch.origins import Origin
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
    back, texts = register.looking_back(of(register, "2021-0001").id, date(2021, 7, 1))
    assert texts.numbered[1].words == GATE
    assert [said.concern for said in back.judgements] == ["2", CHANGED], "the second is of the rope, not of the gate"


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


@pytest.mark.parametrize("text", ["", f"(1) {LAMP} (2) {GATE}"])
def test_what_was_said_of_a_concern_that_is_none_is_said_to_be(house: House, tmp_path: Path, text: str) -> None:
    told(house, text, "2021-06-01")
    judged(house, "text-9")
    assert {said.concern for said in of(register_of(house, tmp_path), "2021-0001").judgements} == {CHANGED}


@pytest.mark.parametrize("name", NEWER)
def test_what_is_watched_stands_with_the_words_for_whose_sake_it_is(house: House, name: str) -> None:
    told(house, f"(1) {LAMP} (2) {GATE}", "2021-06-01")
    report, at = projection.by_slug(house.tables, "2021-0001"), now.utc()
    newer, words = NEWER[name]
    told(house, newer, "2022-06-01")
    made = seen.seen_now(house.journal, house.tables, house.doors, report)
    assert made
    found = {one.id: one.words for one in made[1].numbered}
    assert found.get(seen.concern_now(house.journal, report, "text-2", at), "") == words


@pytest.mark.parametrize("name", NEWER)
def test_a_promise_that_is_watched_is_told_from_one_that_is_not_whatever_changed_since(
    house: House, tmp_path: Path, name: str
) -> None:
    told(house, f"(1) {LAMP} (2) {GATE}", "2021-06-01")
    report, day = projection.by_slug(house.tables, "2021-0001"), date(2031, 1, 1)
    for words in ("Person Number1 was heard.", "A lamp."):
        house.node.do(commands.record_promise(report, BOARD, words, "text-2", day), by="editor")
    why = Origin("one", report, "text-2", "Person Number1 was heard.", now.utc(), None, "", None)
    told(house, NEWER[name][0], "2022-06-01")
    house.node.do(commands.hide_names(report, (), "asked"), by="editor")
    found = promises.to_come(register_of(house, tmp_path), [why], date(2030, 1, 1))
    assert [one.watched for one in found] == [why, None]


def test_the_desk_takes_no_concern_that_the_report_does_not_have(house: House, tmp_path: Path) -> None:
    told(house, f"(1) {LAMP} (2) {GATE}", "2021-06-01")
    serving = client_of(house, register_of(house, tmp_path), tmp_path).app.state.serving  # type: ignore[attr-defined]
    form = {"report": "2021-0001", "addressee": BOARD}
    for said in ("2", "text-2", "#concern-text-2", "/reports/2021-0001/#concern-text-2"):
        assert desk._of_concern(serving, form | {"concern": said})[1] in ("2", "text-2")
    for said in ("", "9", "text-9"):
        with pytest.raises(Refused, match="has no concern"):
            desk._of_concern(serving, form | {"concern": said})


@pytest.mark.parametrize("day", ["9999-12-31", "0202-06-01"])
def test_the_desk_takes_no_day_from_which_nothing_can_be_counted(day: str) -> None:
    with pytest.raises(Refused, match="year"):
        desk._day({"until": day}, "until")


def test_a_judgement_by_place_alone_is_caught(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what was said of the gate is shown with the rope."""
    monkeypatch.setattr(shown, "bound", lambda life, on=None: [*life])
    told(house, f"(1) {LAMP} (2) {GATE}", "2021-06-01")
    judged(house, "text-2")
    told(house, f"(1) {LAMP} (2) {ROPE}", "2022-06-01")
    assert stands_with(register_of(house, tmp_path)) == {ROPE: "acceptable"}
    assert concerns.bound([]) == []
