"""How far a concern has come: each axis by what is known of it alone, and no word of others that says more."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from heard.engine.errors import Refused
from heard.opening import House
from heard.reports import axes, commands, equivalents, projection, standing
from heard.reports.axes import ACTIONS, RESPONSES, Axes
from heard.reports.axes_tables import COLUMNS, as_rows
from heard.reports.entries import Judgement, Outcome
from heard.reports.equivalents import GAO, NEVER, NO_EQUIVALENT, NTSB, Rule
from heard.reports.model import NOT_KNOWN
from heard.watch.origins import Kept
from tests.reports.register import SCRAPED, line, read, register_of, scraped, shown, table

ON, AT = date(2021, 6, 1), datetime(2021, 3, 1, tzinfo=UTC)
JUDGEMENTS = (NOT_KNOWN, *(one for one in get_args(Judgement) if one != "taken back"))
CONCERNS = "(1) Nobody watched the gate at the harbour. (2) The order was not read by the officers who kept it."
WORDS = "Officers stay near an open gate."


class Known(msgspec.Struct, frozen=True):
    """One combination of what can be known."""

    response: str
    action: str
    judgement: str
    closed: bool
    superseded: bool


def every() -> Iterator[Known]:
    """Every combination, those that no command lets come about with the rest."""
    actions = (NOT_KNOWN, *ACTIONS.values())
    for parts in itertools.product(RESPONSES, actions, JUDGEMENTS, (False, True), (False, True)):
        yield Known(*parts)


#: What each part of a word claims, by what the two vocabularies say of themselves.
CLAIMS: dict[str, Callable[[Known], bool]] = {
    "Open": lambda known: not known.closed,
    "Closed": lambda known: known.closed and known.judgement != NOT_KNOWN,
    "Await Response": lambda known: known.response in ("awaited", "extended", "none published"),
    "Response Received": lambda known: known.response in ("response published", "interim reply"),
    "Initial": lambda known: known.judgement == NOT_KNOWN,
    "Acceptable Response": lambda known: known.response == "response published" and known.action == "planned",
    "Acceptable Alternate Response": lambda known: known.response == "response published" and known.action == "planned",
    "Unacceptable Response": lambda known: known.response == "response published",
    "Acceptable Action": lambda known: known.action == "done",
    "Acceptable Alternate Action": lambda known: known.action == "done",
    "Exceeds": lambda known: known.judgement == "exceeds" and known.action == "done",
    "Unacceptable Action": lambda known: known.response == "response published",
    "No Response Received": lambda known: False,
    "Acceptable": lambda known: known.judgement in ("acceptable", "alternate"),
    "Alternate": lambda known: known.judgement == "alternate",
    "Unacceptable": lambda known: known.judgement == "unacceptable",
    "Reconsidered": lambda known: known.judgement == "reconsidered",
    "No Longer Applicable": lambda known: known.judgement == "no longer applicable",
    "Superseded": lambda known: known.superseded or known.judgement == "superseded",
    "Closed-implemented": lambda known: (
        known.action == "done" and known.judgement in ("acceptable", "alternate", "exceeds")
    ),
    "Closed-not implemented": lambda known: known.action == "refused",
}


def overstated(rules: Collection[Rule]) -> list[tuple[str, str, Known]]:
    """Where a word claims what is not known: the word, the part of it, and what was known."""
    found = []
    for known in every():
        said = word(rules, known)
        parts = [part for part in CLAIMS if f" {part}" in f" {said}" or f"/{part}" in said]
        assert parts or said == NO_EQUIVALENT, said
        found += [(said, part, known) for part in parts if not CLAIMS[part](known)]
        if said.startswith("Closed - ") and known.superseded != ("Superseded" in said):
            found.append((said, "Superseded", known))
    return found


def word(rules: Collection[Rule], known: Known) -> str:
    said = known.response, known.action, known.judgement
    return equivalents.said_by(rules, *said, closed=known.closed, superseded=known.superseded)


def test_no_combination_says_more_in_the_words_of_others_than_is_known() -> None:
    assert overstated(NTSB) == [] and overstated(GAO) == []


@pytest.mark.parametrize(
    "careless",
    [
        Rule("Closed - Acceptable Action", True, (NOT_KNOWN,), None, ("done",)),  # nobody judged it
        Rule("Closed - Acceptable Action", False, ("acceptable",), None, ("done",)),  # nobody closed it
        Rule("Closed - Acceptable Action", True, ("acceptable",)),  # nobody read that it was done
        Rule("Open - Acceptable Response", False, ("acceptable",), None, ("planned",)),  # none was published
        Rule("Open - Await Response", False, (NOT_KNOWN,), (NOT_KNOWN,)),
        Rule("Closed - Unacceptable Action/No Response Received", True, ("unacceptable",), ("none published",)),
        Rule("Closed-implemented", True, ("acceptable",), None, ("partly done",), None),
    ],
    ids=lambda rule: rule.word,
)
def test_a_table_that_says_more_is_caught(careless: Rule) -> None:
    assert overstated((careless,))


def test_each_word_has_its_combinations_and_no_combination_two_words() -> None:
    for rules in (NTSB, GAO):
        for known in every():
            said = known.response, known.action, known.judgement
            assert len([one for one in rules if one.holds(*said, known.closed, known.superseded)]) < 2, known
        assert {word(rules, known) for known in every()} == {one.word for one in rules} | {NO_EQUIVALENT}
    every_word = [*(one.word for one in NTSB), *NEVER]
    assert len(set(every_word)) == 16 and len([one for one in every_word if one.startswith("Open")]) == 5
    assert len(GAO) == 3


def test_every_outcome_is_an_action_and_every_way_to_stand_is_one_of_the_axis() -> None:
    assert set(ACTIONS) == set(get_args(Outcome))
    assert {*get_args(standing.State), "extended", "not spoken of"} == set(RESPONSES)


# Of a report -----------------------------------------------------------------------------------------------------


def rows(house: House, folder: Path, *kept: Kept, on: date = ON) -> dict[tuple[str, str], Axes]:
    """By number of the concern and addressee."""
    register = register_of(house, folder)
    one = shown(register, "2021-0001")
    stands = standing.stands(one, register.days_read(one.id), on)
    return {(row.number, row.addressee): row for row in axes.axes(one, register.texts(one.id), stands, kept)}


@pytest.fixture
def report(house: House) -> str:
    read(house, table(scraped(1, concerns=CONCERNS, sent="Harbour Board; Home Office"), columns=SCRAPED), "2021-06-01")
    return projection.by_slug(house.tables, "2021-0001")


def judged(house: House, report: str, judgement: Judgement, concern: str = "1", **more: object) -> None:
    given = (report, concern, "Harbour Board", judgement, "Ada Fictional", ON, "I went there.")
    house.node.do(commands.give_judgement(*given, **more), by="editor")  # type: ignore[arg-type]


def as_kept(concern: str, stands: str = "kept", lapses: int = 0) -> Kept:
    last = date(2021, 5, 1) if lapses else None
    day = date(2021, 4, 1)
    return Kept(concern, WORDS, stands, ON, day, lapses, last, 0, 0, "Ada Fictional", AT)  # type: ignore[arg-type]


def test_where_nobody_has_said_anything_it_is_not_known(house: House, report: str, tmp_path: Path) -> None:
    found = rows(house, tmp_path)
    assert list(found) == list(itertools.product(("1", "2"), ("Harbour Board", "Home Office")))
    for one in found.values():
        assert one.response.value == "none published"
        assert {one.action.value, one.judgement.value, *(each.value for each in one.kept)} == {NOT_KNOWN}
        assert (one.ntsb, one.gao, one.told()) == ("Open - Await Response", "Open", False)


def test_no_axis_follows_from_another(house: House, report: str, tmp_path: Path) -> None:
    """What an addressee writes is a response and no action; what a person read in it is an action and no judgement."""
    said = commands.record_response(report, "Harbour Board", answer="action taken", words="Every gate is watched.")
    house.node.do(said, by="editor")
    one = rows(house, tmp_path)["1", "Harbour Board"]
    assert (one.response.value, one.action.value) == ("response published", NOT_KNOWN)
    assert one.ntsb == "Open - Initial Response Received"
    passage = (report, "text-1", "Harbour Board", "implemented", "Ada Fictional", "Page 2: every gate is watched.")
    house.node.do(commands.set_outcome(*passage), by="editor")
    one = rows(house, tmp_path)["1", "Harbour Board"]
    assert (one.action.value, one.action.by, one.action.words) == ("done", "Ada Fictional", passage[-1])
    assert (one.judgement.value, one.ntsb, one.gao) == (NOT_KNOWN, "Open - Initial Response Received", "Open")
    judged(house, report, "acceptable", closes=True)
    one = rows(house, tmp_path)["1", "Harbour Board"]
    assert (one.judgement.value, one.judgement.by, one.judgement.on) == ("acceptable", "Ada Fictional", ON)
    assert (one.ntsb, one.gao) == ("Closed - Acceptable Action", "Closed-implemented")
    assert one.kept[0].value == NOT_KNOWN
    for other in (("2", "Harbour Board"), ("1", "Home Office")):
        assert not rows(house, tmp_path)[other].told()


def test_the_last_judgement_stands_and_can_be_taken_back(house: House, report: str, tmp_path: Path) -> None:
    judged(house, report, "superseded", superseded_by="2021-0009")
    one = rows(house, tmp_path)["1", "Harbour Board"]
    assert (one.closed, one.ntsb, one.gao) == (True, "Closed - Superseded", NO_EQUIVALENT)
    judged(house, report, "taken back")
    one = rows(house, tmp_path)["1", "Harbour Board"]
    assert (one.closed, one.superseded_by, one.ntsb) == (False, "", "Open - Await Response")
    judged(house, report, "reconsidered")
    assert rows(house, tmp_path)["1", "Harbour Board"].ntsb == "Closed - Reconsidered"


@pytest.mark.parametrize(
    "wrong",
    [
        {"judged_by": " "},
        {"reason": ""},
        {"concern": ""},
        {"judgement": "superseded"},
        {"judged_on": date(2999, 1, 1)},
        {"judgement": "taken back", "closes": True},
    ],
    ids=str,
)
def test_a_judgement_has_a_name_a_reason_and_what_it_is_of(wrong: dict[str, object], house: House, report: str) -> None:
    given = {
        "concern": "1",
        "addressee": "Harbour Board",
        "judgement": "acceptable",
        "judged_by": "Ada Fictional",
        "judged_on": ON,
        "reason": "I went there.",
    }
    with pytest.raises(Refused):
        house.node.do(commands.give_judgement(report, **given | wrong), by="editor")  # type: ignore[arg-type]


def test_an_extended_clock_is_told_from_one_that_runs(house: House, report: str, tmp_path: Path) -> None:
    early = date(2021, 4, 1)
    assert rows(house, tmp_path, on=early)["1", "Home Office"].response.value == "awaited"
    house.node.do(commands.record_extension(report, "Home Office", date(2021, 5, 12)), by="editor")
    found = rows(house, tmp_path, on=early)
    assert found["1", "Home Office"].response.value == "extended"
    assert found["1", "Harbour Board"].response.value == "awaited"


def test_a_response_that_does_not_speak_of_a_concern_is_none_to_it(house: House, report: str, tmp_path: Path) -> None:
    said = commands.record_response(report, "Harbour Board", answer="action taken", concerns=["(2)"])
    house.node.do(said, by="editor")
    found = rows(house, tmp_path)
    assert found["2", "Harbour Board"].response.value == "response published"
    assert (found["1", "Harbour Board"].response.value, found["1", "Harbour Board"].ntsb) == (
        "not spoken of",
        NO_EQUIVALENT,
    )


def test_a_count_of_responses_is_nobodys_response(house: House, tmp_path: Path) -> None:
    read(house, table(line(1, sent="Harbour Board | Home Office", replies=1)), "2021-06-01")
    one = rows(house, tmp_path)["", "Harbour Board"]
    assert (one.response.value, one.ntsb, one.gao) == ("responses counted", NO_EQUIVALENT, NO_EQUIVALENT)


def test_what_is_kept_stands_with_the_concern_that_it_names(house: House, report: str, tmp_path: Path) -> None:
    found = rows(
        *(
            house,
            tmp_path,
            as_kept("2.", "lapsed", 2),
            as_kept("2", "closed"),
            as_kept("2", "unknown"),
            as_kept("2", "suspended"),
            as_kept("text-1"),
            as_kept("7", "not yet"),
        )
    )
    values = [one.value for one in found["2", "Home Office"].kept]
    assert values == ["lapsed", "closed, not watched", "unproven", "suspended"]
    assert "not kept since 1 April 2021; lapsed 2 times, last on 1 May 2021" in found["2", "Home Office"].kept[0].words
    assert [one.value for one in found["1", "Home Office"].kept] == ["kept"]
    assert [one.value for one in found["7", ""].kept] == ["armed"]  # of no concern that is known
    assert (found["7", ""].ntsb, found["7", ""].gao) == (NO_EQUIVALENT, NO_EQUIVALENT)


def test_a_number_that_two_concerns_have_means_neither(house: House, report: str, tmp_path: Path) -> None:
    for words in ("The gate.", "The lamp."):
        house.node.do(commands.number_concern(report, "1", words), by="editor")
    judged(house, report, "acceptable", closes=True)
    register = register_of(house, tmp_path)
    one = shown(register, "2021-0001")
    stands = standing.stands(one, register.days_read(one.id), ON)
    found = axes.axes(one, register.texts(one.id), stands, [as_kept("1")])
    assert not [row for row in found if row.concern and row.told()]
    boards = [row for row in found if row.addressee == "Harbour Board"]
    assert {row.gao for row in boards} == {NO_EQUIVALENT}  # one of the two was closed, and which is not known


def test_what_is_said_of_one_hidden_person_is_said_of_no_other(house: House, tmp_path: Path) -> None:
    read(house, table(scraped(1, concerns=CONCERNS, sent="Dr Quillon Marrow; Dr Edda Oxenbrough"), columns=SCRAPED),
         "2021-06-01")  # fmt: skip
    report = projection.by_slug(house.tables, "2021-0001")
    name = "Dr Quillon Marrow"
    for command in (
        commands.record_response(report, name, answer="no action"),
        commands.set_outcome(report, "1", name, "rejected", "Ada Fictional", "No."),
        commands.give_judgement(report, "1", name, "unacceptable", "Ada Fictional", ON, "No.", closes=True),
    ):
        house.node.do(command, by="editor")
    assert rows(house, tmp_path)["1", name].ntsb == "Closed - Unacceptable Action"
    house.node.do(commands.hide_names(report, ["Quillon Marrow", "Edda Oxenbrough"], "asked"), by="editor")
    found = [one for (number, _), one in rows(house, tmp_path).items() if number == "1"]
    assert found
    for one in found:
        assert not one.told() and (one.ntsb, one.gao) == (NO_EQUIVALENT, NO_EQUIVALENT)


def test_every_row_of_the_table_has_every_column(house: House, report: str, tmp_path: Path) -> None:
    judged(house, report, "alternate")
    found = rows(house, tmp_path, as_kept("1"), as_kept("1", "lapsed", 1))
    register = register_of(house, tmp_path)
    made = list(as_rows(shown(register, "2021-0001"), found.values(), ON))
    assert len(made) == 4
    first = dict(zip(COLUMNS, made[0], strict=True))
    assert (first["kept"], first["judged_on"], first["ntsb"]) == ("kept | lapsed", "2021-06-01", NO_EQUIVALENT)
