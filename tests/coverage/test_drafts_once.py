"""A draft becomes one post, also where two send it in one commit, and where the server died before it was cleared."""

from __future__ import annotations

from functools import partial

import pytest

from heard.coverage import commands, drafts
from heard.coverage.drafts import WorkingCopy
from heard.coverage.elements import Text
from heard.coverage.entries import Content, PostPublished
from heard.engine.errors import Refused
from heard.engine.node import Command
from heard.engine.projection import Tables
from tests.desk import Desk


def kept(desk: Desk, words: str = "Words of a draft.") -> WorkingCopy:
    return drafts.keep(desk.journal, desk.tables, desk.case, {"text": words}, by="mira", byline="Mira")


def sends(desk: Desk, copy: WorkingCopy, words: str, *, own: bool = True) -> Command:
    """As a page does; the mutant gives the post an id of its own."""

    def find(tables: Tables) -> WorkingCopy:
        return drafts.find(desk.journal, tables, desk.case, "mira", copy.id, every=False)

    def publishing(content: Content, post: str) -> Command:
        return commands.publish(desk.doors, content, post if own else None)

    return drafts.publish(find, PostPublished(desk.case, (Text(words),)), copy.version, publishing, "mira")


@pytest.mark.parametrize("own", [True, False])
def test_of_two_who_send_it_in_one_commit_one_publishes(desk: Desk, own: bool) -> None:
    """The control, a post with an id of its own, publishes twice."""
    copy, node = kept(desk), desk.house.node
    asked = [node.ask(sends(desk, copy, f"From {who}.", own=own), by=who) for who in ("mira", "una")]
    outcomes = [type(one.outcome) for one in node.do_all(asked)]
    assert outcomes.count(Refused) == (1 if own else 0)
    [(count,)] = desk.tables.execute("SELECT count(*) FROM post WHERE case_id = ?", (desk.case,))
    assert count == (1 if own else 2)


def test_one_whose_post_is_written_is_no_draft_though_it_was_not_cleared(desk: Desk) -> None:
    copy, every = kept(desk), partial(drafts.seen, desk.journal, desk.tables, desk.case, "una", every=True)
    other = kept(desk, "Another.")
    assert desk.do(sends(desk, copy, "Out."), by="mira").stream == copy.id
    assert desk.house.vault.names(drafts.DRAWER, f"{desk.case} ") == sorted(
        f"{desk.case} mira {one.id}" for one in (copy, other)
    )  # the server died here
    assert [one.id for one in every()] == [other.id]
    with pytest.raises(Refused, match="there no more"):
        desk.do(sends(desk, copy, "Once more."), by="una")
    drafts.clear_sent(desk.journal, desk.tables, desk.case)
    assert desk.house.vault.names(drafts.DRAWER) == [f"{desk.case} mira {other.id}"]


def test_a_copy_of_the_vault_alone_opens_no_draft_and_each_save_is_under_a_key_of_its_own(desk: Desk) -> None:
    copy, vault = kept(desk), desk.house.vault
    [name] = vault.names(drafts.DRAWER)
    first = vault.get(drafts.DRAWER, name) or b""
    again = drafts.keep(
        desk.journal, desk.tables, desk.case, {"text": "Words of a draft!"}, by="una", byline="Una", over=copy, stood=1
    )
    second = vault.get(drafts.DRAWER, name) or b""
    assert (again.id, again.byline, again.by, again.version) == (copy.id, "Mira", "una", 2)
    assert b"Words" not in first + second and first[:40] != second[:40]
    assert drafts.find(desk.journal, desk.tables, desk.case, "mira", copy.id, every=False) == again
