"""What tells who somebody is without a name: found in pairs, and seldom where nobody is meant."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from heard.text.care import CHILD_TOLD_APART
from heard.text.particulars import Picture, read
from tests.text.test_near_names import paragraphs

GIRL = Picture(map(read, ["age: 9", "kin: daughter", "school: St Brannock's Primary School", "place: Little Averham"]))


@pytest.mark.parametrize(
    "text",
    [
        "He spoke of his daughter, 9.",
        "his daughter, aged nine",
        "His nine-year-old daughter was there.",
        "the girl at St Brannock's primary",
        "The girl at St Brannock’s Primary saw it.",
        "a pupil (9) waited",
        "A 9-year-old from Averham was hurt.",
        "the Averham schoolgirl",
        "<b>His</b> daughter, 9, was in the car.",
    ],
)
def test_two_pieces_of_one_person_are_found(text: str) -> None:
    assert GIRL.is_told_by(text)


@pytest.mark.parametrize(
    "text",
    [
        "He spoke of his daughter.",
        "At 9 the court rose.",
        "St Brannock's primary was closed.",
        "Exhibit 9, a photograph of the gate.",
        "his daughter, 19, was there",
        "In Averham there is a gate.",
    ],
)
def test_one_piece_alone_is_not(text: str) -> None:
    assert not GIRL.is_told_by(text)


def test_pieces_are_found_across_a_title_and_its_text() -> None:
    assert GIRL.is_told_by("The girl of nine", "She lived in Averham and was aged 9.")


@pytest.mark.parametrize("line", ["age: nine", "age:", "school: the primary school", "", "place: of the"])
def test_what_could_not_be_looked_for_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        read(line)


@pytest.mark.parametrize(
    "text",
    [
        "his daughter, 9, was in the car",
        "Mr Vane's son, aged 14",
        "Their youngest child, who was seven, asked.",
        "the girl at Brannock's primary",
        "a boy from Averham Church of England Junior School",
        "her 12-year-old brother",
        "a pupil at the academy",
        "the twin (6)",
    ],
)
def test_a_child_told_apart_is_seen_without_any_list(text: str) -> None:
    assert CHILD_TOLD_APART.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "His daughter was there.",
        "the boy, 9 minutes later, ran",
        "a child asked",
        "She taught at a school.",
        "the 9 children",
    ],
)
def test_a_child_of_whom_nothing_is_told_is_not(text: str) -> None:
    assert not CHILD_TOLD_APART.search(text)


def test_of_paragraphs_about_others_hardly_any_warns(shared_data: Path) -> None:
    """The list-free question, and that of twenty people with particulars that nobody in the texts was drawn from."""
    dice, few = random.Random(5), 4_000 if os.environ.get("HEARD_SOAK") else 1_500
    said = [one for day in paragraphs(shared_data).values() for one in day]
    dice.shuffle(said)
    said = said[:few]
    people = [
        Picture(map(read, [f"age: {dice.randint(5, 60)}", f"kin: {kin}", f"job: {job}", f"place: {place}"]))
        for kin in ("daughter", "son", "wife", "brother")
        for job, place in (
            ("nurse", "Averham"),
            ("bus driver", "Hasselby"),
            ("teacher", "Norwich"),
            ("porter", "Leeds"),
        )
    ]
    asked = sum(bool(CHILD_TOLD_APART.search(one)) for one in said)
    warned = sum(any(one.is_told_by(text) for one in people) for text in said)
    print(f"of {len(said)} paragraphs {asked} ask ({asked / len(said):.2%}), {warned} warn of one of {len(people)}")
    assert asked <= len(said) * 0.005
    assert warned <= len(said) * 0.02
