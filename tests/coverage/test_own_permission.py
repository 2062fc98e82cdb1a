"""One person's leave to report live stands above the case's: withdrawn, nothing goes out for them by any way in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from heard.accounts.commands import add_account
from heard.cases import commands as case_commands
from heard.cases import footing, jury
from heard.cases.entries import OwnPermission
from heard.cases.letting_out import rule_second_eyes
from heard.cases.permission import record_own_permission, record_permission
from heard.coverage import changes, commands, drafts, kept, permitted, projection, proposed
from heard.coverage.due_posts import posts_due
from heard.coverage.elements import Text
from heard.coverage.entries import Content, PostPublished
from heard.coverage.falling_due import CLOCK
from heard.coverage.model import RETRACTION_NOTICES
from heard.engine import now
from heard.engine.errors import Refused
from heard.engine.node import Command
from heard.engine.projection import Tables
from heard.opening import open_house
from heard.signing_in import token_for
from tests.desk import Desk
from tests.server import Server
from tests.stories.people import signed_in_as


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    house = open_house(tmp_path / "data")
    yield Desk(house)
    house.close()


def records(desk: Desk, account: str, permission: OwnPermission) -> None:
    desk.do(record_own_permission(desk.case, account, "lawyer", permission, "Not another word."), by="lawyer")


def writes(desk: Desk, by: str, words: str = "Told.", **content: object) -> str:
    """What becomes of a post by this account."""
    post = PostPublished(desk.case, (Text(words),), **content)  # type: ignore[arg-type]
    return projection.by_id(desk.tables, desk.do(commands.publish(desk.doors, post), by=by).stream).status


def refused(desk: Desk, command: Command, by: str) -> str:
    with pytest.raises(Refused) as refusal:
        desk.do(command, by=by)
    return refusal.value.message


def test_withdrawn_from_one_what_they_write_is_kept_and_others_go_on(desk: Desk) -> None:
    records(desk, "ada", "withdrawn")
    assert (writes(desk, "ada"), writes(desk, "una")) == ("held", "published")
    records(desk, "ada", "leave given")
    assert writes(desk, "ada") == "published"


def test_nothing_else_of_theirs_goes_out_either(desk: Desk) -> None:
    before = desk.publish("Before.")
    records(desk, "ada", "withdrawn")
    listed = case_commands.list_hearing(desk.case, "An inquest of words", "")
    for told in (
        commands.correct(desk.doors, before, (Text("After."),), "more"),
        commands.clarify(desk.doors, before, None, "more", notice="After."),
        commands.summarise(desk.doors, desk.case, "After."),
        commands.set_state(desk.doors, desk.case, "paused", "After."),
        case_commands.describe_case(desk.case, "After", ""),
        case_commands.name_person(desk.case, "After", "witness", ""),
        listed,
    ):
        assert refused(desk, told, "ada") == permitted.STOPPED_FOR_YOU
    desk.do(commands.retract(desk.doors, before, "wrong", "error", "After."), by="ada")
    assert projection.by_id(desk.tables, before).notices[-1].text == RETRACTION_NOTICES["error"], (
        "withdrawing works, with words from the list"
    )
    desk.do(listed, by="una")


def test_what_they_wrote_is_let_out_by_nobody_and_they_let_nothing_out(desk: Desk) -> None:
    desk.do(rule_second_eyes(desk.case, True))
    theirs = desk.do(commands.publish(desk.doors, PostPublished(desk.case, (Text("Theirs."),))), by="ada").stream
    other = desk.do(commands.publish(desk.doors, PostPublished(desk.case, (Text("Other."),))), by="una").stream
    change = desk.do(commands.summarise(desk.doors, desk.case, "Theirs."), by="ada").stream
    assert [one.id for one in proposed.waiting(desk.tables, desk.case)] == [change]
    records(desk, "ada", "withdrawn")
    refused(desk, kept.let_go(desk.doors, desk.journal, theirs, "una"), "una")
    refused(desk, changes.let_out(desk.doors, desk.journal, change, "una"), "una")
    refused(desk, kept.let_go(desk.doors, desk.journal, other, "ada"), "ada")
    desk.do(kept.let_go(desk.doors, desk.journal, other, "lew"), by="lew")
    assert projection.by_id(desk.tables, other).status == "published"


def test_a_draft_of_theirs_is_sent_by_nobody_else_and_stays(desk: Desk) -> None:
    copy = drafts.keep(desk.journal, desk.tables, desk.case, {"text": "Theirs."}, by="ada", byline="Ada")
    records(desk, "ada", "withdrawn")
    assert refused(desk, sends(desk, copy, "una"), "una") == drafts.ITS_AUTHOR_STOPPED
    assert drafts.seen(desk.journal, desk.tables, desk.case, "ada", every=False) == [copy]
    records(desk, "ada", "leave given")
    assert projection.by_id(desk.tables, desk.do(sends(desk, copy, "una"), by="una").stream).status == "published"


def test_a_draft_that_they_send_themselves_is_kept_as_all_that_they_write(desk: Desk) -> None:
    copy = drafts.keep(desk.journal, desk.tables, desk.case, {"text": "Theirs."}, by="ada", byline="Ada")
    records(desk, "ada", "withdrawn")
    assert projection.by_id(desk.tables, desk.do(sends(desk, copy, "ada"), by="ada").stream).status == "held"


def sends(desk: Desk, copy: drafts.WorkingCopy, by: str) -> Command:
    def find(tables: Tables) -> drafts.WorkingCopy:
        return drafts.find(desk.journal, tables, desk.case, by, copy.id, every=True)

    def publishing(content: Content, post: str) -> Command:
        return commands.publish(desk.doors, content, post)

    return drafts.publish(find, PostPublished(desk.case, (Text("Theirs."),)), copy.version, publishing, by)


def test_what_waits_for_its_time_is_held_when_it_comes(desk: Desk) -> None:
    at = now.utc()
    for by in ("ada", "una"):
        assert writes(desk, by, f"By {by}.", not_before=at + timedelta(minutes=1)) == "waiting"
    records(desk, "ada", "withdrawn")
    with now.held_at(at + timedelta(minutes=2)):
        for lapse in posts_due(desk.doors, desk.journal, desk.tables):
            desk.do(lapse.command, by=CLOCK, key=lapse.key)
    assert len(projection.with_status(desk.tables, desk.case, "held")) == 1
    [out] = projection.with_status(desk.tables, desk.case, "published")
    assert out.elements == (Text("By una."),)


def test_what_was_sealed_is_held_when_the_others_are_released(desk: Desk) -> None:
    hearing = desk.do(case_commands.list_hearing(desk.case, "The inquest", "", with_jury=True)).stream
    desk.do(jury.send_out(desk.case, hearing))
    sealed = {
        by: desk.do(commands.publish(desk.doors, PostPublished(desk.case, (Text(by),))), by=by).stream
        for by in ("ada", "una")
    }
    records(desk, "ada", "withdrawn")
    desk.do(jury.lift_seal(desk.case, hearing, "conclusion returned", ""))
    desk.do(kept.release_sealed(desk.doors, desk.journal, desk.case, hearing, set(sealed.values()), "lew"), by="lew")
    became = {by: projection.by_id(desk.tables, post).status for by, post in sealed.items()}
    assert became == {"ada": "held", "una": "published"}


def test_a_stop_of_the_case_stops_who_had_leave_and_leave_after_it_stands_above_it(desk: Desk) -> None:
    records(desk, "ada", "leave given")
    desk.do(record_permission(desk.case, "withdrawn"))
    assert (writes(desk, "ada"), writes(desk, "una")) == ("held", "held")
    records(desk, "ada", "remote observer, as directed")
    assert (writes(desk, "ada"), writes(desk, "una")) == ("published", "held")
    records(desk, "ada", "as the case is")
    assert writes(desk, "ada") == "held"
    assert footing.of_people(desk.tables, desk.case) == {}


def test_nobody_gives_leave_to_themselves(desk: Desk) -> None:
    given = record_own_permission(desk.case, "ada", "ada", "leave given")
    assert refused(desk, given, "ada").startswith("Nobody records leave for themselves.")
    desk.do(record_own_permission(desk.case, "ada", "ada", "withdrawn"), by="ada")


def test_their_posts_are_not_counted_as_tries(desk: Desk) -> None:
    account = desk.do(add_account("ada@heard.example", "reporter", "Ada")).stream
    records(desk, account, "withdrawn")
    for _ in range(6):
        assert writes(desk, account) == "held"
    assert not projection.needs_approval(desk.tables, account)


def test_without_the_gate_it_is_caught(desk: Desk) -> None:
    """The control."""
    desk.house.node.gates = [gate for gate in desk.house.node.gates if "permitted" not in gate.__qualname__]
    with pytest.raises(AssertionError):
        test_withdrawn_from_one_what_they_write_is_kept_and_others_go_on(desk)


def test_a_lawyer_records_it_on_the_desk_and_it_holds_for_the_page_and_for_programs(server: Server) -> None:
    slug = server.open_case("leave-of-one", "A case that one may not report")
    lawyer, reporter = signed_in_as(server, "Counsel", "lawyer"), signed_in_as(server, "Ada", "reporter")
    page = lawyer.get(f"/desk/{slug}/").text
    address = page.split(">Ada</option>")[0].rpartition('value="')[2].rstrip('"')
    form = {"account": address, "permission": "withdrawn", "words": "The coroner, at 10.14."}
    assert reporter.post(f"/desk/{slug}/leave", data=form).status_code == 403
    assert lawyer.post(f"/desk/{slug}/leave", data=form).status_code == 303
    page = lawyer.get(f"/desk/{slug}/").text
    assert "Withdrawn, recorded by Counsel at" in page and "The coroner, at 10.14." in page
    page = reporter.get(f"/desk/{slug}/").text
    assert "Leave to report was withdrawn from you." in page and "Keep it" in page
    assert "The coroner, at 10.14." not in page

    house = open_house(server.data)
    headers = {"Authorization": f"Bearer {token_for(house, address, 'write')}"}
    house.close()
    reporter.cookies.clear()
    held = reporter.post(f"/api/v1/cases/{slug}/posts", json={"text": "qnoleaveq"}, headers=headers)
    assert (held.status_code, held.json()["status"]) == (202, "held")
    footings = reporter.get(f"/api/v1/cases/{slug}/permission", headers=headers).json()
    assert footings == {"permission": "no application needed", "yours": "withdrawn"}
    server.publish(slug, "Others go on.")
    assert "qnoleaveq" not in server.page(f"/{slug}/") and "Others go on." in server.page(f"/{slug}/")

    given = {"account": address, "permission": "leave given", "words": ""}
    assert server.post(f"/cases/{slug}/permissions", given).status_code == 201
    [own] = server.client.get(f"/api/v1/cases/{slug}/permissions").json()["items"]
    assert (own["account"], own["permission"], own["stands"]) == (address, "leave given", "leave given")
    told = reporter.post(f"/api/v1/cases/{slug}/posts", json={"text": "With leave."}, headers=headers)
    assert told.status_code == 201
    lawyer.close()
    reporter.close()


def test_the_courts_words_that_were_refused_come_back_and_into_no_field_for_readers(server: Server) -> None:
    slug = server.open_case("leave-refused", "A case of one who would give leave to herself")
    editor = signed_in_as(server, "Edda", "editor")
    signed_in_as(server, "Cleo", "contributor").close()
    page = editor.get(f"/desk/{slug}/").text
    assert ">Cleo</option>" in page, "a contributor writes, and can be stopped"
    address = page.split(">Edda</option>")[0].rpartition('value="')[2].rstrip('"')
    form = {"account": address, "permission": "leave given", "words": "qcourtq"}
    told = editor.post(f"/desk/{slug}/leave", data=form)
    assert told.status_code == 422 and "Nobody records leave for themselves." in told.text
    assert told.text.count("qcourtq") == 1 and ">qcourtq</textarea>" in told.text
    told = editor.post(f"/desk/{slug}/hearing", data={"title": "qhearingq", "place": "p" * 500})
    assert told.status_code == 422 and 'value="qhearingq"' not in told.text and "qhearingq\n\nppp" in told.text
    told = editor.post(f"/desk/{slug}/state", data={"state": "resumed", "words": "qpauseq"})
    assert told.status_code == 422 and 'name="words" maxlength="1000" value="qpauseq"' in told.text
    editor.close()
