"""What comes by an import is bound by the states of its case and by leave, as if it was written here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heard.cases import commands as case_commands
from heard.cases import jury, private
from heard.cases.permission import record_own_permission, record_permission
from heard.coverage import model, permitted, projection, taking_over
from heard.coverage.elements import Text
from heard.coverage.entries import PostTakenOver
from heard.coverage.model import Notice
from heard.coverage.shown import show
from heard.engine import now
from heard.engine.entry import new_id
from heard.export.checking import check_export
from heard.ingest import liveblogs, own_export
from heard.opening import House
from tests.desk import Desk

WORDS = "The pilot was asleep."


def hearing_of(desk: Desk, *, with_jury: bool = False) -> str:
    return desk.do(case_commands.list_hearing(desk.case, "The hearing", with_jury=with_jury)).stream


def _jury_out(desk: Desk) -> None:
    desk.do(jury.send_out(desk.case, hearing_of(desk, with_jury=True)))


def _in_private(desk: Desk) -> None:
    desk.do(private.exclude_public(desk.case, hearing_of(desk), "Rule 11."))


def _stopped(desk: Desk) -> None:
    desk.do(record_permission(desk.case, "withdrawn"))


def _stopped_alone(desk: Desk) -> None:
    desk.do(record_own_permission(desk.case, "ada", "lawyer", "withdrawn"), by="lawyer")


def _on_hold(desk: Desk) -> None:
    desk.do(case_commands.hold_case(desk.case, "asked to"))


RULES = {_jury_out: "sealed", _in_private: "held", _stopped: "held", _stopped_alone: "held", _on_hold: "held"}


def released(desk: Desk, **content: Any) -> PostTakenOver:
    return PostTakenOver(desk.case, (Text(WORDS),), **{"source": "heard: x", **content})


def taken(desk: Desk, content: PostTakenOver, by: str = "operator") -> model.Post:
    """The post as the desk knows it, once it was taken over."""
    post = desk.do(taking_over.take_over_post(desk.doors, content, new_id()), by=by).stream
    return projection.by_id(desk.tables, post)


def withdrawn(desk: Desk) -> PostTakenOver:
    notice = Notice("retracted", now.utc(), f"We said: {WORDS}")
    return PostTakenOver(desk.case, (), source="heard: y", notices=(notice,), status="retracted")


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


@pytest.mark.parametrize("rule", RULES)
def test_a_released_post_is_kept_and_of_a_withdrawn_one_only_that_it_was_is_said(
    desk: Desk, rule: Callable[[Desk], None]
) -> None:
    assert taken(desk, released(desk)).status == "published", "the control"
    rule(desk)
    post = taken(desk, released(desk, pinned=True, key_event=True))
    assert post.status == RULES[rule] and not post.elements
    assert show(desk.doors.of(desk.tables, desk.case), post) is None
    gone = taken(desk, withdrawn(desk))
    if rule not in (_on_hold, _stopped_alone):  # of a held case nothing is shown; who is stopped withdraws nothing here
        assert [one.text for one in gone.notices] == [model.RETRACTION_NOTICES["error"]]


def test_it_is_kept_of_whom_leave_was_withdrawn_and_goes_out_of_another(desk: Desk) -> None:
    _stopped_alone(desk)
    assert taken(desk, released(desk), by="ada").status == "held"
    assert taken(desk, released(desk), by="una").status == "published"
    [notice] = taken(desk, withdrawn(desk), by="ada").notices
    assert notice.text == model.RETRACTION_NOTICES["error"]
    desk.do(record_own_permission(desk.case, "ada", "lawyer", "leave given"), by="lawyer")
    assert taken(desk, released(desk)).status == taken(desk, released(desk), by="ada").status == "published"


def test_a_name_that_is_protected_here_is_in_no_notice_of_what_was_withdrawn_there(desk: Desk) -> None:
    desk.restrict("the pilot was asleep")
    assert [one.text for one in taken(desk, withdrawn(desk)).notices] == [model.RETRACTION_NOTICES["error"]]


def test_what_was_published_elsewhere_while_the_jury_was_out_here_stays_sealed(desk: Desk) -> None:
    hearing = hearing_of(desk, with_jury=True)
    desk.do(jury.send_out(desk.case, hearing))
    then = now.utc()
    desk.do(jury.bring_back(desk.case, hearing))
    assert taken(desk, released(desk, source_at=then)).status == "sealed"
    assert taken(desk, released(desk, source_at=then - timedelta(hours=1))).status == "published"
    desk.do(jury.lift_seal(desk.case, hearing, "conclusion returned"))
    assert taken(desk, released(desk, source_at=then)).status == "published"


class BreaksOff(Exception):
    """The import is killed after its first posts."""


def breaks_off(done: int, total: int) -> None:
    if done > 3:
        raise BreaksOff


@pytest.mark.parametrize("rule", RULES)
def test_an_import_that_goes_on_under_a_rule_puts_nothing_more_before_readers(
    another: House, exported: bytes, rule: Callable[[Desk], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_export, "SLICE", 2)
    case = check_export(exported).case
    with pytest.raises(BreaksOff):
        own_export.import_case(another.node, case, "a-case", "", "operator", breaks_off)
    desk = Desk(another, "a-case")
    before = {one.id for one in projection.shown(another.tables, desk.case)}
    rule(desk)
    imported = own_export.import_case(another.node, case, "a-case", "", "operator")
    new = [one for one in projection.shown(another.tables, desk.case) if one.id not in before and one.elements]
    told = [one for one in new if one.state != "sitting"]  # that the court sits is the court's
    # A jury and a private sitting bind what belongs to no sitting; the sittings of this case are of other hearings.
    assert imported.held and not [one for one in told if rule not in (_jury_out, _in_private) or not one.sitting]
    assert rule is _on_hold or projection.of_case(another.tables, desk.case).summary == ""
    again = own_export.import_case(another.node, case, "a-case", "", "operator")
    assert (again.new, again.kept, again.held) == (0, imported.kept, imported.held)


@pytest.mark.parametrize("rule", RULES)
def test_a_live_blog_from_elsewhere_is_kept_as_well(desk: Desk, rule: Callable[[Desk], None]) -> None:
    rule(desk)
    blog = liveblogs.read(f"The day\nWhat it is about\nLive\n{WORDS}\n".encode())
    imported = liveblogs.import_blog(desk.house.node, blog, "the-case", "", "operator")
    assert imported.held == imported.kept - (rule is _on_hold) > 0  # the summary of a held case is shown to nobody
    assert not projection.shown(desk.tables, desk.case)


@pytest.mark.parametrize("rule", [_stopped, _stopped_alone])
def test_control_a_gate_that_does_not_know_what_was_taken_over_is_caught(
    desk: Desk, rule: Callable[[Desk], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    knows = permitted._goes_out
    monkeypatch.setattr(permitted, "_goes_out", lambda body: knows(body) and not isinstance(body, PostTakenOver))
    rule(desk)
    assert taken(desk, released(desk)).status == "published"
