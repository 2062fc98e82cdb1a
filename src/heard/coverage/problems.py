"""Something is wrong, somebody says: taken down with its clock, and settled with what was done."""

from __future__ import annotations

from heard.cases import projection as cases
from heard.cases.model import checked_words
from heard.coverage import model, projection
from heard.coverage.entries import ProblemReported, ProblemSettled
from heard.engine.entry import Draft, new_id
from heard.engine.errors import NotFound
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables


def report_problem(case: str, post: str, words: str, problem: str | None = None) -> Command:
    """A reader says that something is wrong, on a post or on the page; its clock starts."""
    problem = problem or new_id()

    def judge(tables: Tables) -> Decision:
        cases.by_id(tables, case)
        if post and projection.by_id(tables, post).case != case:
            raise NotFound("There is no such post in this case.")
        reported = ProblemReported(case, post, checked_words(words, "message", model.PROBLEM_MAX))
        return Decision((Draft(problem, reported),), ())

    return judge


SETTLED = "This is not open here any more: somebody may have settled it. Nothing was changed."


def settle_problem(problem: str, note: str) -> Command:
    def judge(tables: Tables) -> Decision:
        for open_one in projection.problems(tables):
            if open_one.id == problem:
                told = checked_words(note, "note", model.REASON_MAX, needed=False)
                return Decision((Draft(problem, ProblemSettled(open_one.case, told)),), (problem,))
        raise NotFound(SETTLED)

    return judge
