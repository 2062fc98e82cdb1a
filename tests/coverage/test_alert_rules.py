"""When an alert may go out, what it says then, and how it is counted: in one process, over a real mail server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from heard.cases import careful, jury, permission, private
from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.exits import Serving
from heard.cases.follows import Followed, Follows, Told
from heard.coverage import alerted, alerts, commands, projection, receipts
from heard.coverage.alert_entries import AlertSent
from heard.coverage.alerts_then import alerts_then
from heard.coverage.elements import Text
from heard.deliver.mailing import mailbox
from heard.engine import now
from heard.engine.errors import Refused
from heard.engine.node import Command
from heard.opening import House
from heard.web.alerting import Alerting
from tests.desk import Desk
from tests.reports.mail_server import MailServer
from tests.reports.test_following import text_of

NAME = "Rowan Tidewell"


class Room(Desk):
    """A case that somebody follows, and the sending of its alerts."""

    def __init__(self, house: House, mail: MailServer) -> None:
        super().__init__(house)
        self.mail, self.follows = mail, Follows(house.journal)
        self.joins("one@followers.example")

    def joins(self, address: str) -> None:
        self.follows.ask(address, Followed("case", self.case), address)
        [asked] = self.follows.asked()
        self.follows.confirm(self.follows.token("confirm", asked), Told(self.house.node.catch_up(), now.today()))

    def alerting(self, again: timedelta = timedelta()) -> Alerting:
        """As the next process begins: nothing is known but what is in the vault and the journal."""

        async def do(command: Any, **asked: Any) -> Any:
            return self.house.node.do(command, **asked)

        serving = Serving(self.house.node, self.doors, self.house.vault, None, None, do, "e")
        serving.follows = self.follows
        box = mailbox(self.mail.address)
        return Alerting(serving, box, "http://here", again, lambda: True)

    def sends(self, again: timedelta = timedelta()) -> list[str]:
        """The subjects of what went out, by the first word, and what each says."""
        before = len(self.mail.taken)
        asyncio.run(self.alerting(again).tell_all())
        return [text_of(one) for one in self.mail.taken[before:]]

    def called_for(self, post: str) -> Command:
        return alerts.call(self.doors, self.journal, post, "editor")

    def alert(self, words: str = "The jury found 14 failings.", **content: object) -> str:
        post = self.publish(words, key_event=True, **content)
        self.do(self.called_for(post))
        return post

    def correct(self, post: str, words: str = "The jury found 11 failings.", wrong: str = "figure") -> None:
        self.do(commands.correct(self.doors, post, (Text(words),), "told by Ida", wrong=wrong))

    def retract(self, post: str) -> None:
        self.do(commands.retract(self.doors, post, "told by Ida", "legal"))

    def sent(self, post: str) -> list[tuple[str, int]]:
        return [(one.sort, one.to) for one in alerted.sent_of_post(self.tables, post)]


@pytest.fixture
def room(house: House, mail: MailServer) -> Room:
    return Room(house, mail)


def hearing_of(room: Room, *, with_jury: bool = False) -> str:
    return room.do(case_commands.list_hearing(room.case, "The hearing", with_jury=with_jury)).stream


def _stopped(room: Room) -> Callable[[], Any]:
    room.do(permission.record_permission(room.case, "withdrawn"))
    return lambda: room.do(permission.record_permission(room.case, "leave given"))


def _stopped_alone(room: Room) -> Callable[[], Any]:
    room.do(permission.record_own_permission(room.case, "editor", "lawyer", "withdrawn"), by="lawyer")
    return lambda: room.do(permission.record_own_permission(room.case, "editor", "lawyer", "leave given"), by="lawyer")


def _jury_out(room: Room) -> Callable[[], Any]:
    hearing = hearing_of(room, with_jury=True)
    room.do(jury.send_out(room.case, hearing))
    return lambda: room.do(jury.bring_back(room.case, hearing))


def _in_private(room: Room) -> Callable[[], Any]:
    hearing = hearing_of(room)
    room.do(private.exclude_public(room.case, hearing, "Rule 11."))
    return lambda: room.do(private.admit_public(room.case, hearing))


def _on_hold(room: Room) -> Callable[[], Any]:
    room.do(case_commands.hold_case(room.case, "asked to"))
    return lambda: room.do(case_commands.let_case_go(room.case, "looked at"))


def _ordered(room: Room) -> Callable[[], Any]:
    room.restrict("failings")
    order = cases.restrictions(room.tables, room.case)[0].id
    return lambda: room.do(case_commands.lift_restriction(room.case, order, "lifted"))


RULES = [_stopped, _stopped_alone, _jury_out, _in_private, _on_hold, _ordered]


@pytest.mark.parametrize("rule", RULES)
def test_what_the_rules_of_the_case_hold_back_goes_out_when_they_let_it(
    room: Room, rule: Callable[[Room], Callable[[], Any]]
) -> None:
    first, later = room.alert(), room.publish("More of the failings.", key_event=True)
    ends = rule(room)
    assert room.sends() == [] and room.sent(first) == []
    with pytest.raises(Refused):
        room.do(room.called_for(later))
    ends()
    [said] = room.sends()
    assert "14 failings" in said and room.sent(first) == [("news", 1)]


@pytest.mark.parametrize("rule", RULES)
def test_that_it_was_withdrawn_goes_out_whatever_the_rules_are(
    room: Room, rule: Callable[[Room], Callable[[], Any]]
) -> None:
    post = room.alert()
    assert len(room.sends()) == 1
    rule(room)
    room.retract(post)
    [said] = room.sends()
    assert "was withdrawn" in said and "failings" not in said and "Ida" not in said
    assert room.sends() == []


def test_the_right_words_follow_the_wrong_ones_also_when_their_author_has_no_leave_any_more(room: Room) -> None:
    post, unheard = room.alert(), room.alert("The gate was open.")
    assert len(room.sends()) == 2
    room.correct(post)
    _stopped_alone(room)
    [said] = room.sends()
    assert "11 failings" in said and room.sent(post) == [("news", 1), ("corrected", 1)]
    room.joins("two@followers.example")
    assert room.sends() == [] and room.sent(unheard) == [("news", 1)], "and nothing new goes out of theirs"


def test_an_order_of_the_last_moment_stops_what_is_being_sent(room: Room) -> None:
    room.alert(f"{NAME} gave evidence.")
    orders: list[object] = []

    def on(step: str, _: str) -> str | None:
        if step == "RCPT" and not orders:
            orders.append(room.restrict(NAME))
        return None

    room.mail.on = on
    assert room.sends() == [] and orders and room.mail.offered
    assert room.sends() == []


def test_nothing_is_called_for_at_what_readers_do_not_have(room: Room) -> None:
    room.restrict(NAME)
    later = now.utc() + timedelta(hours=1)
    told = [room.publish(f"{NAME} wept."), room.publish("Embargoed.", not_before=later), room.publish("Gone.")]
    room.retract(told[2])
    for post in told:
        with pytest.raises(Refused):
            room.do(room.called_for(post))
    assert room.sends() == [] and alerted.called(room.tables) == []


def test_of_a_suicide_no_alert_tells_the_method_and_as_published_says_what_it_said(room: Room) -> None:
    room.do(careful.take_care(room.case, ["suicide"]))
    post = room.alert("He was found on Tuesday. He had hanged himself with a belt.", title="Hanged, says coroner")
    room.correct(post, "He was found on Monday. He had hanged himself with a belt.", "time or place")
    [said] = room.sends()
    assert "found on Monday" in said and "hang" not in said.lower() and "belt" not in said
    room.retract(post)
    room.sends()
    [first, last] = alerts_then(room.journal, alerted.sent_of_case(room.tables, room.case), 10**9, "Europe/London")
    assert first.text in said and first.until_at == last.sent_at and first.to == 1
    assert last.text.startswith("A post of which you were sent an alert was withdrawn")


def test_of_a_post_that_was_erased_by_law_it_is_told_once_and_its_words_are_nowhere(room: Room) -> None:
    post = room.alert()
    assert len(room.sends()) == 1
    room.correct(post)
    assert len(room.sends()) == 1
    room.do(commands.erase(room.journal, post, "An order of the court."))
    [gone] = room.sends()
    assert "was withdrawn" in gone and "failings" not in gone and "An order" not in gone
    assert room.sent(post) == [("news", 1), ("corrected", 1), ("withdrawn", 1)] and room.sends() == []
    sent = alerted.sent_of_case(room.tables, room.case)
    then = alerts_then(room.journal, sent, room.house.node.catch_up(), "Europe/London")
    assert [one.text for one in then[:2]] == ["", ""] and then[2].text in gone.replace("\r\n", "\n")
    assert not any("failings" in one.text for one in then)
    twice = room.alert("Withdrawn, and then erased.")
    room.sends()
    room.retract(twice)
    assert len(room.sends()) == 1
    room.do(commands.erase(room.journal, twice, "An order of the court."))
    assert room.sends() == []


def test_who_had_not_heard_of_it_is_told_what_stands_or_nothing(room: Room) -> None:
    wrong, gone = room.alert(), room.alert("Something else.")
    room.correct(wrong)
    room.retract(gone)
    [said] = room.sends()
    assert "11 failings" in said and "wrong" not in said
    room.joins("two@followers.example")  # after the alert: it was not for them, and its correction is not
    room.correct(wrong, "The jury found 12 failings.", "name")
    [second] = room.sends()
    assert "A name was wrong." in second and "A figure was wrong." not in second and "11 failings" not in second
    assert room.sent(wrong) == [("news", 1), ("corrected", 1)] and room.sent(gone) == []
    assert room.sends() == []


def test_an_alert_that_finds_nobody_says_so_and_a_clarification_is_no_news(room: Room) -> None:
    [one] = room.follows.alerted()
    follow = room.follows.get(one)
    assert follow
    room.follows.leave(room.follows.token("leave", follow))
    post = room.alert()
    assert room.sends() == [] and room.sent(post) == [("news", 0)]
    room.joins("two@followers.example")
    room.do(commands.clarify(room.doors, post, None, "", notice="Of the morning."))
    assert room.sends() == []


def not_to(address: str) -> Callable[[str, str], str | None]:
    return lambda step, said: "450 later" if (step, said) == ("RCPT", address) else None


def test_an_alert_that_is_called_off_goes_to_nobody_more_and_is_still_put_right(room: Room) -> None:
    room.joins("two@followers.example")
    post = room.alert()
    room.mail.on = not_to("two@followers.example")
    assert len(room.sends()) == 1
    room.do(alerts.call_off(post))
    room.do(alerts.call_off(post))
    room.mail.on = lambda step, said: None
    assert room.sends() == []
    room.correct(post)
    [said] = room.sends()
    assert room.mail.to == ["one@followers.example"] * 2 and "A figure was wrong." in said
    room.do(room.called_for(post))  # again: to those who had none
    [said] = room.sends()
    assert room.mail.to[-1] == "two@followers.example" and "11 failings" in said
    assert room.sent(post) == [("news", 1), ("corrected", 1), ("news", 1)]
    with pytest.raises(Refused):
        room.do(alerts.call_off(room.publish("Of this there is none.")))


def test_called_off_while_letters_go_out_it_goes_to_nobody_who_was_not_told_yet(room: Room) -> None:
    for number in range(3):
        room.joins(f"another-{number}@followers.example")
    post, at = room.alert(), list[str]()

    def on(step: str, said: str) -> str | None:
        at.append(step)
        if at.count("RCPT") == 2 and step == "RCPT":
            room.do(alerts.call_off(post))
        return None

    room.mail.on = on
    assert len(room.sends()) == 1 and room.sent(post) == [("news", 1)]
    assert room.sends() == []


def test_after_a_day_it_is_over_by_itself_and_nobody_hears_of_it_late(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, begins = room.alert(), now.utc()
    monkeypatch.setattr(now, "utc", lambda: begins + alerted.LASTS)
    assert room.sends() == [] and room.sent(post) == []
    at_desk = alerts.at_desk(room.tables, room.case, projection.shown(room.tables, room.case), may=True)[post]
    assert at_desk.over and at_desk.offered and not at_desk.to_call_off
    room.do(room.called_for(post))
    assert len(room.sends()) == 1 and room.sent(post) == [("news", 1)]


def test_who_could_not_be_written_to_is_left_in_peace_also_by_the_next_process(room: Room) -> None:
    room.alert()
    room.mail.on = not_to("one@followers.example")
    for _ in range(3):
        assert room.sends(again=timedelta(minutes=1)) == []
    assert room.mail.offered == ["one@followers.example"]


def test_control_an_alert_without_an_end_is_caught(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerted.Alert, "is_over", lambda self, at: False)
    post = room.alert()
    room.do(alerts.call_off(post))
    assert len(room.sends()) == 1


@pytest.mark.parametrize("step", ["RCPT", "DATA", "."])
def test_whatever_is_given_up_is_told_and_counted_once(room: Room, step: str) -> None:
    room.joins("two@followers.example")
    post = room.alert()
    room.mail.is_given_up_at(step, room.alerting().tell_all)
    room.sends()
    room.sends()
    assert sorted(room.mail.to) == ["one@followers.example", "two@followers.example"]
    assert sum(to for _, to in room.sent(post)) == 2


def test_control_a_sender_that_forgets_what_it_told_is_caught(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Told, "of", lambda self, post, known: self)
    room.alert()
    assert len(room.sends()) == len(room.sends()) == 1


def test_control_a_letter_that_is_made_before_it_is_asked_for_says_the_name(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the last moment catches it: the door of before an order lets the name out."""
    door = room.doors.of(room.tables, room.case)
    monkeypatch.setattr(room.doors, "of", lambda *_: door)
    room.alert(f"{NAME} gave evidence.")
    room.restrict(NAME)
    assert any(NAME in said for said in room.sends())


def test_the_receipt_names_the_alert_and_the_journal_nobody(room: Room, tmp_path: Path) -> None:
    post = room.alert(f"{NAME} gave evidence.")
    room.sends()
    room.retract(post)
    room.sends()
    receipt = receipts.of_subject(room.tables, post)
    [recall] = [one for one in receipts.recalls(room.tables, receipt) if one.what == "mail"]
    assert recall.owner == "editor" and recall.clock.due_at > now.utc()
    told = receipts.told(room.tables, receipt)["cannot_be_recalled"]
    assert [one["what"] for mine in told for one in mine.get("alerts", ())] == ["news", "withdrawn"]
    bodies = [entry.body for entry in room.journal.stream(post)]
    assert [body.to for body in bodies if isinstance(body, AlertSent)] == [1, 1]
    kept = b"".join(one.read_bytes() for one in room.house.data.rglob("*") if one.is_file())
    assert b"followers.example" not in kept and b"follow-case" in kept
