"""How far a concern has come, from the desk to the page, the JSON and the CSV of a real server."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time

import pytest

from tests.reports.register import SCRAPED, scraped, table
from tests.server import Server

CONCERNS = "(1) Nobody watched the gate at the harbour. (2) The order was not read by the officers who kept it."
ABOUT = "/reports/2021-0001/"
FORMULA = "=HYPERLINK(1)"


@pytest.fixture(scope="module")
def served(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server with one report of two concerns to two bodies."""
    file = tmp_path_factory.mktemp("tables") / "scrape_2021-06-02.csv"
    file.write_bytes(table(scraped(1, concerns=CONCERNS, sent="Harbour Board; Home Office"), columns=SCRAPED))
    argv = [sys.executable, "-m", "heard.cli", "import", "reports", str(file), "--accept", "--data", str(server.data)]
    subprocess.run(argv, check=True, timeout=60, capture_output=True)
    end = time.monotonic() + 20
    while server.reader.get(ABOUT).status_code != 200:
        assert time.monotonic() < end, "the report did not come"
        time.sleep(0.05)
    return server


def rows(served: Server) -> list[dict[str, str]]:
    answer = served.reader.get(f"{ABOUT}axes.csv")
    assert answer.status_code == 200 and answer.headers["x-robots-tag"] == "noindex"
    return list(csv.DictReader(io.StringIO(answer.text)))


def does(served: Server, verb: str, **form: str) -> int:
    said = {"report": "2021-0001", "concern": "1", "addressee": "Harbour Board", "judged_by": "Ada Fictional"}
    return served.client.post(f"/desk/reports/{verb}", data=said | form).status_code


def test_what_named_people_say_goes_from_the_desk_to_every_way_out(served: Server) -> None:
    assert [row["ntsb"] for row in rows(served)] == ["Open - Await Response"] * 4
    assert "How far each concern has come" not in served.page(ABOUT)
    assert does(served, "response", answer="action proposed", words="New gates by June.") == 303
    assert does(served, "outcome", outcome="planned", words="Page 2: new gates by June.") == 303
    assert does(served, "judgement", judgement="acceptable", words=FORMULA) == 303
    first = rows(served)[0]
    assert (first["response"], first["action"], first["judgement"]) == ("response published", "planned", "acceptable")
    assert (first["kept"], first["ntsb"], first["gao"]) == ("not known", "Open - Acceptable Response", "Open")
    assert first["reason"] == f"'{FORMULA}" and first["judged_by"] == "Ada Fictional"
    page = served.page(ABOUT)
    assert "How far each concern has come" in page and "Open - Acceptable Response" in page and f"“{FORMULA}”" in page
    told = served.reader.get(f"{ABOUT}report.json").json()
    assert [one["reason"] for one in told["judgements"]] == [FORMULA] and told["outcomes"][0]["outcome"] == "planned"
    public = served.reader.get(f"{ABOUT}report.json").json()["axes"]
    assert public == served.client.get("/api/v1/reports/2021-0001").json()["axes"] and len(public) == 4
    assert public[0]["judgement"]["reason"] == FORMULA and public[0]["ntsb"] == first["ntsb"]
    assert public[3]["action"] == {"is": "not known", "by": None, "passage": None}
    assert does(served, "judgement", judgement="acceptable", closes="1", words="I went there.") == 303
    first = rows(served)[0]
    assert (first["closed"], first["ntsb"]) == ("yes", "no equivalent")  # it is only planned as yet
    assert does(served, "judgement", judgement="taken back", words="Not the same gate.") == 303
    assert rows(served)[0]["ntsb"] == "Open - Initial Response Received"


@pytest.mark.parametrize("wrong", [{"judgement": "perfect"}, {"judgement": "superseded"}, {"judged_by": " "}], ids=str)
def test_a_judgement_that_is_none_changes_nothing(served: Server, wrong: dict[str, str]) -> None:
    before = rows(served)
    assert does(served, "judgement", **{"judgement": "acceptable", "words": "Why", **wrong}) == 422
    assert rows(served) == before


def test_a_page_of_an_earlier_day_has_no_table_of_today(served: Server) -> None:
    assert does(served, "outcome", outcome="planned", words="Page 2: new gates by June.") == 303
    assert "How far each concern has come" in served.page(ABOUT)
    assert "How far each concern has come" not in served.page(f"{ABOUT}?on=2021-06-03")


def test_the_rows_of_every_report_are_one_table_by_the_questions_of_a_search(served: Server) -> None:
    assert does(served, "outcome", outcome="rejected", words="Page 3: no gates.") == 303

    def every(question: str = "") -> list[str]:
        answer = served.reader.get(f"/reports/axes.csv{question}")
        assert answer.status_code == 200 and answer.headers["x-robots-tag"] == "noindex"
        return answer.text.splitlines()

    of_one = served.reader.get(f"{ABOUT}axes.csv").text.splitlines()
    assert every() == every("?q=gate") == of_one and "Page 3: no gates." in of_one[1]
    assert every("?q=nowhere") == every()[:1]
    assert "/reports/axes.csv" in served.page("/reports/")
    refused = served.reader.get("/reports/axes.csv?on=2021-06-03")
    assert refused.status_code == 422 and "as of today alone" in refused.text
