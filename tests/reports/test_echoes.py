"""Echoes: the same concern is found in other words' company, and what is not near is not offered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from heard.engine.errors import Refused
from heard.opening import House
from heard.reports import alike, commands, projection, space
from heard.reports.echoes import BY_AROUND, NEAR_MIN, Echoes, passages, passages_of, raised_before, said_in
from heard.reports.together import sent_together
from tests.reports.register import SCRAPED, client_of, line, read, register_of, scraped, table

LAMP = "The lamp at the harbour gate had been broken for weeks and nobody had a duty to inspect the lamp at night."
LAMP_AGAIN = (
    "Nobody inspected whether the lamp by the gate was broken; at night the harbour gate had no lamp for weeks."
)
TIDE = "Tide tables on the ferry were of another year, and the crew had no training in how a tide table is read."
STORES = "The stores were locked and the rope in them was rotten, because no list of the stores was ever kept there."
FORM = (
    "In my opinion there is a risk that future deaths will occur unless action is taken. "
    "It is my statutory duty to report to you."
)


def echoes_of(house: House, folder: Path, *rows: str) -> Echoes:
    read(house, table(*rows, columns=SCRAPED), "2024-03-01", name="a.csv")
    return Echoes(register_of(house, folder))


def found(echoes: Echoes, number: int) -> list[str]:
    [one] = [one for one in echoes.register if one.ref == f"2021-{number:04}"]
    ours = passages_of(echoes.register.texts(one.id))
    return [echo.shown.ref for echo in echoes.of(ours, before=one.dated, but=one.id)]


def test_an_earlier_report_is_found_and_a_later_one_is_not(house: House, tmp_path: Path) -> None:
    echoes = echoes_of(
        house,
        tmp_path,
        scraped(1, concerns=LAMP, dated="1 March 2019"),
        scraped(2, concerns=LAMP_AGAIN, dated="1 March 2020"),
        scraped(3, concerns=TIDE, dated="1 March 2018"),
        scraped(4, concerns=STORES, dated="1 March 2018"),
    )
    assert found(echoes, 2) == ["2021-0001"]
    assert found(echoes, 1) == []  # nothing earlier is near, and what is far is not offered in its place


def test_nothing_is_offered_that_is_not_near(house: House, tmp_path: Path) -> None:
    echoes = echoes_of(
        house, tmp_path, scraped(1, concerns=LAMP), scraped(2, concerns=TIDE), scraped(3, concerns=STORES)
    )
    assert echoes.of_text("A violin was played out of tune in the concert hall on a Tuesday.") == []
    [echo] = echoes.of_text("Nobody had a duty to inspect the lamp at the gate.")
    assert (echo.shown.ref, echo.score > NEAR_MIN) == ("2021-0001", True)
    assert "lamp" in echo.words and "lamp" in echo.there


@pytest.mark.parametrize(("counts", "first"), [(BY_AROUND, "2021-0002"), (0.0, "2021-0001")])
def test_of_two_that_raise_it_the_one_whose_rest_is_alike_stands_first(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts: float, first: str
) -> None:
    """The control: where the reports around do not count, it is the one whose words are nearer."""
    less_near = "The harbour gate was dark, its lamp broken for weeks, and it was for nobody to inspect the lamp."
    echoes = echoes_of(
        house,
        tmp_path,
        scraped(1, concerns=LAMP, circumstances=STORES, dated="1 March 2018"),
        scraped(2, concerns=less_near, circumstances=TIDE, dated="1 March 2018"),
        scraped(3, concerns=LAMP_AGAIN, circumstances=f"In the fog {TIDE}", dated="1 March 2020"),
        scraped(4, concerns=STORES, dated="1 March 2018"),
    )
    monkeypatch.setattr("heard.reports.echoes.BY_AROUND", counts)
    [one] = [one for one in echoes.register if one.ref == "2021-0003"]
    texts = echoes.register.texts(one.id)
    offered = echoes.of(passages_of(texts), around=said_in(texts), before=one.dated, but=one.id)
    assert {echo.shown.ref for echo in offered} == {"2021-0001", "2021-0002"} and offered[0].shown.ref == first


def test_a_word_that_both_say_by_its_stem_tells_no_method_here(house: House, tmp_path: Path) -> None:
    echoes = echoes_of(
        house,
        tmp_path,
        scraped(1, concerns=f"{LAMP} A jumper lay by the gate.", dated="1 March 2018"),
        scraped(2, concerns=f"It was told that he jumped. {LAMP_AGAIN}", dated="1 March 2020"),
        scraped(3, concerns=TIDE, dated="1 March 2018"),
    )
    [one] = [one for one in echoes.register if one.ref == "2021-0002"]
    [echo] = echoes.of(passages_of(echoes.register.texts(one.id)), before=one.dated, but=one.id)
    assert "lamp" in echo.words and "jumped" not in echo.words
    assert "jumper" in echo.there and "jumped" not in echo.here


def test_standing_sentences_of_the_form_find_nothing(house: House, tmp_path: Path) -> None:
    rows = [scraped(number, concerns=f"{FORM}\n{words}") for number, words in enumerate((LAMP, TIDE, STORES), 1)]
    echoes = echoes_of(house, tmp_path, *rows, scraped(4, concerns=FORM))
    assert echoes.of_text(FORM) == []
    assert found(echoes, 4) == []


def test_equal_concerns_are_found_word_for_word_and_offered_once(house: House, tmp_path: Path) -> None:
    echoes = echoes_of(
        house,
        tmp_path,
        scraped(1, concerns=LAMP, dated="1 March 2019"),
        scraped(2, concerns=LAMP.upper().replace("\n", "  "), dated="1 March 2019"),
        scraped(3, concerns=LAMP_AGAIN, dated="1 March 2020"),
        scraped(4, concerns=TIDE, dated="1 March 2018"),
    )
    [first] = [one for one in echoes.register if one.ref == "2021-0001"]
    assert [one.ref for one in alike.equal_to(echoes.register, first)] == ["2021-0002"]
    assert len(found(echoes, 3)) == 1  # one inquest is one echo


@pytest.mark.parametrize("hidden", [1, 2])
def test_one_report_twice_does_not_lead_to_a_name_that_is_hidden(house: House, tmp_path: Path, hidden: int) -> None:
    twice = [scraped(number, concerns=LAMP, deceased="Quillon Marrow") for number in (1, 2)]
    echoes = echoes_of(house, tmp_path, *twice)
    ids = [projection.by_slug(house.tables, f"2021-000{number}") for number in (1, 2)]
    assert [one.title for one in alike.equal_to(echoes.register, echoes.register.of(ids[0]))] == [
        "Quillon Marrow"
    ]  # the control
    house.node.do(commands.hide_names(ids[hidden - 1], (), "asked"), by="reader")
    house.node.catch_up()
    echoes.register.follow_all()
    assert [alike.equal_to(echoes.register, echoes.register.of(one)) for one in ids] == [[], []]


@pytest.mark.parametrize("called", ["A.B.", "REDACTED", "Child A"])
def test_whoever_is_called_by_initials_is_led_to_from_no_equal_report(
    house: House, tmp_path: Path, called: str
) -> None:
    rows = [scraped(1, concerns=LAMP, deceased=called), scraped(2, concerns=LAMP, deceased="Quillon Marrow")]
    echoes = echoes_of(house, tmp_path, *rows)
    assert len(echoes.register) == 2 and not any(alike.equal_to(echoes.register, one) for one in echoes.register)
    assert not any(sent_together(echoes.register, one) for one in echoes.register)


def test_names_of_people_and_places_make_no_two_reports_alike(house: House, tmp_path: Path) -> None:
    echoes = echoes_of(
        house,
        tmp_path,
        scraped(1, concerns=f"{TIDE} I heard this of Tessa Fictional and of Port Imaginary."),
        scraped(2, concerns=f"{STORES} I heard this of Tessa Fictional and of Port Imaginary."),
    )
    assert {"tessa", "imaginary"}.isdisjoint(echoes.space().vocabulary)


def test_what_is_withheld_after_the_space_was_fitted_is_in_no_echo(house: House, tmp_path: Path) -> None:
    echoes = echoes_of(
        house, tmp_path, scraped(1, concerns=f"{LAMP} This was said to Tessa Fictional.", deceased="Tessa Fictional")
    )
    assert echoes.of_text(LAMP)[0].there.endswith("Tessa Fictional.")
    read(house, table(line(1, deceased="REDACTED")), "2025-07-31")
    house.node.catch_up()
    echoes.register.follow_all()
    [echo] = echoes.of_text(LAMP)
    assert "Fictional" not in repr(echo)


def test_a_cell_that_says_it_found_nothing_is_blank(house: House, tmp_path: Path) -> None:
    echoes = echoes_of(house, tmp_path, scraped(1, concerns="N/A: Not found"), scraped(2, concerns="n/a not found"))
    assert not any(echoes.register.texts(one.id).concerns for one in echoes.register)


def test_a_long_concern_is_several_passages_and_loses_no_word() -> None:
    said = " ".join(f"Sentence number {number} says that the gate was open and unwatched." for number in range(60))
    parts = passages(said)
    assert len(parts) > 3 and max(map(len, parts)) <= 900
    assert " ".join(parts).split() == said.split()


def test_a_space_of_nothing_and_of_one_report_can_be_asked() -> None:
    empty = space.fit([])
    assert len(space.by_words(empty, LAMP)) == 0
    one = space.fit([("a", (LAMP, ""), [LAMP])])
    assert float(space.by_words(one, LAMP)[0]) > 0.99


def test_the_same_reports_give_the_same_space() -> None:
    texts = [(str(number), (LAMP, f"{TIDE if number % 2 else STORES} {number}"), [LAMP, TIDE]) for number in range(9)]
    assert np.array_equal(space.fit(texts).places, space.fit(texts).places)


def test_raised_before_counts_what_named_people_confirmed_and_each_inquest_once(house: House, tmp_path: Path) -> None:
    echoes = echoes_of(
        house,
        tmp_path,
        scraped(1, concerns=LAMP, dated="1 March 2019"),
        scraped(2, concerns=LAMP, dated="1 March 2019"),
        scraped(3, concerns=STORES, dated="1 March 2022"),
        scraped(4, concerns=LAMP_AGAIN, dated="1 March 2021"),
        scraped(5, concerns=TIDE, dated="1 March 2018"),
    )
    register = echoes.register
    by_ref = {one.ref: one for one in register}
    ours = by_ref["2021-0004"].id
    assert raised_before(register, register.of(ours)) == []  # found by a machine counts nothing
    for earlier, who in ((1, "A. Reader"), (1, "B. Reader"), (2, "A. Reader"), (3, "A. Reader"), (5, "B. Reader")):
        confirmed = commands.confirm_echo(ours, by_ref[f"2021-{earlier:04}"].id, who)
        house.node.do(confirmed, by="editor")
    house.node.catch_up()
    register.follow_all()
    counted = [(one.ref, who) for one, who in raised_before(register, register.of(ours))]
    assert counted == [("2021-0001", "A. Reader, B. Reader"), ("2021-0005", "B. Reader")]
    client = client_of(house, register, tmp_path)
    alone, listed = client.get("/reports/2021-0004/report.json").json(), client.get("/reports.json").json()["items"]
    assert {one["ref"]: one["raised_before"] for one in (alone, *listed) if one["raised_before"]} == {"2021-0004": 2}
    with pytest.raises(Refused):
        house.node.do(commands.confirm_echo(ours, by_ref["2021-0001"].id, " "), by="editor")
