"""The axes of a concern in the words of two public records of recommendations, or "no equivalent".

NTSB: the status of a safety recommendation, five open and eleven closed, as phmsa.dot.gov/ntsb lists them (in the web
archive of the University of North Texas, copy 20170118202034, of 18 January 2017), written as records of data.ntsb.gov
have them, with their "Initial Response Received" for the list's "Response Received" (seen in November 2026). The Board
judges, never the addressee. "Open - Acceptable Response" is a planned action that would comply when completed, and
"Closed - Acceptable Action" a completed one that complies (field descriptions of ntsb.gov; no others were seen).

GAO: "Recommendations remain open until they are designated as Closed-implemented or Closed-not implemented"
(gao.gov/reports-testimonies/recommendations-database, as of 25 October 2020); written as there.

A word is said only where the axes say all that it says. Nobody here is the Board or the GAO: what stands in their words
is what a named person judged here, and "Open" that nobody has said here that the concern is closed.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from heard.reports.model import NOT_KNOWN

NO_EQUIVALENT = "no equivalent"

_UNANSWERED = ("awaited", "extended", "none published")
_ANSWERED = ("response published",)
_BEGUN = ("response published", "interim reply")


class Rule(msgspec.Struct, frozen=True):
    """When a word is said. Where `responses`, `actions` or `superseded` is None, it says nothing of that."""

    word: str
    closed: bool
    judgements: Collection[str]
    responses: Collection[str] | None = None
    actions: Collection[str] | None = None
    superseded: bool | None = False

    def holds(self, response: str, action: str, judgement: str, closed: bool, superseded: bool) -> bool:
        spoken = self.responses is None or response in self.responses
        return spoken and self.says(action, judgement, closed=closed, superseded=superseded)

    def says(self, action: str, judgement: str, *, closed: bool, superseded: bool) -> bool:
        """Whether it fits what people judged, whatever was published."""
        return (
            closed == self.closed
            and judgement in self.judgements
            and (self.actions is None or action in self.actions)
            and (self.superseded is None or superseded == self.superseded)
        )


#: No two of them hold of the same concern.
NTSB = (
    Rule("Open - Await Response", False, (NOT_KNOWN,), _UNANSWERED),
    Rule("Open - Initial Response Received", False, (NOT_KNOWN,), _BEGUN),
    Rule("Open - Acceptable Response", False, ("acceptable",), _ANSWERED, ("planned",)),
    Rule("Open - Acceptable Alternate Response", False, ("alternate",), _ANSWERED, ("planned",)),
    Rule("Open - Unacceptable Response", False, ("unacceptable",), _ANSWERED),
    Rule("Closed - Acceptable Action", True, ("acceptable",), None, ("done",)),
    Rule("Closed - Acceptable Alternate Action", True, ("alternate",), None, ("done",)),
    Rule("Closed - Exceeds Recommended Action", True, ("exceeds",), None, ("done",)),
    Rule("Closed - Unacceptable Action", True, ("unacceptable",), _ANSWERED),
    Rule("Closed - Reconsidered", True, ("reconsidered",)),
    Rule("Closed - No Longer Applicable", True, ("no longer applicable",)),
    Rule("Closed - Superseded", True, ("superseded",), superseded=True),
    Rule("Closed - Acceptable Action/Superseded", True, ("acceptable",), None, ("done",), True),
    Rule("Closed - Acceptable Alternate Action/Superseded", True, ("alternate",), None, ("done",), True),
    Rule("Closed - Unacceptable Action/Superseded", True, ("unacceptable",), _ANSWERED, None, True),
)

#: Words of theirs that are never said here, and why.
NEVER = {
    "Closed - Unacceptable Action/No Response Received": "it is known here that none was published, never that none "
    "was received",
}

_SATISFIES = ("acceptable", "alternate", "exceeds")
GAO = (
    Rule("Open", False, (NOT_KNOWN, *_SATISFIES, "unacceptable"), superseded=None),
    Rule("Closed-implemented", True, _SATISFIES, None, ("done",), None),
    Rule(
        *("Closed-not implemented", True, ("unacceptable", "reconsidered", "no longer applicable")),
        *(None, ("refused",), None),
    ),
)


def said_by(
    rules: Collection[Rule], response: str, action: str, judgement: str, *, closed: bool, superseded: bool
) -> str:
    """The word of `NTSB` or `GAO` for these axes, or "no equivalent"."""
    found = [one.word for one in rules if one.holds(response, action, judgement, closed, superseded)]
    return found[0] if found else NO_EQUIVALENT
