"""What can happen to a report. Its life is the list of these on its stream, in the order in which they were appended.

Sources are read again and again, so what is kept is not "the report" but what each source *said* on a day (`Told`), and
what people decided. The newest of it is worked out in `knowledge`.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from heard.engine.entry import Body, written_as
from heard.reports import addressees

#: Every address under /reports/ is claimed here.
ADDRESSES = "report-addresses"
#: On this stream stands what was read, and whether it was believed.
READINGS = "report-readings"


@written_as("reports.listed")
class Listed(Body, frozen=True):
    """A report is known, at /reports/<slug>/. `kept_at` is its address at the source, which may say a name."""

    slug: str
    kept_at: str


@written_as("reports.address_taken")
class AddressTaken(Body, frozen=True):
    """On `ADDRESSES`."""

    slug: str
    report: str


@written_as("reports.told")
class Told(Body, frozen=True):
    """What one source said of it when it was read on a day, in its own words: what it had not said before, and no more.

    A field that is not here stands as that source said before; a blank is not a fact. `facts` are by `model.FIELDS`.
    """

    source: str
    on: date
    facts: dict[str, str]

    def withdraws(self) -> bool:
        """A mark of redaction, or initials in place of a name, takes away what stood there before."""
        return bool(self.taken_out())

    def taken_out(self) -> list[str]:
        """The fields in which it has such a mark."""
        facts = self.facts.items()
        return [field for field, words in facts if len(words) < 2000 and addressees.is_mark(field, words)]

    def to_do_again(self) -> str:
        return f"taken-out {self.source} {self.on} {','.join(sorted(fields))}" if (fields := self.taken_out()) else ""


@written_as("reports.gone")
class Gone(Body, frozen=True):
    """Read on a day, the source had it no more while its neighbours answered: taken for a redaction of the whole."""

    source: str
    on: date

    def withdraws(self) -> bool:
        return True

    def to_do_again(self) -> str:
        return f"gone {self.source} {self.on}"


@written_as("reports.read")
class Read(Body, frozen=True):
    """On `READINGS`: these reports were found at the source on a day, so that what it said of them stood that day."""

    source: str
    on: date
    reports: tuple[str, ...]


@written_as("reports.reading_kept")
class ReadingKept(Body, frozen=True):
    """On `READINGS`: a whole reading was taken in. `digest` is the SHA-256 of what was read."""

    source: str
    on: date
    digest: str
    rows: int
    blank: int
    gone: int


@written_as("reports.reading_doubted")
class ReadingDoubted(Body, frozen=True):
    """On `READINGS`, an alarm: so many rows were blank or gone that the source is broken.

    Nothing of it was taken in.
    """

    source: str
    on: date
    digest: str
    rows: int
    blank: int
    gone: int


@written_as("reports.value_let")
class ValueLet(Body, frozen=True):
    """A person decided that a value that a source took out may be shown. `field` is empty for the whole report."""

    field: str
    ground: str


@written_as("reports.names_hidden")
class NamesHidden(Body, frozen=True):
    """The names of the dead, and `names` besides, stand nowhere from now on. `ground` stays on the desk.

    `lost`: there were names besides, and a journal that was restored has them no more. Nobody can take them out of the
    report, so that it is withheld until somebody names them again, or shows the names.
    """

    names: tuple[str, ...] = ()
    ground: str = ""
    lost: bool = False

    def withdraws(self) -> bool:
        return True

    def to_do_again(self) -> str:
        return "names-hidden besides" if self.names or self.lost else "names-hidden"


@written_as("reports.names_shown")
class NamesShown(Body, frozen=True):
    """A person decided that the names may stand, also those of a child."""

    ground: str


@written_as("reports.every_name_hidden")
class EveryNameHidden(Body, frozen=True):
    """On `READINGS`: the names of the dead stand nowhere on this site, until somebody decides otherwise."""

    ground: str

    def withdraws(self) -> bool:
        return True

    def to_do_again(self) -> str:
        return "every-name-hidden"


@written_as("reports.every_name_shown")
class EveryNameShown(Body, frozen=True):
    """On `READINGS`: names stand again where nothing else hides them."""

    ground: str


@written_as("reports.indexing_allowed")
class IndexingAllowed(Body, frozen=True):
    """On `READINGS`: search engines may keep pages of reports on which nothing is hidden, as a named person decided."""

    decided_by: str


@written_as("reports.indexing_ended")
class IndexingEnded(Body, frozen=True):
    """On `READINGS`: no page of a report is to be kept by a search engine any more."""

    decided_by: str


@written_as("reports.sent")
class Sent(Body, frozen=True):
    """The day on which it was sent to an addressee, where that is known: the clock starts there."""

    addressee: str
    on: date


@written_as("reports.concern_numbered")
class ConcernNumbered(Body, frozen=True):
    """A matter of concern under the number that the report gives it, if any, and the addressees it is put to."""

    concern: str
    number: str
    words: str
    to: tuple[str, ...] = ()
    suggestion: bool = False


#: What a response says (reg. 29(3)): what was done, what will be and by when, or why nothing.
Answer = Literal["action taken", "action proposed", "no action", "interim", "not read"]


@written_as("reports.response_recorded")
class ResponseRecorded(Body, frozen=True):
    """A published response of an addressee.

    Its own date, its receipt and its publication are three days, each if known.
    """

    response: str
    addressee: str
    dated_on: date | None = None
    received_on: date | None = None
    published_on: date | None = None
    answer: Answer = "not read"
    concerns: tuple[str, ...] = ()
    words: str = ""


@written_as("reports.extension_recorded")
class ExtensionRecorded(Body, frozen=True):
    """The coroner gave an addressee until a later day (reg. 29(5))."""

    addressee: str
    until: date


@written_as("reports.promise_recorded")
class PromiseRecorded(Body, frozen=True):
    """What an addressee said that it would do. Something with a day can become an obligation."""

    promise: str
    addressee: str
    words: str
    concern: str = ""
    due_on: date | None = None


#: Words that INQUEST asks a national record to use, and "planned"; only by a named person, who cites the passage.
Outcome = Literal["implemented", "partly implemented", "planned", "rejected"]


@written_as("reports.outcome_set")
class OutcomeSet(Body, frozen=True):
    """A named person judged what came of a concern."""

    concern: str
    addressee: str
    outcome: Outcome
    judged_by: str
    passage: str


#: How a person judges what an addressee did; "taken back": their last judgement does not stand any more.
Judgement = Literal[
    "acceptable",
    "alternate",
    "exceeds",
    "unacceptable",
    "reconsidered",
    "no longer applicable",
    "superseded",
    "taken back",
]


@written_as("reports.judgement_given")
class JudgementGiven(Body, frozen=True):
    """A named person judged, on a day and for a reason, what an addressee did about a concern.

    `closes`: they hold the concern to be closed with that addressee. `superseded_by`: what stands in its place.
    """

    concern: str
    addressee: str
    judgement: Judgement
    judged_by: str
    judged_on: date
    reason: str
    closes: bool = False
    superseded_by: str = ""


@written_as("reports.disputed")
class Disputed(Body, frozen=True):
    """An addressee says that it did respond, and says so publicly. How to reach them is in the vault."""

    dispute: str
    addressee: str
    words: str


@written_as("reports.echo_confirmed")
class EchoConfirmed(Body, frozen=True):
    """A named person read both: the concern was raised before, in `earlier`."""

    earlier: str
    confirmed_by: str


@written_as("reports.case_linked")
class CaseLinked(Body, frozen=True):
    """A named person says that this report was made after the inquest whose case is `case`, by its id."""

    case: str
    linked_by: str


@written_as("reports.case_unlinked")
class CaseUnlinked(Body, frozen=True):
    """It was not, or is not to be shown beside it."""

    case: str


@written_as("reports.problem_told")
class ProblemTold(Body, frozen=True):
    """On the problem's stream: someone says that something is wrong with a report.

    `addressee` is set where one says that it did respond. An address, if left, is in the vault only.
    """

    report: str
    words: str
    addressee: str = ""


@written_as("reports.problem_settled")
class ProblemSettled(Body, frozen=True):
    """On the problem's stream: what was done about it, for the desk."""

    note: str = ""
