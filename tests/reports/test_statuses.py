"""What named people judged elsewhere comes in as the table that goes out, and never without a name and the words."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from heard.engine.errors import Refused
from heard.ingest import statuses
from heard.opening import House
from heard.reports import axes, axes_tables, commands, projection, standing
from heard.reports.axes_tables import COLUMNS
from heard.reports.equivalents import GAO, NTSB
from heard.reports.model import NOT_KNOWN
from tests.reports.register import SCRAPED, line, read, register_of, scraped, shown, table

ON = date(2021, 9, 1)
CONCERNS = "(1) Nobody watched the gate at the harbour. (2) The order was not read by the officers who kept it."
JUDGED = {
    "report": "2021-0001",
    "number": "2",
    "addressee": "Harbour Board",
    "judged_by": "Ada Fictional",
    "judged_on": "2021-08-01",
    "reason": "I went there.",
    "passage": "Page 2: new gates.",
}
Row = dict[str, str]


@pytest.fixture
def filled(house: House) -> House:
    """One report with two concerns to two bodies, and one of which no concern is known."""
    told = scraped(1, concerns=CONCERNS, sent="Harbour Board; Home Office")
    read(house, table(told, columns=SCRAPED), "2021-06-02", accepted=True)
    read(house, table(line(2)), "2021-06-03", accepted=True)
    return house


def written(*rows: Row) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dict.fromkeys(column for row in rows for column in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def compared(house: House, *rows: Row) -> statuses.Statuses:
    return statuses.difference(house.node, house.doors, written(*rows), "judged.csv", ON)


def taken(house: House, *rows: Row) -> statuses.Statuses:
    what = compared(house, *rows)
    statuses.take_in(house.node, what, "operator")
    return what


def goes_out(house: House, folder: Path) -> list[Row]:
    """The rows of the first report as they leave."""
    folder.mkdir(exist_ok=True)
    register = register_of(house, folder)
    one = shown(register, "2021-0001")
    stands = standing.stands(one, register.days_read(one.id), ON)
    made = axes_tables.as_rows(one, axes.axes(one, register.texts(one.id), stands, ()), ON)
    return [dict(zip(COLUMNS, cells, strict=True)) for cells in made]


def test_a_row_with_a_name_and_the_words_stands_and_importing_it_again_changes_nothing(
    filled: House, tmp_path: Path
) -> None:
    row = JUDGED | {"action": "implemented", "judgement": "acceptable", "closed": "yes"}
    assert len(taken(filled, row).new) == 2
    third = goes_out(filled, tmp_path / "out")[2]
    assert (third["number"].strip("()"), third["addressee"]) == ("2", "Harbour Board")
    assert (third["action"], third["action_by"], third["passage"]) == ("done", "Ada Fictional", "Page 2: new gates.")
    assert (third["judged_on"], third["reason"], third["closed"]) == ("2021-08-01", "I went there.", "yes")
    assert third["ntsb"] == "Closed - Acceptable Action" and third["gao"] == "Closed-implemented"
    again = compared(filled, row)
    assert (again.new, again.same) == ((), 1)


def test_the_table_that_goes_out_comes_back_and_changes_nothing(filled: House, tmp_path: Path) -> None:
    report = projection.by_slug(filled.tables, "2021-0001")
    outcome = commands.set_outcome(report, "1", "Home Office", "rejected", "Bo Quay", "=no gates")
    filled.node.do(outcome, by="editor")
    given = commands.give_judgement(report, "1", "Home Office", "unacceptable", "Bo Quay", ON, "-why", closes=True)
    filled.node.do(given, by="editor")
    rows = goes_out(filled, tmp_path / "out")
    what = compared(filled, *rows)
    assert (what.rows, what.new, what.same, what.empty) == (4, (), 1, 3)
    escaped = [dict(zip(COLUMNS, cells, strict=True)) for cells in _as_sent(rows)]
    assert any(row["passage"] == "'=no gates" for row in escaped) and not compared(filled, *escaped).new
    changed = rows[1] | {"reason": "Because they wrote so."}
    assert [line for line, _, _ in compared(filled, rows[0], changed).new] == [3]


def _as_sent(rows: list[Row]) -> list[list[str]]:
    from heard.reports import tables

    return list(csv.reader(io.StringIO(tables.lines([[*row.values()] for row in rows]), newline="")))


@pytest.mark.parametrize("rule", [rule for rule in (*NTSB, *GAO) if NOT_KNOWN not in rule.judgements], ids=str)
@pytest.mark.parametrize("dash", [" - ", "—", " – "])
def test_every_word_of_others_is_read_as_what_its_rule_says(rule: object, dash: str) -> None:
    assert isinstance(rule, type(NTSB[0]))
    column = "ntsb" if rule in NTSB else "gao"
    row = JUDGED | {column: rule.word.replace(" - ", dash).upper()}
    if len(rule.judgements) > 1:
        with pytest.raises(Refused, match="does not say how it was judged"):
            statuses.said_in(row)
        row |= {"judgement": next(iter(rule.judgements)), "closed": "yes" if rule.closed else "no"}
    if rule.superseded:
        row |= {"superseded_by": "2022-0001, concern 1"}
    said = statuses.said_in(row)
    closed = said.closes or bool(said.superseded_by) or said.judgement in commands.CLOSING
    assert closed == rule.closed and said.judgement in rule.judgements
    assert [said.action] == [*(rule.actions or [""])]


def test_a_word_that_nobody_judged_by_is_left_and_counted(filled: House) -> None:
    rows = [JUDGED | {"ntsb": "Open - Await Response"}, JUDGED | {"gao": "Open"}, JUDGED | {"ntsb": "no equivalent"}]
    what = compared(filled, *rows)
    assert (what.new, what.same, what.empty) == ((), 0, 3)


WRONG = {
    "nobody is named": ({"action": "implemented", "judged_by": ""}, "needs who says so"),
    "no passage": ({"action": "rejected", "passage": ""}, "the passage that it rests on"),
    "no reason": ({"judgement": "acceptable", "reason": " "}, "why"),
    "nobody judged": ({"judgement": "acceptable", "judged_by": ""}, "who judged"),
    "a word of their own": ({"ntsb": "Open - Fine"}, "no word of the NTSB"),
    "a word never said": ({"ntsb": "Closed - Unacceptable Action/No Response Received"}, "never said here"),
    "words against each other": ({"ntsb": "Closed - Acceptable Action", "judgement": "unacceptable"}, "contradict"),
    "open and closed": ({"gao": "Open", "judgement": "acceptable", "closed": "yes"}, "contradict"),
    "no such report": ({"action": "rejected", "report": "1999-0001"}, "no report"),
    "no such concern": ({"action": "rejected", "number": "9"}, "has no concern"),
    "not asked": ({"action": "rejected", "addressee": "Ministry of Cake"}, "was not put to"),
    "no day": ({"judgement": "acceptable", "judged_on": "soon"}, "is no day"),
    "a day to come": ({"judgement": "acceptable", "judged_on": "2199-01-01"}, "still to come"),
    "concerns not known": ({"action": "rejected", "report": "2021-0002"}, "has no concern"),
    "closed by nobody": ({"action": "rejected", "closed": "yes"}, "closed only by a judgement"),
}


@pytest.mark.parametrize(("wrong", "words"), WRONG.values(), ids=WRONG)
def test_one_wrong_row_is_named_by_its_line_and_nothing_is_taken_in(filled: House, wrong: Row, words: str) -> None:
    before = len(filled.node.journal.read(0, 5000))
    with pytest.raises(Refused, match=words) as refused:
        taken(filled, JUDGED | {"action": "planned"}, JUDGED | wrong)
    assert "line 3" in refused.value.message and refused.value.message.endswith("Nothing was imported.")
    assert len(filled.node.journal.read(0, 5000)) == before


def test_two_rows_of_one_concern_and_addressee_are_refused_since_the_first_would_come_back(filled: House) -> None:
    judged = JUDGED | {"judgement": "acceptable"}
    later = judged | {"judgement": "unacceptable", "judged_on": "2021-08-09"}
    with pytest.raises(Refused, match="line 3: Line 2 has the judgement of the same concern"):
        taken(filled, judged, later)
    action = {name: cell for name, cell in JUDGED.items() if name != "reason"} | {"action": "planned"}
    assert len(taken(filled, judged, action).new) == 2, "an action and a judgement are two"


def test_a_row_that_is_cut_short_is_refused_in_words(filled: House) -> None:
    for cut in (b"action,action_by,passage,number,addressee,report\ndone,a,b,1\n",
                b"report,number,action,action_by,passage,addressee\n2021-0001,1,done,a,b\n"):  # fmt: skip
        with pytest.raises(Refused, match=r"line 2: .*Nothing was imported"):
            statuses.difference(filled.node, filled.doors, cut, "x.csv", ON)


def test_of_an_addressee_who_is_hidden_nothing_is_taken_in(filled: House) -> None:
    report = projection.by_slug(filled.tables, "2021-0001")
    filled.node.do(commands.hide_names(report, ["Home"], "asked"), by="editor")
    with pytest.raises(Refused, match="is hidden here"):
        taken(filled, JUDGED | {"action": "planned", "addressee": "[name withheld] Office"})


def test_no_table_of_statuses_is_refused(filled: House) -> None:
    for raw in (b"a,b\n1,2\n", b"\xff\xfe", b"report,addressee\n2021-0001,Harbour Board\n"):
        with pytest.raises(Refused, match="Nothing was imported"):
            statuses.difference(filled.node, filled.doors, raw, "x.csv", ON)


def test_words_in_which_a_name_is_hidden_come_in_once(filled: House, tmp_path: Path) -> None:
    row = JUDGED | {"action": "rejected", "passage": "Person Number1 was not told."}
    taken(filled, row)
    report = projection.by_slug(filled.tables, "2021-0001")
    filled.node.do(commands.hide_names(report, (), "asked for"), by="editor")
    assert "Number1" not in str(goes_out(filled, tmp_path / "out"))
    assert compared(filled, row).same == 1


def test_the_command_shows_what_would_change_and_then_changes_it(filled: House, tmp_path: Path) -> None:
    file = tmp_path / "judged.csv"
    file.write_bytes(written(JUDGED | {"ntsb": "Closed—Acceptable Action"}, JUDGED | {"gao": "Open"}))

    def told(*words: str) -> str:
        argv = [sys.executable, "-m", "heard.cli", "import", "statuses", str(file), *words]
        done = subprocess.run([*argv, "--data", str(filled.data)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    shows = told("--show")
    assert "1 would change" in shows and "line 2: Harbour Board: judged acceptable" in shows
    assert "1 changed what stands here, 0 as known, 1 in which nobody judged" in told()
    assert "0 changed what stands here, 1 as known" in told()
