"""What can be done to a case. Each function answers a command: it judges what is folded, and says what to write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from heard.cases import model, projection
from heard.cases.entries import (
    SLUGS,
    CaseDescribed,
    CaseHeld,
    CaseLetGo,
    CaseOpened,
    HearingListed,
    JurySworn,
    PersonNamed,
    RestrictionImposed,
    RestrictionLifted,
    RestrictionTold,
    SittingBegan,
    SittingRose,
    SlugTaken,
)
from heard.cases.guard import Guard
from heard.cases.model import Restriction, checked_instant, checked_words
from heard.cases.orders import KINDS, OrderKind, checked_end
from heard.cases.protected import checked_name, checked_particular
from heard.engine.entry import Draft, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables


def open_case(
    slug: str, title: str, standfirst: str = "", zone: str = "Europe/London", *, case: str | None = None
) -> Command:
    """A new case at a free address; its coverage is announced."""
    case, rules = case or new_id(), new_id()

    def judge(tables: Tables) -> Decision:
        model.checked_slug(slug)
        words = checked_words(title, "title", model.TITLE_MAX)
        more = checked_words(standfirst, "standfirst", model.STANDFIRST_MAX, needed=False)
        try:
            ZoneInfo(zone)
        except (KeyError, OSError, ValueError) as wrong:
            raise Refused(f"“{zone[:40]}” is not a time zone. Write it like Europe/London.") from wrong
        if any(tables.execute("SELECT 1 FROM cases WHERE slug = ?", (slug,))):
            raise Refused(
                f"There is a case at “{slug}” already. Nothing was opened; choose another address.", slug_taken=True
            )
        opened = CaseOpened(slug, words, rules, more, zone)
        return Decision((Draft(case, opened), Draft(SLUGS, SlugTaken(slug, case))), (SLUGS,))

    return judge


def describe_case(case: str, title: str, standfirst: str) -> Command:
    def judge(tables: Tables) -> Decision:
        projection.by_id(tables, case)
        words = checked_words(title, "title", model.TITLE_MAX)
        more = checked_words(standfirst, "standfirst", model.STANDFIRST_MAX, needed=False)
        return Decision((Draft(case, CaseDescribed(words, more)),), (case,))

    return judge


def name_person(case: str, name: str, role: str, note: str = "", person: str | None = None) -> Command:
    """Enter someone in the case's cast, or put right what was entered under the id `person`."""
    person = person or new_id()

    def judge(tables: Tables) -> Decision:
        projection.by_id(tables, case)
        named = PersonNamed(
            case,
            checked_words(name, "name", model.NAME_MAX),
            checked_words(role, "role", model.NAME_MAX, needed=False),
            checked_words(note, "note", model.STANDFIRST_MAX, needed=False),
        )
        return Decision((Draft(person, named),), (person,))

    return judge


def list_hearing(
    case: str, title: str, place: str = "", hearing: str | None = None, *, with_jury: bool = False
) -> Command:
    """A hearing of the case; one with a jury has what is said in its absence sealed (see `jury`)."""
    hearing = hearing or new_id()

    def judge(tables: Tables) -> Decision:
        projection.by_id(tables, case)
        listed = HearingListed(
            case,
            checked_words(title, "title", model.TITLE_MAX),
            checked_words(place, "place", model.NAME_MAX, needed=False),
        )
        if not with_jury:
            return Decision((Draft(hearing, listed),), (hearing,))
        rules = projection.by_id(tables, case).rules
        return Decision((Draft(hearing, listed), Draft(rules, JurySworn(case, hearing))), (hearing, rules))

    return judge


def begin_sitting(
    case: str, hearing: str, title: str, *, sitting: str | None = None, source_at: datetime | None = None
) -> Command:
    sitting = sitting or new_id()

    def judge(tables: Tables) -> Decision:
        if hearing not in [known for known, _, _ in projection.hearings(tables, case)]:
            raise NotFound("There is no such hearing in this case.")
        began = SittingBegan(case, hearing, checked_words(title, "title", model.TITLE_MAX), source_at)
        return Decision((Draft(sitting, began),), (hearing, sitting))

    return judge


def rise(
    case: str,
    sitting: str,
    words: str = "",
    back_at: datetime | None = None,
    *,
    source_at: datetime | None = None,
) -> Command:
    """The court rose."""

    def judge(tables: Tables) -> Decision:
        if sitting not in [known.id for known in projection.sittings(tables, case)]:
            raise NotFound("There is no such sitting in this case.")
        said = checked_words(words, "note", model.STANDFIRST_MAX, needed=False)
        return Decision((Draft(sitting, SittingRose(case, said, back_at, source_at)),), (sitting,))

    return judge


def impose_restriction(
    case: str,
    basis: str,
    names: Sequence[str],
    *,
    order: OrderKind = "anonymity",
    cipher: str = "",
    scope: str = "",
    document: str = "",
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    until_event: str = "",
    told: Sequence[str] = (),
    cleared: Sequence[str] = (),
    particulars: Sequence[str] = (),
    sure: bool = False,
) -> Command:
    """Record an order. From this entry on nothing that says one of the names leaves, and no later post can say it.

    `told` and `cleared` are accounts. Protecting who died is asked twice: `sure` is the second answer.
    """
    restriction = new_id()

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, case)
        kept = tuple(checked_name(name) for name in names)
        if not 0 < len(kept) <= model.NAMES_MAX:
            raise Refused(f"A restriction protects 1 to {model.NAMES_MAX} names. Nothing was changed.")
        if len(particulars) > model.PARTICULARS_MAX:
            raise Refused(f"A restriction has up to {model.PARTICULARS_MAX} particulars. Nothing was changed.")
        starts, ends = checked_instant(from_at), checked_instant(until_at)
        event = checked_words(until_event, "event", model.STANDFIRST_MAX, needed=False)
        checked_end(order, bool(ends or event))
        if starts and ends and ends <= starts:
            raise Refused("The restriction would end before it begins. Nothing was changed; look at its times.")
        if not sure and _names_who_died(tables, case, kept):
            raise Refused(
                "One of the names is that of the person who died, of whom nothing could be published any more. Nothing "
                "was changed; if that is what the order says, say that you are sure.",
                ask="sure",
            )
        imposed = RestrictionImposed(
            case,
            restriction,
            checked_words(basis, "basis", model.STANDFIRST_MAX),
            kept,
            checked_words(cipher, "cipher", model.NAME_MAX, needed=False),
            checked_words(scope, "scope", model.STANDFIRST_MAX, needed=False),
            starts,
            ends,
            order,
            event,
            checked_words(document, "document", model.STANDFIRST_MAX, needed=False),
            tuple(told),
            tuple(cleared),
            tuple(checked_particular(one) for one in particulars),
        )
        return Decision((Draft(known.rules, imposed),), (known.rules,))

    return judge


def _names_who_died(tables: Tables, case: str, names: Sequence[str]) -> bool:
    died = [one.name for one in projection.people(tables, case) if "deceased" in one.role.casefold().split()]
    return bool(died) and Guard(names).is_told_by(*died)


def tell_of_restriction(case: str, restriction: str, told: Sequence[str] = (), cleared: Sequence[str] = ()) -> Command:
    """Record who else was told of an order, or cleared to see its names. `told` and `cleared` are accounts."""

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, case)
        _in_force(tables, case, restriction)
        more = RestrictionTold(case, restriction, tuple(told), tuple(cleared))
        return Decision((Draft(known.rules, more),), (known.rules,))

    return judge


def lift_restriction(case: str, restriction: str, ground: str, *, sure: bool = False) -> Command:
    """Record that an order ended. What it withheld is shown again. `sure`: even one for life, recorded by mistake."""

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, case)
        if KINDS[_in_force(tables, case, restriction).order].for_life and not sure:
            raise Refused(
                "This protection is for life. Nothing was changed; if it was recorded by mistake, or the person agreed "
                "in writing, put that in the ground and say that you are sure.",
                ask="sure",
            )
        lifted = RestrictionLifted(case, restriction, checked_words(ground, "ground", model.STANDFIRST_MAX))
        return Decision((Draft(known.rules, lifted),), (known.rules,))

    return judge


def _in_force(tables: Tables, case: str, restriction: str) -> Restriction:
    for one in projection.restrictions(tables, case):
        if one.id == restriction:
            return one
    raise NotFound("There is no such restriction in force in this case.")


def hold_case(case: str, ground: str) -> Command:
    """Stop everything of a case at the door, until someone lets it go."""

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, case)
        if projection.is_held(tables, case):
            return Decision((), (known.rules,))
        return Decision(
            (Draft(known.rules, CaseHeld(case, checked_words(ground, "ground", model.STANDFIRST_MAX))),), (known.rules,)
        )

    return judge


def let_case_go(case: str, ground: str) -> Command:
    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, case)
        if not projection.is_held(tables, case):
            return Decision((), (known.rules,))
        return Decision(
            (Draft(known.rules, CaseLetGo(case, checked_words(ground, "ground", model.STANDFIRST_MAX))),),
            (known.rules,),
        )

    return judge
