"""Changes applied to the old state equal the state built afresh, for every command, in any order."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from heard.cases import careful, jury, private
from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.legal_hold import end_legal_hold, place_legal_hold
from heard.cases.letting_out import fix_delay, rule_second_eyes
from heard.cases.permission import record_own_permission, record_permission
from heard.cases.who_saw import see_names, see_words
from heard.coverage import (
    alerts,
    approval,
    bounds,
    commands,
    due_posts,
    kept,
    problems,
    projection,
    proposed,
    receipts,
    rising,
)
from heard.coverage import changes as changes_that_wait
from heard.coverage.alert_entries import AlertSent
from heard.coverage.elements import Image, Quote, Rendition, Text
from heard.coverage.falling_due import lapses
from heard.coverage.frames import Painter
from heard.coverage.looking_back import look_back
from heard.coverage.model import Sighting
from heard.engine import now
from heard.engine.errors import HeardError
from heard.engine.projection import Projection, Tables
from heard.export.hold_making import take_record
from heard.opening import ROOMS
from heard.store.derived import folding
from heard.store.files import connect
from heard.store.frames import FramesFile
from tests.desk import Desk

#: Columns that say when a row was made are equal too: nothing but the journal decides what a table holds.
TABLES = (
    "cases",
    "person",
    "hearing",
    "sitting",
    "restriction",
    "jury",
    "jury_out",
    "permission",
    "own_permission",
    "stopped",
    "approval",
    "lawyer_told",
    "legal_hold",
    "second_eyes",
    "delay",
    "agreed",
    "care",
    "private",
    "not_meant",
    "change",
    "seen",
    "coverage",
    "post",
    "pictured",
    "problem",
    "receipt",
    "recall",
    "alert",
    "alert_sent",
)
TABLES += (
    "account",
    "token",
    "factor",
    "factor_failed",
    "factor_demanded",
    "password",
    "spent_challenge",
    "sessions_ended",
    "case_role",
    "recovery",
)


def rows(tables: Tables) -> dict[str, list[Any]]:
    return {name: sorted(tables.execute(f"SELECT * FROM {name}"), key=repr) for name in TABLES}


def rebuilt(desk: Desk, path: Path) -> Tables:
    fresh = Projection(connect(path, synchronous="OFF"), ROOMS, folding)
    while fresh.catch_up(lambda after: desk.journal.read(after, 7)):
        pass
    return fresh.tables


class Story:
    """Random commands on one case, drawn by a seed."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk, self.random = desk, random.Random(seed)
        self.posts: list[str] = []
        self.hearing = desk.do(case_commands.list_hearing(desk.case, "The hearing")).stream
        self.done: set[str] = set()

    def step(self) -> None:
        verb = self.random.choice(VERBS)
        try:
            verb(self)
            self.done.add(verb.__name__)
        except HeardError:
            pass  # refused in this state; nothing was written, which the comparison shows too

    def post(self) -> str:
        return self.random.choice(self.posts) if self.posts else "none"


def publish(story: Story) -> None:
    words = f"Words {story.random.random()}" + story.random.choice([" of Rowan Tidewell", " of R. Tidewell", *[""] * 6])
    shown = Image(
        "A gate", "Ida Rook", f"{story.random.randrange(3):064x}", 9, 9, "", (Rendition("f" * 64, "webp", 9),)
    )
    picture = [shown] if story.random.random() < 0.5 else []
    mark = {"key_event": story.random.random() < 0.3, "pinned": story.random.random() < 0.2}
    story.posts.append(story.desk.publish(words, Quote("Said", "A witness"), *picture, title="T", **mark))


def correct(story: Story) -> None:
    new = (Text(f"Better {story.random.random()}"),)
    shown = story.random.random() < 0.5
    story.desk.do(commands.correct(story.desk.doors, story.post(), new, "reason", notice="Put right", old_shown=shown))


def clarify(story: Story) -> None:
    story.desk.do(commands.clarify(story.desk.doors, story.post(), None, "", notice="Made clear"))


def retract(story: Story) -> None:
    story.desk.do(commands.retract(story.desk.doors, story.post(), "reason", notice=story.random.choice(["", "Gone"])))


def erase(story: Story) -> None:
    if story.random.random() < 0.3:
        story.desk.do(commands.erase(story.desk.journal, story.post(), "UK GDPR art. 17"))


def mark(story: Story) -> None:
    story.desk.do(commands.mark_key_event(story.post(), story.random.random() < 0.6))


def alert(story: Story) -> None:
    post = story.post()
    story.desk.do(alerts.call(story.desk.doors, story.desk.journal, post, "editor"))
    sort: Any = story.random.choice(["news", "corrected", "withdrawn"])
    to = story.random.randrange(9)
    story.desk.do(alerts.record(post, AlertSent(story.desk.case, sort, 1, to, with_care=True)))
    if to < 3:
        story.desk.do(alerts.call_off(post))


def pin(story: Story) -> None:
    story.desk.do(commands.pin(story.post(), story.random.random() < 0.6))


def move(story: Story) -> None:
    story.desk.do(commands.move(story.post(), story.post()))


def state(story: Story) -> None:
    verb = story.random.choice(["live", "paused", "paused", "resumed", "resumed", "closed", "reopened", "reopened"])
    words = story.random.choice(["", "The court moves."])
    lasting = "PT1H" if verb == "paused" else ""
    story.desk.do(commands.set_state(story.desk.doors, story.desk.case, verb, words, lasting=lasting))


def fall_due(story: Story) -> None:
    for lapse in lapses(story.desk.tables, now.utc() + timedelta(hours=story.random.choice([0, 2]))):
        story.desk.do(lapse.command, key=lapse.key)


def summarise(story: Story) -> None:
    story.desk.do(commands.summarise(story.desk.doors, story.desk.case, f"So far {story.random.random()}"))


def restrict(story: Story) -> None:
    if story.random.random() < 0.2:
        story.desk.restrict("Rowan Tidewell")


def see_the_names(story: Story) -> None:
    named = [one.id for one in cases.restrictions(story.desk.tables, story.desk.case)]
    story.desk.do(see_names("editor", story.desk.case, named), by="editor")
    story.desk.do(see_words("editor", story.desk.case, named), by="editor")


def hold(story: Story) -> None:
    if story.random.random() < 0.05:
        story.desk.do(case_commands.hold_case(story.desk.case, "asked to"))
    else:
        story.desk.do(case_commands.let_case_go(story.desk.case, "looked at"))


def let_go(story: Story) -> None:
    by, desk = story.random.choice(["second", "third", "editor"]), story.desk
    not_meant = story.random.random() < 0.5
    desk.do(kept.let_go(desk.doors, desk.journal, story.post(), by, "It is not meant.", not_meant=not_meant), by=by)


def rule(story: Story) -> None:
    story.desk.do(rule_second_eyes(story.desk.case, story.random.random() < 0.3))


def see_changes(story: Story) -> None:
    desk = story.desk
    for one in proposed.waiting(desk.tables, desk.case)[:1]:
        let_out = changes_that_wait.let_out(desk.doors, desk.journal, one.id, "second")
        desk.do(let_out if story.random.random() < 0.6 else changes_that_wait.drop(one.id), by="second")


def delay(story: Story) -> None:
    story.desk.do(fix_delay(story.desk.case, story.hearing, story.random.choice([0, 0, 10])))


def time_passes(story: Story) -> None:
    with now.held_at(now.utc() + timedelta(minutes=story.random.choice([5, 20]))):
        for lapse in due_posts.posts_due(story.desk.doors, story.desk.journal, story.desk.tables):
            story.desk.do(lapse.command, by="clock", key=lapse.key)


def drop(story: Story) -> None:
    if story.random.random() < 0.2:
        story.desk.do(kept.drop(story.post()))


def sit(story: Story) -> None:
    if story.random.random() < 0.3:
        story.desk.do(rising.sit(story.desk.case, story.hearing, "Another day"))


def rise(story: Story) -> None:
    for sitting in cases.sittings(story.desk.tables, story.desk.case)[-1:]:
        story.desk.do(rising.rise(story.desk.doors, story.desk.case, sitting.id, "The court rises."))


def jury_moves(story: Story) -> None:
    verb = story.random.choice([jury.swear, jury.send_out, jury.bring_back, jury.bring_back, jury.bring_back])
    story.desk.do(verb(story.desk.case, story.hearing))


def hold_for_law(story: Story) -> None:
    if story.random.random() < 0.2:
        story.desk.do(place_legal_hold(story.desk.case, "a claim"))
    else:
        story.desk.do(end_legal_hold(story.desk.case, "settled"))


def permit(story: Story) -> None:
    footing = story.random.choice(["withdrawn", "leave given", "leave given", "no application needed"])
    story.desk.do(record_permission(story.desk.case, footing))
    own = story.random.choice(["withdrawn", "leave given", "as the case is"])
    story.desk.do(record_own_permission(story.desk.case, story.random.choice(["ada", "una"]), "lawyer", own))


def take_care(story: Story) -> None:
    story.desk.do(
        careful.take_care(story.desk.case, story.random.choice([["suicide"], ["suicide", "sexual offence"], []]))
    )


def shut_or_open(story: Story) -> None:
    case, leave = story.desk.case, story.random.choice(["", "Leave."])
    if story.random.random() < 0.4:
        story.desk.do(private.exclude_public(case, story.hearing))
    else:
        story.desk.do(private.admit_public(case, story.hearing, leave))


def lift_seal(story: Story) -> None:
    if story.random.random() < 0.3:
        story.desk.do(jury.lift_seal(story.desk.case, story.hearing, "conclusion returned"))


def release_sealed(story: Story) -> None:
    sealed = projection.with_status(story.desk.tables, story.desk.case, "sealed")
    chosen = {post.id for post in sealed if story.random.random() < 0.7}
    desk = story.desk
    desk.do(kept.release_sealed(desk.doors, desk.journal, desk.case, story.hearing, chosen))


def describe(story: Story) -> None:
    story.desk.do(case_commands.describe_case(story.desk.case, f"The case {story.random.random()}", "More"))


def report(story: Story) -> None:
    story.desk.do(problems.report_problem(story.desk.case, "", "This is wrong."))


def settle(story: Story) -> None:
    for problem in projection.problems(story.desk.tables)[:1]:
        story.desk.do(problems.settle_problem(problem.id, "put right"))


def give_receipt(story: Story) -> None:
    for withdrawal in receipts.still_open(story.desk.tables)[:3]:
        seen = Sighting("here", "court.example", f"/{story.random.randrange(3)}/", trouble="silent")
        if story.random.random() < 0.5:
            seen = Sighting(*seen.of, proven_at=now.utc())
        story.desk.do(receipts.give(withdrawal, (seen,), (story.post(),)))


def see_to_copies(story: Story) -> None:
    for withdrawal in receipts.still_open(story.desk.tables)[:1]:
        story.desk.do(receipts.see_to(withdrawal, "search", "Asked."))


def look_back_at(story: Story) -> None:
    story.desk.do(look_back("editor", story.desk.case, now.utc() - timedelta(seconds=1), "page"))


def take_the_record(story: Story) -> None:
    story.desk.do(take_record(story.desk.case, 0, (), "A claim.", names=story.random.random() < 0.5))


def try_names(story: Story) -> None:
    for _ in range(3):
        story.desk.do(approval.count_stopped("mira", story.desk.case), by="mira")
    for bound in bounds.in_force(story.desk.tables):
        story.desk.do(bounds.record_told(bound, "lawyer", {"mail": "sent"}))
        if story.random.random() < 0.3:
            story.desk.do(approval.end_approval("mira", "a headline"))


VERBS: list[Callable[[Story], None]] = [
    publish, publish, publish, publish, correct, clarify, retract, erase, mark, alert, pin, move, state, summarise,
    restrict, hold, let_go, let_go, rule, delay, time_passes, drop, sit, rise, describe, report, settle, jury_moves,
    permit, hold_for_law, lift_seal, release_sealed, fall_due, give_receipt, see_to_copies, look_back_at,
    see_the_names, see_the_names, see_changes, see_changes, take_care, shut_or_open, shut_or_open, take_the_record,
    try_names,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_tables_after_any_story_equal_tables_folded_afresh(desk: Desk, tmp_path: Path, seed: int) -> None:
    story = Story(desk, seed)
    for number in range(200):
        story.step()
        if number % 50 == 49:
            assert rows(desk.tables) == rows(rebuilt(desk, tmp_path / f"fresh-{number}.sqlite"))
    assert len(story.done) > 12, "the story must have exercised most commands"


@pytest.mark.parametrize("seed", range(6))
def test_frames_after_any_story_equal_frames_rendered_afresh(desk: Desk, tmp_path: Path, seed: int) -> None:
    live = FramesFile(tmp_path / "live.sqlite", "e")
    desk.house.node.after_fold.append(Painter(desk.journal, desk.tables, desk.doors, live).paint)
    story = Story(desk, seed)
    for _ in range(200):
        story.step()
    late = FramesFile(tmp_path / "late.sqlite", "e")
    Painter(desk.journal, desk.tables, desk.doors, late).paint()
    assert changes(live) == changes(late)


def changes(file: FramesFile) -> list[Any]:
    return sorted(file._db.execute("SELECT case_id, thing, html, place FROM change"))


def test_a_fold_that_forgets_a_column_is_caught(desk: Desk, tmp_path: Path) -> None:
    """The control: a table that was changed by anything but its entries differs from a rebuild."""
    desk.publish("Words")
    desk.tables.execute("UPDATE post SET key_event = 1")
    assert rows(desk.tables) != rows(rebuilt(desk, tmp_path / "fresh.sqlite"))
