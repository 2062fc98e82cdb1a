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
    SittingBegan,
    SittingRose,
    SlugTaken,
)
from heard.cases.model import checked_instant, checked_words
from heard.cases.protected import checked_name
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
    cipher: str = "",
    scope: str = "",
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> Command:
    """Record an order. From this entry on nothing that says one of the names leaves, and no later post can say it."""
    restriction = new_id()

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, case)
        kept = tuple(checked_name(name) for name in names)
        if not 0 < len(kept) <= model.NAMES_MAX:
            raise Refused(f"A restriction protects 1 to {model.NAMES_MAX} names. Nothing was changed.")
        starts, ends = checked_instant(from_at), checked_instant(until_at)
        if starts and ends and ends <= starts:
            raise Refused("The restriction would end before it begins. Nothing was changed; look at its times.")
        imposed = RestrictionImposed(
            case,
            restriction,
            checked_words(basis, "basis", model.STANDFIRST_MAX),
            kept,
            checked_words(cipher, "cipher", model.NAME_MAX, needed=False),
            checked_words(scope, "scope", model.STANDFIRST_MAX, needed=False),
            starts,
            ends,
        )
        return Decision((Draft(known.rules, imposed),), (known.rules,))

    return judge


def lift_restriction(case: str, restriction: str, ground: str) -> Command:
    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, case)
        if restriction not in [one.id for one in projection.restrictions(tables, case)]:
            raise NotFound("There is no such restriction in force in this case.")
        lifted = RestrictionLifted(case, restriction, checked_words(ground, "ground", model.STANDFIRST_MAX))
        return Decision((Draft(known.rules, lifted),), (known.rules,))

    return judge


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
