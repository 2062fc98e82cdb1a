"""What earlier posts began to tell of somebody who is protected, a later one completes: whoever was told is warned."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from heard.cases import commands as case_commands
from heard.coverage import cautions, commands
from heard.coverage.elements import Text
from heard.coverage.so_far import WITNESSES, Lookers, near
from heard.opening import open_house
from heard.text.particulars import Gallery, Picture, read
from tests.desk import Desk

GIRL = ("age: 9", "kin: daughter", "school: St Brannock's Primary", "job: bell ringer", "place: Averham")
SCHOOL, JOB = "St Brannock's Primary was shut.", "A bell ringer spoke."


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    house = open_house(tmp_path / "data")
    yield Desk(house)
    house.close()


def order(desk: Desk, *particulars: str, cipher: str = "Witness G") -> str:
    imposed = case_commands.impose_restriction(
        desk.case, "s.39", ["Petronella Vane"], cipher=cipher, particulars=particulars or GIRL
    )
    desk.do(imposed)
    return str(next(desk.tables.execute("SELECT id FROM restriction ORDER BY position DESC"))[0])


def why(desk: Desk, *texts: str, told: tuple[str, ...], but: str = "", looking: Lookers | None = None) -> list[str]:
    asked = near(looking or Lookers(), desk.journal, desk.case, told, but)
    return [one for one in cautions.cautions(desk.tables, desk.case, texts, asked) if "who" in one and ":" in one]


def test_two_particulars_in_one_text_warn_by_the_cipher_and_one_does_not(desk: Desk) -> None:
    told = (order(desk),)
    assert "Witness G" in why(desk, "The bell ringer from Averham spoke.", told=told)[0]
    assert why(desk, "The bell ringer from Averham spoke.", told=()) == []
    assert why(desk, JOB, told=told) == []


@pytest.mark.parametrize(("first", "then"), [(SCHOOL, JOB), (JOB, SCHOOL)])
def test_a_later_post_that_completes_what_an_earlier_one_began_warns_in_both_orders(
    desk: Desk, first: str, then: str
) -> None:
    told, looking = (order(desk),), Lookers()
    assert why(desk, first, told=told, looking=looking) == []
    post = desk.publish(first)
    assert "earlier posts" in why(desk, then, told=told, looking=looking)[0]
    assert "Witness G" in why(desk, then, told=told, looking=looking)[0]
    assert why(desk, first, told=told, looking=looking) == []  # it tells nothing that is not out
    desk.publish(first + " And again.")
    desk.do(commands.retract(desk.doors, post))
    assert why(desk, then, told=told, looking=looking)
    assert why(desk, then, told=told, looking=looking, but="another") != []


def test_words_taken_back_or_put_right_are_out_no_more(desk: Desk) -> None:
    told, looking = (order(desk),), Lookers()
    one, other = desk.publish(SCHOOL), desk.publish("The girl was there.")
    assert why(desk, JOB, told=told, looking=looking)
    desk.do(commands.correct(desk.doors, other, (Text("She was there."),), "r"))
    desk.do(commands.retract(desk.doors, one))
    assert why(desk, JOB, told=told, looking=looking) == []
    mine = desk.publish(SCHOOL)
    assert why(desk, JOB, told=told, looking=looking, but=mine) == []  # it takes the place of those words
    assert why(desk, JOB, told=told, looking=looking)


def test_an_order_that_comes_late_knows_what_is_out_and_one_that_ended_warns_no_more(desk: Desk) -> None:
    looking = Lookers()
    desk.publish(SCHOOL)
    told = (order(desk),)
    assert why(desk, JOB, told=told, looking=looking)
    desk.do(case_commands.lift_restriction(desk.case, told[0], "The coroner ended it."))
    assert why(desk, JOB, told=told, looking=looking) == []


def test_what_is_kept_on_the_desk_is_not_out(desk: Desk) -> None:
    told = (order(desk),)
    desk.publish(f"{SCHOOL} Petronella Vane was there.")
    assert why(desk, JOB, told=told) == []


def test_memory_is_bounded_and_what_was_forgotten_is_looked_for_again(desk: Desk) -> None:
    told, looking = (order(desk),), Lookers()
    posts = [desk.publish(f"{SCHOOL} {number}") for number in range(2 * WITNESSES)]
    assert why(desk, JOB, told=told, looking=looking)
    so_far = looking.now(desk.tables, desk.journal, desk.case)
    assert [len(where) for pieces in so_far._said.values() for where in pieces.values()] == [WITNESSES]
    assert len(so_far._in) == WITNESSES
    for post in posts[WITNESSES:]:
        desk.do(commands.retract(desk.doors, post))
    assert why(desk, JOB, told=told, looking=looking)
    for post in posts[:WITNESSES]:
        desk.do(commands.retract(desk.doors, post))
    assert why(desk, JOB, told=told, looking=looking) == []


def test_followed_step_by_step_it_is_what_it_is_looked_through_afresh(desk: Desk) -> None:
    dice, looking = random.Random(5), Lookers()
    told = (order(desk), order(desk, "age: 12", "kin: son", "school: Trevelyan College", cipher="Witness H"))
    pieces = (SCHOOL, JOB, "The boy waited.", "Trevelyan College was shut.", "A pupil (9) ran.", "Nothing of them.")
    posts = [desk.publish(dice.choice(pieces))]
    for _ in range(60):
        verb = dice.choice(["publish", "publish", "correct", "retract", "pin", "look"])
        post = dice.choice(posts)
        try:
            if verb == "publish":
                posts.append(desk.publish(dice.choice(pieces), pinned=dice.random() < 0.3))
            elif verb == "correct":
                desk.do(commands.correct(desk.doors, post, (Text(dice.choice(pieces)),), "r"))
            elif verb == "retract":
                desk.do(commands.retract(desk.doors, post))
            elif verb == "pin":
                desk.do(commands.pin(post, dice.random() < 0.6))
        except Exception as refusal:
            assert "Nothing was changed" in str(refusal)
        followed, afresh = (one.now(desk.tables, desk.journal, desk.case) for one in (looking, Lookers()))
        for one in told:
            assert followed.said(one).keys() == afresh.said(one).keys()


def test_many_pictures_are_found_as_each_alone() -> None:
    dice = random.Random(3)
    kins, words = ["daughter", "son", "mother", "twin"], "Averham Trevelyan ringer gardener Brannock O'Brien".split()
    pictures = {
        str(number): Picture(
            map(
                read,
                [
                    f"age: {dice.randint(1, 25)}",
                    f"kin: {dice.choice(kins)}",
                    f"place: {' '.join(dice.sample(words, 2))}",
                ],
            )
        )
        for number in range(60)
    }
    gallery, found = Gallery(pictures), 0
    said = ["the girl’s", "sons", "mum's", "aged nine", "(12)", "Averham's", "ringers", "of Trevelyan", "gardener"]
    said += ["a 17-year-old", "O’Brien", "Brannock", "twins", "his mother", "and", "Trevelyan’s"]
    for _ in range(300):
        text = " ".join(dice.sample(said, dice.randint(1, 6)))
        each = {name: pieces for name, picture in pictures.items() if (pieces := picture.found_in(text))}
        assert gallery.found_in(text) == each, text
        found += len(each)
    assert found > 1000
