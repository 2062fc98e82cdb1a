"""While a jury is out, what is written is sealed; then, and while reporting is stopped, readers are told nothing new.

The state is of a hearing and binds its sittings; a post that belongs to none is bound by any jury of the case.
"""

from __future__ import annotations

from datetime import datetime

from heard.cases import projection as cases
from heard.cases import states
from heard.cases.footing import is_stopped, of_case
from heard.coverage.entries import Content
from heard.engine.errors import Refused
from heard.engine.projection import Tables

SEALED = (
    "The jury is out, so this is sealed: it is kept, and not published. An editor or a lawyer can release it when the "
    "conclusion is recorded, the jury discharged, or the coroner gives leave. You need not send it again."
)
NOTHING_NEW = (
    "The jury is out: nothing new is told to readers until it is back, other than by withdrawing. Nothing was changed; "
    "keep your words, or write them as a post, which is kept sealed."
)


STOPPED = (
    "Reporting of this case is stopped: leave to report it live was withdrawn. Nothing was changed and nothing went "
    "out; keep your words, or write them as a post, which is kept on the desk. Withdrawing works."
)
STOPPED_OF_ONE = (
    "Leave to report this case live was withdrawn from whoever wrote this, or from you, and nothing goes out for them. "
    "Nothing was changed, and it is kept. Withdrawing works."
)


def hearing_without_its_jury(tables: Tables, case: str, sitting: str) -> str:
    """The hearing whose jury is out as this is written, or nothing."""
    out = [jury.hearing for jury in cases.juries(tables, case).values() if jury.absent]
    if not out:
        return ""
    of = {known.id: known.hearing for known in cases.sittings(tables, case)}.get(sitting)
    if of is None:
        return out[0]
    return of if of in out else ""


def sealed_in(tables: Tables, content: Content) -> str:
    """The hearing whose jury is out as this is brought in, or was as it was written; or nothing."""
    now_out = hearing_without_its_jury(tables, content.case, content.sitting)
    return now_out or hearing_without_its_jury_then(tables, content.case, written_at(content))


def written_at(content: Content) -> datetime | None:
    """When it was written, as far as it says: what comes from elsewhere was, by when it was published there."""
    return content.written_at or content.source_at


PRIVATE = (
    "A hearing of this case sits in private: nothing new is told to readers, other than by withdrawing. Nothing was "
    "changed; keep your words, or write them as a post, which is kept as a note."
)
KEPT_PRIVATE = (
    "This was written while the public was excluded, and stays a note: it is not recorded that the court let it be "
    "reported. Nothing was published."
)


def in_private(tables: Tables, content: Content, at: datetime | None = None) -> bool:
    """Whether the hearing it belongs to sits in private, or did at `at` or as it was written, without leave since.

    A post of no sitting is bound by any hearing of its case; one that was written before its sitting began, as a draft
    or without a line, by any that sat in private then.
    """
    case, then = content.case, written_at(content)
    private = {*(states.was_in_private(tables, case, at) if at else states.in_private(tables, case))}
    before = {*(states.was_in_private(tables, case, then) if then else ())}
    if not private | before:
        return False
    of = {known.id: known for known in cases.sittings(tables, case)}.get(content.sitting)
    if of is None or of.hearing in private | before:
        return True
    return bool(before) and then is not None and then < of.began_at


def nothing_new_now(tables: Tables, case: str, *whose: str) -> None:
    """Raises Refused while a jury of the case is out, or it sits in private: a correction could tell what a post may
    not. The same while leave is withdrawn from whoever it is that speaks, `whose` words it is or who lets them out; for
    whoever asks, the gate of `permitted` sees to that.
    """
    if is_stopped(tables, case, *whose):
        raise Refused(STOPPED if of_case(tables, case).permission == "withdrawn" else STOPPED_OF_ONE)
    if states.in_private(tables, case):
        raise Refused(PRIVATE)
    if any(jury.absent for jury in cases.juries(tables, case).values()):
        raise Refused(NOTHING_NEW)


def hearing_without_its_jury_then(tables: Tables, case: str, written_at: datetime | None) -> str:
    """The hearing whose jury was out when this was written, for what waited on a phone until the jury was back."""
    return next(iter(cases.juries_out_at(tables, case, written_at)), "") if written_at else ""


def is_bound(tables: Tables, case: str, written_at: datetime) -> bool:
    """Whether a jury of the case was out at that instant, or it sat in private, and nothing of then may be told yet."""
    return bool(cases.juries_out_at(tables, case, written_at) or states.was_in_private(tables, case, written_at))


def may_be_released(tables: Tables, case: str, hearing: str) -> bool:
    """Whether what was sealed in a hearing may be released by now."""
    jury = cases.juries(tables, case).get(hearing)
    return jury is None or jury.may_release
