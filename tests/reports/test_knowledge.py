"""What is known: a blank un-says nothing, a redaction binds whichever was read first, looking back shows no more."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from heard.reports.entries import Gone, Told, ValueLet
from heard.reports.knowledge import known

EARLIER, LATER = date(2021, 1, 1), date(2022, 1, 1)


def told(on: date, source: str = "tracker", **facts: str) -> Told:
    return Told(source, on, facts)


def test_the_newest_word_of_a_source_stands() -> None:
    life = [told(LATER, area="Avon"), told(EARLIER, area="Essex")]  # imported in the wrong order
    assert known(life).words("area") == "Avon"
    assert known(life, date(2021, 6, 1)).words("area") == "Essex"


def test_a_machine_that_read_a_scan_fills_gaps_and_contradicts_nobody() -> None:
    life = [told(EARLIER, area="Avon"), told(LATER, "toolkit", area="Essex", concerns="A gate stood open.")]
    assert (known(life).words("area"), known(life).words("concerns")) == ("Avon", "A gate stood open.")


FORM = "The evidence has revealed matters giving rise to concern. The MATTERS OF CONCERN are as follows:"
GATE = "A gate stood open, and nobody was told."


def test_a_page_that_was_read_only_as_far_as_the_forms_own_sentences_says_nothing() -> None:
    life = [told(EARLIER, concerns=FORM), told(LATER, "toolkit", concerns=f"{FORM}\n(1) {GATE}")]
    assert known(life).words("concerns").endswith(GATE)
    assert known(life[:1]).words("concerns") == FORM  # what there is, is shown


def test_a_text_that_breaks_off_is_carried_on_by_one_that_goes_further_and_was_read_no_earlier() -> None:
    begun, whole = f"{FORM} (1) {GATE}", f"(1) {GATE} (2) Nobody looked."
    assert known([told(EARLIER, concerns=begun), told(LATER, "toolkit", concerns=whole)]).words("concerns") == whole
    # What a higher source has shortened since, or says in other words, stands as it says it.
    assert known([told(LATER, concerns=begun), told(EARLIER, "toolkit", concerns=whole)]).words("concerns") == begun
    others = told(LATER, "toolkit", concerns=f"(1) Two gates. {GATE} (2) Nobody looked.")
    assert known([told(EARLIER, concerns=begun), others]).words("concerns") == begun


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_redaction_binds_in_every_order_of_reading(order: tuple[int, ...]) -> None:
    said = [
        told(EARLIER, deceased="Ada Fictional"),
        told(LATER, deceased="REDACTED"),
        told(LATER, "toolkit", deceased="Ada Fictional"),
    ]
    found = known([said[place] for place in order])
    assert found.words("deceased") == "REDACTED"
    assert found.withheld == {"Ada Fictional"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("initials", ["A.F.", "AF", "A F", "Ms F", "Child A"])
def test_initials_in_place_of_a_name_bind_as_a_mark_does(initials: str, order: tuple[int, ...]) -> None:
    said = [
        told(EARLIER, deceased="Ada Fictional"),
        told(LATER, deceased=initials),
        told(LATER, "toolkit", deceased="Ada Fictional"),
    ]
    found = known([said[place] for place in order])
    assert (found.words("deceased"), found.withheld, found.redacted) == (initials, {"Ada Fictional"}, {"deceased"})
    assert said[1].withdraws() and not said[0].withdraws()


@pytest.mark.parametrize("name", ["Ada Fictional", "Mr Fictional", "B. Fictional", "Li Wu", "AL Fictional"])
def test_a_name_that_is_no_initials_takes_nothing_out(name: str) -> None:
    found = known([told(EARLIER, deceased="Ada Fictional"), told(LATER, deceased=name)])
    assert (found.words("deceased"), found.withheld) == (name, frozenset())


def test_initials_that_were_never_more_take_nothing_out() -> None:
    found = known([told(EARLIER, deceased="Mr YZ"), told(LATER, "toolkit", deceased="Mr YZ")])
    assert (found.words("deceased"), found.withheld, found.redacted) == ("Mr YZ", frozenset(), frozenset())


LISTS = {
    "one of two who died": (
        "deceased",
        "Ada Fictional and Bo Quay",
        "Ada Fictional and B.Q.",
        "Ada Fictional and Bo Quay",
    ),
    "two who died": ("deceased", "Ada Fictional, Bo Quay", "A.F., B.Q.", "Ada Fictional, Bo Quay"),
    "an addressee": ("sent_to", "NHS England; Dr Ada Fictional", "NHS England; Dr A.F.", "Dr Ada Fictional"),
    "an addressee without a title": (
        "sent_to",
        "Dr Ada Fictional; NHS England",
        "A.F.; NHS England",
        "Dr Ada Fictional",
    ),
    "an addressee by a letter": ("sent_to", "Ms Bo Quay; Home Office", "Ms X; Home Office", "Ms Bo Quay"),
}


@pytest.mark.parametrize(("field", "before", "since", "withheld"), LISTS.values(), ids=LISTS)
@pytest.mark.parametrize("is_turned", [False, True])
def test_initials_of_one_of_several_bind_too(
    field: str, before: str, since: str, withheld: str, is_turned: bool
) -> None:
    life = [told(EARLIER, "tracker-scrape", **{field: before}), told(LATER, "tracker-scrape", **{field: since})]
    found = known(life[::-1] if is_turned else life)
    assert (found.words(field), found.withheld, found.redacted) == (since, {withheld}, {field})
    assert life[1].withdraws() and not life[0].withdraws()


@pytest.mark.parametrize(
    ("field", "since"),
    [
        ("sent_to", "NHS England; CQC"),
        ("sent_to", "B.T.; CQC"),
        ("sent_to", "Dr A Fictional; B.M.A."),
        ("coroner", "Bench, A"),
        ("coroner", "Bench, M E"),
        ("deceased", "Fictional, A.B."),
    ],
)
def test_what_is_short_for_a_body_or_stands_behind_a_surname_takes_nobody_out(field: str, since: str) -> None:
    found = known([told(EARLIER, **{field: "NHS England; British Telecom Limited"}), told(LATER, **{field: since})])
    assert (found.words(field), found.withheld) == (since, frozenset())


def test_looking_back_shows_no_more_than_looking_now() -> None:
    life = [told(EARLIER, deceased="Ada Fictional"), told(LATER, deceased="[REDACTED]")]
    back = known(life, EARLIER)
    assert back.words("deceased") == ""
    assert back.withheld == {"Ada Fictional"}


def test_of_a_list_only_what_the_marked_one_lacks_is_withheld() -> None:
    life = [
        told(EARLIER, "tracker-scrape", sent_to="NHS England; Dr Ada Fictional"),
        told(LATER, sent_to="NHS England | REDACTED"),
    ]
    assert known(life).withheld == {"Dr Ada Fictional"}


@pytest.mark.parametrize("name", ["Ann Lee", "Dr Ada Fictional"])
def test_whoever_held_an_office_is_withheld_when_only_the_office_stands(name: str) -> None:
    office = "Medical Director, Harbour NHS Trust"
    life = [
        told(EARLIER, "tracker-scrape", sent_to=f"{name}, {office}"),
        told(LATER, "tracker-scrape", sent_to=f"[REDACTED], {office}"),
    ]
    assert known(life).withheld == {name}


def test_a_person_may_let_it_stand() -> None:
    life: list[Any] = [
        told(EARLIER, deceased="Ada Fictional"),
        told(LATER, deceased="REDACTED"),
        ValueLet("deceased", "a slip"),
    ]
    assert known(life).words("deceased") == "REDACTED"
    assert known(life).withheld == frozenset()


def test_a_report_that_is_gone_is_withheld_until_a_person_decides() -> None:
    life: list[Any] = [told(EARLIER, area="Avon"), Gone("tracker", LATER)]
    assert known(life).gone
    assert not known([*life, ValueLet("", "it moved")]).gone
