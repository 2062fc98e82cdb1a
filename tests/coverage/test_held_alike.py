"""Whoever is held is told the same, at the same length and in the same time, whatever it was held for."""

from __future__ import annotations

import os
import re
import statistics
import time
from collections.abc import Callable, Iterator

import pytest

from heard.accounts.commands import add_account
from heard.cases import commands as case_commands
from heard.cases import private
from heard.cases.guard import Guard
from heard.cases.permission import record_own_permission, record_permission
from heard.cases.release import HELD
from heard.coverage import commands
from heard.coverage.approval import STOPPED_MAX, count_stopped
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.engine.node import Command
from tests.desk import Desk
from tests.server import Server, running

NAME = "Rowan Tidewell"
#: Held for its words or for another cause, a text is looked at whole; what is left is how the days of a machine differ.
APART = 1.35 if os.environ.get("HEARD_SOAK") else 2.5


def texts(name: str) -> str:
    return f"The court was told that {name} had asked for two officers near the gate while it was open." * 3


CAUSES: dict[str, tuple[Callable[[Desk, str], Command | None], str]] = {
    "a name": (lambda desk, hearing: None, NAME),
    "a name written otherwise": (lambda desk, hearing: None, "R. Tidewell xyz"[:14]),
    "the case on hold": (lambda desk, hearing: case_commands.hold_case(desk.case, "asked to"), "Corin Hasselby"),
    "reporting stopped": (lambda desk, hearing: record_permission(desk.case, "withdrawn"), "Corin Hasselby"),
    "the public excluded": (lambda desk, hearing: private.exclude_public(desk.case, hearing), "Corin Hasselby"),
}
#: Held for who wrote it, whatever it says.
OF_ACCOUNTS: dict[str, Callable[[Desk, str], list[Command]]] = {
    "leave withdrawn from one": lambda desk, of: [record_own_permission(desk.case, of, "lawyer", "withdrawn", "No.")],
    "for approval": lambda desk, of: [count_stopped(of) for _ in range(STOPPED_MAX)],
}


def judged(desk: Desk, name: str, times: int, by: str = "") -> float:
    """Seconds of the processor, at the median, until it is decided what becomes of a post."""
    took = []
    for number in range(times):
        command = commands.publish(desk.doors, PostPublished(desk.case, (Text(f"{texts(name)} {number}"),)))
        began = time.thread_time()
        decision = command(desk.tables)
        for gate in desk.house.node.gates:
            decision = gate(desk.tables, decision, by or f"account-{number}")
        took.append(time.thread_time() - began)
        assert decision.drafts[0].body.kind == "coverage.post_held"
    return statistics.median(took)


def test_every_cause_takes_the_same_time(desk: Desk) -> None:
    hearing = desk.do(case_commands.list_hearing(desk.case, "Inquest")).stream
    desk.restrict(NAME, *(f"Person Number{number}" for number in range(150)))
    took = {}
    for cause, (make, name) in CAUSES.items():
        if command := make(desk, hearing):
            desk.do(command)
        took[cause] = judged(desk, name, 400 if os.environ.get("HEARD_SOAK") else 60)
        desk.do(case_commands.let_case_go(desk.case, "looked at"))
        desk.do(record_permission(desk.case, "leave given"))
        desk.do(private.admit_public(desk.case, hearing))
    for cause, deeds in OF_ACCOUNTS.items():
        account = desk.do(add_account(f"{cause.split()[-1]}@heard.example", "reporter", cause)).stream
        for command in deeds(desk, account):
            desk.do(command)
        took[cause] = judged(desk, "Corin Hasselby", 400 if os.environ.get("HEARD_SOAK") else 60, account)
    print({cause: f"{seconds * 1e3:.2f} ms" for cause, seconds in took.items()})
    assert max(took.values()) <= min(took.values()) * APART


def test_a_guard_that_stops_looking_at_the_first_name_is_caught(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    desk.restrict(NAME, *(f"Person Number{number}" for number in range(150)))
    monkeypatch.setattr(Guard, "is_told_by", lambda self, *told: self._exactly.found_in(*told) or nearly(self, *told))
    nearly = lambda self, *told: self._nearly.found_in(*told)  # noqa: E731
    quick = judged(desk, NAME, 60)
    desk.do(case_commands.hold_case(desk.case, "asked to"))
    assert judged(desk, "Corin Hasselby", 60) > quick * APART


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("alike") / "data") as server:
        yield server


def test_every_cause_is_answered_with_the_same_status_words_and_length(server: Server) -> None:
    slug = server.open_case("alike", "Held alike")
    hearing = server.post(f"/cases/{slug}/hearings", {"title": "Inquest"}).json()["id"]
    server.post(f"/cases/{slug}/restrictions", {"basis": "s.11", "names": [NAME]})

    def told(name: str) -> tuple[int, str, int, tuple[str, ...]]:
        answer = server.post(f"/cases/{slug}/posts", {"text": texts(name)})
        said = answer.json()
        size = len(answer.content) - len(str(said["position"]))
        # By when somebody looks at it changes with the minute, and with nothing else.
        words, clocks = re.subn(r"\b\d\d:\d\d\b", "{by}", said["detail"])
        assert clocks == 1
        return answer.status_code, said["status"] + words, size, tuple(sorted(answer.headers))

    first = told(NAME)
    assert first[:2] == (202, "held" + HELD)
    assert told("R. Tidewell xy") == first
    server.post(f"/cases/{slug}/permission", {"permission": "withdrawn"})
    assert told("Corin Hasselby") == first
    server.post(f"/cases/{slug}/permission", {"permission": "leave given"})
    server.post(f"/hearings/{hearing}/privacy", {"private": True})
    assert told("Corin Hasselby") == first
