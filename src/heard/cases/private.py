"""A hearing that sits in private: the public is excluded, and so are the readers.

At an inquest only in the interests of national security, or before the inquest where justice asks for it (Coroners
(Inquests) Rules 2013, r. 11, https://www.legislation.gov.uk/uksi/2013/1616; not read here word for word). What is
written meanwhile is kept as notes; that the public is in the room again lets none of it out.
"""

from __future__ import annotations

from heard.cases import model, projection, states
from heard.cases.entries import PublicAdmitted, PublicExcluded
from heard.cases.model import checked_words
from heard.engine.entry import Body, Draft
from heard.engine.errors import NotFound
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables


def exclude_public(case: str, hearing: str, words: str = "") -> Command:
    """From this entry on what is written is kept, and goes out in no way. `words` are the court's."""

    def judge(tables: Tables) -> Decision:
        known = checked_words(words, "court's words", model.STANDFIRST_MAX, needed=False)
        there = hearing in states.in_private(tables, case)
        return _on_the_rules(tables, case, hearing, None if there else PublicExcluded(case, hearing, known))

    return judge


def admit_public(case: str, hearing: str, leave: str = "") -> Command:
    """The public is back. `leave`: the words by which the court let what was done in private be reported, if it did."""

    def judge(tables: Tables) -> Decision:
        said = checked_words(leave, "court's words", model.STANDFIRST_MAX, needed=False)
        there = hearing in states.in_private(tables, case)
        return _on_the_rules(tables, case, hearing, PublicAdmitted(case, hearing, said) if there or said else None)

    return judge


def _on_the_rules(tables: Tables, case: str, hearing: str, body: Body | None) -> Decision:
    rules = projection.by_id(tables, case).rules
    if hearing not in [known for known, _, _ in projection.hearings(tables, case)]:
        raise NotFound("There is no such hearing in this case.")
    return Decision((Draft(rules, body),) if body else (), (rules,))
