"""What is done about a jury: sworn, sent out, back, and the seal lifted. Until then what is said without it is sealed.

Reporting what happens in the absence of the jury while the hearing goes on risks prejudice to it (Contempt of Court Act
1981, s.2, https://www.legislation.gov.uk/ukpga/1981/49/section/2; not read here word for word). A hearing without a
jury has no such state: there, argument in open court is reported unless an order says otherwise.
"""

from __future__ import annotations

from typing import get_args

from heard.cases import model, projection
from heard.cases.entries import JuryReturned, JurySentOut, JurySworn, SealEnd, SealLifted
from heard.cases.model import Jury, checked_words
from heard.engine.entry import Body, Draft
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables


def swear(case: str, hearing: str) -> Command:
    """The hearing sits with a jury."""

    def judge(tables: Tables) -> Decision:
        if hearing not in [known for known, _, _ in projection.hearings(tables, case)]:
            raise NotFound("There is no such hearing in this case.")
        if hearing in projection.juries(tables, case):
            return _nothing(tables, case)
        return _on_the_rules(tables, case, JurySworn(case, hearing))

    return judge


def send_out(case: str, hearing: str) -> Command:
    """From this entry on what is written is sealed."""

    def judge(tables: Tables) -> Decision:
        jury = _jury(tables, case, hearing)
        return _nothing(tables, case) if jury.absent else _on_the_rules(tables, case, JurySentOut(case, hearing))

    return judge


def bring_back(case: str, hearing: str) -> Command:
    """The jury is in the room again: new posts are published, and what was sealed stays sealed."""

    def judge(tables: Tables) -> Decision:
        jury = _jury(tables, case, hearing)
        return _on_the_rules(tables, case, JuryReturned(case, hearing)) if jury.absent else _nothing(tables, case)

    return judge


def lift_seal(case: str, hearing: str, cause: SealEnd, words: str = "") -> Command:
    """The conclusion was returned, the jury discharged, or the coroner gave leave, in what words: posts may go."""

    def judge(tables: Tables) -> Decision:
        _jury(tables, case, hearing)
        if cause not in get_args(SealEnd):
            raise Refused(f"A seal is lifted by one of: {', '.join(get_args(SealEnd))}. Nothing was changed.")
        told = checked_words(words, "coroner's words", model.STANDFIRST_MAX, needed=cause == "coroner's leave")
        return _on_the_rules(tables, case, SealLifted(case, hearing, cause, told))

    return judge


def _jury(tables: Tables, case: str, hearing: str) -> Jury:
    jury = projection.juries(tables, case).get(hearing)
    if jury is None:
        raise Refused("This hearing has no jury. Nothing was changed; record first that one was sworn, if it was.")
    return jury


def _on_the_rules(tables: Tables, case: str, body: Body) -> Decision:
    rules = projection.by_id(tables, case).rules
    return Decision((Draft(rules, body),), (rules,))


def _nothing(tables: Tables, case: str) -> Decision:
    return Decision((), (projection.by_id(tables, case).rules,))
