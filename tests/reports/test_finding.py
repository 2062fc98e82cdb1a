"""Search: a reference in any shape, a body by any name, a word misspelt, a question as somebody would ask it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from heard.opening import House
from heard.reports import asking, commands, finding, projection
from heard.reports.finding import Found, Query
from heard.reports.register import Register
from tests.reports.register import SCRAPED, client_of, line, read, register_of, scraped, table

ON = date(2021, 9, 1)
LAMP = "The lamp at the harbour gate had been broken for weeks and nobody had a duty to inspect it at night."
TIDE = "Tide tables on the ferry were of another year, and the crew had no training in how a tide table is read."
STORES = "The stores were locked and the lamp in them was broken, because no list of the stores was ever kept there."


@pytest.fixture
def made(house: House, tmp_path: Path) -> Register:
    rows = [
        scraped(1, concerns=LAMP, sent="Department of Health and Social Care", deceased="Quillon Marrow"),
        scraped(2, concerns=TIDE, sent="Home Office"),
        scraped(3, concerns=STORES),
    ]
    read(house, table(*rows, columns=SCRAPED), "2021-06-01")
    read(house, table(line(4, area="Manchester South"), line(5, area="Dorset")), "2021-06-02", accepted=True)
    return register_of(house, tmp_path)


def search(register: Register, text: str) -> Found:
    return finding.find(register, Query(text), ON)


def refs(register: Register, text: str) -> list[str]:
    return [hit.shown.ref for hit in search(register, text).hits]


@pytest.mark.parametrize(
    "written",
    [
        *("2021-0002", "2021 0002", "2021/2", "2021–0002", " 2021_0002. ", "Ref: 2021-0002", "PFD report 2021-002"),
        *("20210002", "reference no. 2021-0002", "Regulation 28: 2021-0002"),
    ],
)
def test_a_reference_is_found_in_whatever_shape_it_is_written(made: Register, written: str) -> None:
    assert refs(made, written) == ["2021-0002"]


@pytest.mark.parametrize("written", ["2021", "in 2021 and 2022", "2021-123456", "tide 2021-0002"])
def test_what_says_something_else_is_no_reference(written: str) -> None:
    assert asking.ref_in(written) == ""


@pytest.mark.parametrize("name", ["DHSC", "department of health", "Department of Health & Social Care"])
def test_a_body_is_found_by_any_of_its_names_and_its_page_is_offered(made: Register, name: str) -> None:
    found = search(made, name)
    assert [hit.shown.ref for hit in found.hits] == ["2021-0001"]
    assert found.named and found.named.name == "Department of Health and Social Care"


def test_a_body_among_other_words_is_known_by_its_other_names(made: Register) -> None:
    assert refs(made, "DHSC lamp") == ["2021-0001"]
    assert search(made, "DHSC lamp").named is None


def test_an_area_is_found_by_an_older_name(made: Register) -> None:
    found = search(made, "Manchester South")
    assert found.named and found.named.address == "areas/greater-manchester-south/"
    assert found.hits[0].shown.ref == "2021-0004"
    assert search(made, "Dorset 2019").named is None  # more was asked than the place


@pytest.mark.parametrize("wrong", ["harbur", "harbbour", "harbpur", "harbuor"])
def test_a_word_with_one_letter_wrong_is_looked_for_as_reports_spell_it(made: Register, wrong: str) -> None:
    found = search(made, f"{wrong} gate")
    assert [hit.shown.ref for hit in found.hits] == ["2021-0001"]
    assert found.looked_for.instead == ("harbour",)


def test_a_word_that_reports_have_is_looked_for_as_it_is(made: Register) -> None:
    assert search(made, "lamp harbour").looked_for.instead == ()
    assert search(made, "ferr").looked_for.instead == ()  # it may be the beginning of one


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_name_that_was_hidden_is_offered_for_no_misspelling(
    made: Register, house: House, monkeypatch: pytest.MonkeyPatch, is_asked: bool
) -> None:
    """The control: words that are remembered from before, and not asked for again."""
    assert search(made, "marow").looked_for.instead == ("marrow",)
    house.node.do(commands.hide_names(projection.by_slug(house.tables, "2021-0001"), (), ""), by="reader")
    made.follow_all()
    if not is_asked:
        monkeypatch.setattr(type(made.file), "count", lambda _, query: 0 if query.endswith("*") else 1)
        monkeypatch.setattr(type(made.file), "holding", lambda *_: {"marrow": 1})
    assert search(made, "marow").looked_for.instead == (() if is_asked else ("marrow",))


def test_of_a_question_of_nothing_but_slips_a_few_are_looked_at(
    made: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[int]()
    holding = made.file.holding
    monkeypatch.setattr(made.file, "holding", lambda words: (asked.append(len(words)), holding(words))[1])
    finding.every(made, Query(text=" ".join(f"{letter}qxzvwkjh" for letter in "abcdefghijklmnop")), date(2026, 1, 1))
    assert len(asked) == asking.SPELT_WORDS_MAX
    finding.every(made, Query(text="q" * 19), date(2026, 1, 1))
    assert len(asked) == asking.SPELT_WORDS_MAX, "so long a word is nobody's"


def test_a_question_is_asked_for_what_it_tells_and_says_when_nothing_has_it_all(made: Register) -> None:
    found = search(made, "Why was the lamp at the gate not inspected?")
    assert [hit.shown.ref for hit in found.hits] == ["2021-0001"] and found.looked_for.has_all
    found = search(made, "Why was there no lamp on the ferry")
    assert {hit.shown.ref for hit in found.hits} == {"2021-0001", "2021-0002", "2021-0003"}
    assert not found.looked_for.has_all
    assert refs(made, "the") == refs(made, "the the")  # a question of such words alone is asked as it stands


def test_a_whole_word_stands_before_what_only_begins_with_it(house: House, tmp_path: Path) -> None:
    rows = [scraped(1, concerns=f"The lampshade fell. {TIDE}"), scraped(2, concerns=f"The lamp fell. {TIDE}")]
    read(house, table(*rows, columns=SCRAPED), "2021-06-01")
    assert refs(register_of(house, tmp_path), "lamp") == ["2021-0002", "2021-0001"]


def test_the_page_says_what_it_looked_for_instead(made: Register, house: House, tmp_path: Path) -> None:
    def ask(words: str) -> str:
        return client_of(house, made, tmp_path).get("/reports/", params={"q": words}).text

    assert "as you wrote it. This is for “harbour”" in ask("harbur gate")
    assert "No report has all of these words" in ask("lamp ferry")
    assert 'This names <a href="/reports/bodies/home-office/">Home Office</a> (1 report)' in ask("home secretary")
    assert "This is for" not in ask("lamp") and "No report has all" not in ask("lamp")
