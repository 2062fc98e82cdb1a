"""Whose words a draft has: whoever sends it, and all who wrote it or changed its words. None of them lets it out."""

from __future__ import annotations

from functools import partial

import pytest

from heard.cases.letting_out import rule_second_eyes
from heard.coverage import approval, commands, drafts, kept, projection
from heard.coverage.draft_entries import PostDrafted
from heard.coverage.drafts import WorkingCopy
from heard.coverage.elements import Text
from heard.coverage.entries import Content, PostPublished
from heard.engine.errors import Refused
from heard.engine.node import Command
from heard.engine.projection import Tables
from tests.coverage.test_words_seen import page
from tests.desk import Desk


def keeps(desk: Desk, by: str, words: str, over: WorkingCopy | None = None, **more: str) -> WorkingCopy:
    typed = {"text": words, **more}
    stood = over.version if over else None
    return drafts.keep(desk.journal, desk.tables, desk.case, typed, by=by, byline=by, over=over, stood=stood)


def sends(desk: Desk, copy: WorkingCopy, by: str, words: str, *, meanwhile: Command | None = None) -> str:
    """The post that it becomes; `meanwhile` is done after it was judged, and before it is written."""

    def find(tables: Tables) -> WorkingCopy:
        return drafts.find(desk.journal, tables, desk.case, by, copy.id, every=True)

    def publishing(content: Content, post: str) -> Command:
        if meanwhile:
            meanwhile(desk.tables)
        return commands.publish(desk.doors, content, post)

    content = PostPublished(desk.case, (Text(words),))
    return desk.do(drafts.publish(find, content, copy.version, publishing, by), by=by).stream


def status(desk: Desk, post: str) -> str:
    return projection.by_id(desk.tables, post).status


def test_nobody_lets_out_words_that_they_wrote_and_another_sent(desk: Desk) -> None:
    desk.do(rule_second_eyes(desk.case, True))
    copy = keeps(desk, "una", "The gate was open, said Una.", keeps(desk, "ada", "The gate was open."))
    assert (copy.author, copy.by, copy.wrote) == ("ada", "una", ("ada", "una"))
    post = sends(desk, copy, "ed", "The gate was open, said Una.")
    for one in ("ada", "una", "ed"):
        with pytest.raises(Refused, match="they wrote or changed"):
            desk.let_out(post, one)
    desk.let_out(post, "lew")
    assert status(desk, post) == "published"


def test_what_is_held_takes_two_people_neither_of_whom_had_a_hand_in_it(desk: Desk) -> None:
    desk.restrict("Rowan Tidewell")
    post = sends(desk, keeps(desk, "ada", "Of Rowan Tidewell."), "ed", "Of Rowan Tidewell.")
    assert status(desk, post) == "held" and kept.writers(desk.journal, post) == ("ed", "ada")
    with pytest.raises(Refused, match="they wrote or changed"):
        desk.let_out(post, "ada")


def test_so_it_is_of_whom_all_goes_for_approval(desk: Desk) -> None:
    """Its post is held by the gate, which makes another entry of it."""
    copy = keeps(desk, "ada", "The gate was open.")
    for _ in range(approval.STOPPED_MAX):
        desk.do(approval.count_stopped("ed", desk.case), by="ed")
    post = sends(desk, copy, "ed", "The gate was open.")
    assert status(desk, post) == "held" and kept.writers(desk.journal, post) == ("ed", "ada")


def test_who_only_marks_a_draft_or_opens_it_wrote_nothing(desk: Desk) -> None:
    first = keeps(desk, "ada", "The gate was open.")
    assert keeps(desk, "una", "The gate was open.", first) == first
    marked = keeps(desk, "una", "The gate was open.", first, key_event="on")
    assert (marked.by, marked.wrote) == ("una", ("ada",))
    desk.do(rule_second_eyes(desk.case, True))
    post = sends(desk, marked, "ada", "The gate was open.")
    desk.let_out(post, "una")
    assert status(desk, post) == "published"


def test_what_is_kept_beside_a_draft_is_by_whoever_wrote_that_too(desk: Desk) -> None:
    first = keeps(desk, "ada", "The gate was open.")
    keeps(desk, "ada", "The gate was shut.", first)
    beside = keeps(desk, "una", "The gate was open wide.", first)
    assert beside.id != first.id and (beside.author, beside.wrote) == ("una", ("ada", "una"))


def test_asking_only_who_sent_it_is_caught(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: as it was before."""
    monkeypatch.setattr(kept, "writers", lambda journal, post: (journal.stream(post)[0].by,))
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        test_nobody_lets_out_words_that_they_wrote_and_another_sent(desk)


def test_words_kept_over_a_draft_as_it_is_sent_are_a_draft_of_their_own(desk: Desk) -> None:
    copy = keeps(desk, "ada", "The gate was open.")

    def keeps_over(tables: Tables) -> None:  # type: ignore[return]
        keeps(desk, "una", "The gate was shut.", copy)

    post = sends(desk, copy, "ada", "The gate was open.", meanwhile=keeps_over)  # type: ignore[arg-type]
    [drafted] = [entry.body for entry in desk.journal.stream(post) if isinstance(entry.body, PostDrafted)]
    assert (drafted.stood, drafted.writers) == (1, ("ada",))
    every = partial(drafts.seen, desk.journal, desk.tables, desk.case, "ed", every=True)
    for _ in range(2):  # also where two desks are looked at, or a server died in between
        drafts.clear_sent(desk.journal, desk.tables, desk.case)
        [left] = every()
        assert (left.typed["text"], left.missed, left.by) == ("The gate was shut.", post, "una") and left.id != post
    shown = page(desk, "editor")
    assert "Kept in the moment in which it was sent" in shown and "<del> open.</del><ins> shut.</ins>" in shown
    again = sends(desk, left, "una", "The gate was shut.")
    drafts.clear_sent(desk.journal, desk.tables, desk.case)
    assert not every() and kept.writers(desk.journal, again) == ("una", "ada")


def test_clearing_a_draft_whatever_was_kept_over_it_is_caught(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: as it was before."""
    monkeypatch.setattr(drafts, "_keep_beside", lambda *_: None)
    with pytest.raises(ValueError, match="not enough values"):
        test_words_kept_over_a_draft_as_it_is_sent_are_a_draft_of_their_own(desk)
