"""What can be done to reports. Each function answers a command: it judges what is folded, and says what to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import msgspec

from heard.cases import projection as cases
from heard.cases.model import checked_words
from heard.engine import now
from heard.engine.entry import Body, Draft, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.reports import projection
from heard.reports.entries import (
    ADDRESSES,
    READINGS,
    AddressTaken,
    Answer,
    CaseLinked,
    CaseUnlinked,
    ConcernNumbered,
    Disputed,
    EchoConfirmed,
    EveryNameHidden,
    EveryNameShown,
    ExtensionRecorded,
    Gone,
    IndexingAllowed,
    IndexingEnded,
    Judgement,
    JudgementGiven,
    Listed,
    NamesHidden,
    NamesShown,
    Outcome,
    OutcomeSet,
    ProblemSettled,
    ProblemTold,
    PromiseRecorded,
    Read,
    ReadingDoubted,
    ReadingKept,
    ResponseRecorded,
    Sent,
    Told,
    ValueLet,
)
from heard.reports.model import TEXT_MAX, checked_facts, checked_source, tidy_ref

#: So many addresses of one reference are looked through: joint inquests and families of reports share one.
SHARED_REF_MAX = 40


class Row(msgspec.Struct, frozen=True):
    """What a source says of one report: where it keeps it, and facts by `model.FIELDS`."""

    kept_at: str
    facts: Mapping[str, str]


def tell(source: str, on: date, rows: Sequence[Row], read: Iterable[str] = ()) -> Command:
    """What a source said of these reports on a day, those that are new listed; `read` are others that it said nothing
    new of.

    All of it or nothing is written.
    """
    rows = [Row(row.kept_at, checked_facts(dict(row.facts))) for row in rows]
    checked_source(source)
    fresh = {row.kept_at: new_id() for row in rows}

    def judge(tables: Tables) -> Decision:
        drafts: list[Draft] = []
        found, taken = list(read), set[str]()
        for row in rows:
            report = projection.at_source(tables, row.kept_at)
            if report is None:
                report = fresh[row.kept_at]
                slug = _free_slug(tables, row.facts.get("ref", ""), report, taken)
                taken.add(slug)
                drafts += [Draft(report, Listed(slug, row.kept_at)), Draft(ADDRESSES, AddressTaken(slug, report))]
            if row.facts:
                drafts.append(Draft(report, Told(source, on, dict(row.facts))))
            found.append(report)
        if found:
            drafts.append(Draft(READINGS, Read(source, on, tuple(dict.fromkeys(found)))))
        return Decision(tuple(drafts), (ADDRESSES, READINGS))

    return judge


def tell_of(report: str, source: str, on: date, facts: Mapping[str, str]) -> Command:
    """What a source said of a report that is there already, wherever that source keeps it."""
    told = Told(checked_source(source).name, on, checked_facts(dict(facts)))

    def judge(tables: Tables) -> Decision:
        projection.slug_of(tables, report)
        return Decision((Draft(report, told), Draft(READINGS, Read(source, on, (report,)))), (report, READINGS))

    return judge


def _free_slug(tables: Tables, ref: str, report: str, taken: set[str]) -> str:
    """The reference, or the next that is free of those that share it; a report without one is known by a part
    of its id.
    """
    tidy = tidy_ref(ref).lower()
    names = [tidy, *(f"{tidy}-{number}" for number in range(2, SHARED_REF_MAX))] if tidy else []
    return next((one for one in names if one not in taken and not projection.is_taken(tables, one)), f"r-{report[:8]}")


def keep_reading(source: str, on: date, digest: str, rows: int, blank: int, gone: Mapping[str, date]) -> Command:
    """A whole reading was taken in; `gone` are reports that were not there any more on a day."""

    def judge(tables: Tables) -> Decision:
        drafts = [Draft(report, Gone(source, day)) for report, day in sorted(gone.items())]
        last = Draft(READINGS, ReadingKept(source, on, digest, rows, blank, len(gone)))
        return Decision((*drafts, last), (READINGS,))

    return judge


def doubt_reading(source: str, on: date, digest: str, rows: int, blank: int, gone: int) -> Command:
    """A reading is so full of blanks that it is not believed: nothing of it is taken in, and everybody may know."""

    def judge(tables: Tables) -> Decision:
        known = [one for one in projection.readings(tables) if one.digest == digest]
        if known:
            return Decision((), (READINGS,))
        return Decision((Draft(READINGS, ReadingDoubted(source, on, digest, rows, blank, gone)),), (READINGS,))

    return judge


def _on_report(report: str, body: Body) -> Command:
    """Something about a report that is there."""

    def judge(tables: Tables) -> Decision:
        projection.slug_of(tables, report)
        return Decision((Draft(report, body),), (report,))

    return judge


def hide_names(report: str, names: Sequence[str], ground: str) -> Command:
    """From now on the names of the dead, and these, stand nowhere in this report, nor in any that names the same dead:
    whoever asks for it means the person.
    """
    listed = tuple(checked_words(name, "name", 200) for name in names)
    hidden = NamesHidden(listed, checked_words(ground, "reason", 2000, needed=False))

    def judge(tables: Tables) -> Decision:
        projection.slug_of(tables, report)
        every = (report, *projection.named_alike(tables, report))
        return Decision(tuple(Draft(one, hidden) for one in every), every)

    return judge


def show_names(report: str, ground: str) -> Command:
    return _on_report(report, NamesShown(checked_words(ground, "reason", 2000)))


def hide_every_name(ground: str) -> Command:
    """From now on no name of who died stands anywhere on this site."""
    hidden = EveryNameHidden(checked_words(ground, "reason", 2000))
    return lambda tables: Decision((Draft(READINGS, hidden),), (READINGS,))


def show_every_name(ground: str) -> Command:
    shown = EveryNameShown(checked_words(ground, "reason", 2000))
    return lambda tables: Decision((Draft(READINGS, shown),), (READINGS,))


def allow_indexing(decided_by: str) -> Command:
    """Search engines may keep pages of reports, but for those on which a name is hidden or withheld."""
    return _on_indexing(IndexingAllowed(checked_words(decided_by, "name of who decided", 200)), is_allowed=True)


def end_indexing(decided_by: str) -> Command:
    return _on_indexing(IndexingEnded(checked_words(decided_by, "name of who decided", 200)), is_allowed=False)


def _on_indexing(body: Body, *, is_allowed: bool) -> Command:
    """Nothing is written where it is so already."""

    def judge(tables: Tables) -> Decision:
        stands = projection.is_indexing_allowed(tables)
        return Decision(() if stands == is_allowed else (Draft(READINGS, body),), (READINGS,))

    return judge


def let_value(report: str, field: str, ground: str) -> Command:
    """A person decided that what a source took out may stand."""
    return _on_report(report, ValueLet(field, checked_words(ground, "reason", 2000)))


def record_sending(report: str, addressee: str, on: date) -> Command:
    return _on_report(report, Sent(checked_words(addressee, "addressee", 300), on))


def number_concern(
    report: str, number: str, words: str, to: Sequence[str] = (), *, suggestion: bool = False, concern: str = ""
) -> Command:
    """A matter of concern under the report's own number."""
    body = ConcernNumbered(
        concern or new_id(),
        checked_words(number, "number", 20, needed=False),
        checked_words(words, "concern", TEXT_MAX),
        tuple(to),
        suggestion,
    )
    return _on_report(report, body)


def record_response(
    report: str,
    addressee: str,
    *,
    dated_on: date | None = None,
    received_on: date | None = None,
    published_on: date | None = None,
    answer: Answer = "not read",
    concerns: Sequence[str] = (),
    words: str = "",
) -> Command:
    body = ResponseRecorded(
        new_id(),
        checked_words(addressee, "addressee", 300),
        dated_on,
        received_on,
        published_on,
        answer,
        tuple(concerns),
        checked_words(words, "response", TEXT_MAX, needed=False),
    )
    return _on_report(report, body)


def record_extension(report: str, addressee: str, until: date) -> Command:
    return _on_report(report, ExtensionRecorded(checked_words(addressee, "addressee", 300), until))


def record_promise(report: str, addressee: str, words: str, concern: str = "", due_on: date | None = None) -> Command:
    said = checked_words(words, "promise", 5000)
    return _on_report(
        report, PromiseRecorded(new_id(), checked_words(addressee, "addressee", 300), said, concern, due_on)
    )


def set_outcome(report: str, concern: str, addressee: str, outcome: Outcome, judged_by: str, passage: str) -> Command:
    """A named person's judgement, with the passage that it rests on."""
    body = OutcomeSet(
        concern,
        checked_words(addressee, "addressee", 300),
        outcome,
        checked_words(judged_by, "name of who judged", 200),
        checked_words(passage, "passage", 5000),
    )
    return _on_report(report, body)


#: These close a concern, whether it is said besides or not.
CLOSING = ("reconsidered", "no longer applicable", "superseded")


def give_judgement(
    report: str,
    concern: str,
    addressee: str,
    judgement: Judgement,
    judged_by: str,
    judged_on: date,
    reason: str,
    *,
    closes: bool = False,
    superseded_by: str = "",
) -> Command:
    """A named person's judgement of what was done, on a day and with its reason. The last one stands."""
    instead = checked_words(superseded_by, "what stands in its place", 300, needed=judgement == "superseded")
    if judged_on > now.today():
        raise Refused("Nobody has judged yet on a day that is still to come. Nothing was changed.")
    if judgement == "taken back" and (closes or instead):
        raise Refused("What is taken back closes nothing. Nothing was changed.")
    body = JudgementGiven(
        checked_words(concern, "number of the concern", 40),
        checked_words(addressee, "addressee", 300),
        judgement,
        checked_words(judged_by, "name of who judged", 200),
        judged_on,
        checked_words(reason, "reason", 5000),
        closes or bool(instead) or judgement in CLOSING,
        instead,
    )
    return _on_report(report, body)


def dispute(report: str, addressee: str, words: str) -> Command:
    """An addressee says that it did respond; it is shown beside what the sources say."""
    body = Disputed(new_id(), checked_words(addressee, "addressee", 300), checked_words(words, "message", 5000))
    return _on_report(report, body)


def confirm_echo(report: str, earlier: str, confirmed_by: str) -> Command:
    """A named person read both reports and says: the concern was raised before."""
    who = checked_words(confirmed_by, "name of who read both", 200)

    def judge(tables: Tables) -> Decision:
        if report == earlier:
            raise Refused("A report is no echo of itself. Nothing was changed.")
        for one in (report, earlier):
            if not any(tables.execute("SELECT 1 FROM report WHERE id = ?", (one,))):
                raise NotFound("There is no such report.")
        return Decision((Draft(report, EchoConfirmed(earlier, who)),), (report,))

    return judge


def link_case(report: str, case: str, linked_by: str) -> Command:
    """A named person says that the report was made after the inquest of a case, named by its address."""
    who = checked_words(linked_by, "name of who says so", 200)

    def judge(tables: Tables) -> Decision:
        projection.slug_of(tables, report)
        linked = CaseLinked(cases.by_name(tables, case).id, who)
        if report in projection.of_case(tables, linked.case):
            return Decision((), (report,))
        return Decision((Draft(report, linked),), (report,))

    return judge


def unlink_case(report: str, case: str) -> Command:
    def judge(tables: Tables) -> Decision:
        known = cases.by_name(tables, case).id
        if report not in projection.of_case(tables, known):
            raise NotFound("That case is not linked to this report.")
        return Decision((Draft(report, CaseUnlinked(known)),), (report,))

    return judge


def tell_problem(report: str, words: str, addressee: str = "") -> Command:
    """Someone says that something is wrong; a person reads it."""
    told = ProblemTold(report, checked_words(words, "message", 4000), addressee[:300])
    problem = new_id()

    def judge(tables: Tables) -> Decision:
        projection.slug_of(tables, report)
        return Decision((Draft(problem, told),), ())

    return judge


def settle_problem(problem: str, note: str) -> Command:
    settled = ProblemSettled(checked_words(note, "note", 4000, needed=False))

    def judge(tables: Tables) -> Decision:
        if problem not in [one.id for one in projection.problems(tables)]:
            raise NotFound("There is no such open message.")
        return Decision((Draft(problem, settled),), (problem,))

    return judge
