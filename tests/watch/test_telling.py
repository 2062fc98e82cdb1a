"""People are told of an alarm by the ladder that was in force when it rang, and every sending is on the record."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from heard.opening import open_house
from heard.watch.entries import AlarmTold
from tests.server import Server, running
from tests.waiting import wait_until
from tests.watch.hand import Hand
from tests.watch.listening import Board
from tests.watch.post_office import Asked, PostOffice, serving
from tests.watch.test_running import kill_app


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    office = PostOffice()
    monkeypatch.setenv("HEARD_MAIL", office.address)
    with serving(office):
        yield office


def told(data: Path) -> list[AlarmTold]:
    house = open_house(data)
    try:
        return [one.body for one in house.journal.all() if isinstance(one.body, AlarmTold)]
    finally:
        house.close()


def answers(server: Server) -> None:
    """On a busy machine an app takes longer to begin than a request waits for it."""
    wait_until(lambda: server.reader.get("/healthz").status_code == 200, 30)


def silence(server: Server, within: str = "0.5 s", **more: str) -> str:
    """A source that has pinged and does so no more. Its station."""
    answers(server)
    sam = Hand(server)
    station = sam.station("Post 7", "The carriage gates")
    assert server.reader.get(sam.source(station, "The camera")).text == "OK"
    sam.arms(station, "ping", within, title="Somebody stays at the gates", **more)
    return station


def test_a_letter_names_no_place_and_the_record_says_that_it_was_sent(tmp_path: Path, office: PostOffice) -> None:
    with running(tmp_path / "data") as server:
        silence(server)
        [letter] = wait_until(lambda: office.letters)
        words = str(letter)
        assert letter["To"] == "admin@heard.example" and letter["Subject"] == "Heard: Post 7: alarm"
        assert "Post 7: what is owed there was not kept" in words and server.address + "/watch/alarms/" in words
        assert not any(word in words for word in ("carriage", "gates", "camera", "Somebody"))
        [entry] = wait_until(lambda: told(server.data))
        assert (entry.step, entry.by, entry.next_at) == (0, {"page": "not open", "mail": "sent"}, None)
        assert "admin@" not in "".join(server.said), "a log has ids only"


def test_who_has_the_page_open_is_told_there_and_a_webhook_by_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = Asked()
    monkeypatch.setenv("HEARD_ALARM_HOOK", hook.address)
    with serving(hook), running(tmp_path / "data") as server:
        answers(server)
        with Board(server.address, Authorization=f"Bearer {server.token}") as board:
            silence(server)
            board.hears("rang", 0)
            [entry] = wait_until(lambda: told(server.data))
        [(_, said)] = wait_until(lambda: hook.asked)
        assert set(said) == {"id", "to", "subject", "text", "alarms"} and "admin@" not in str(said)
        assert entry.by == {"page": "sent", "webhook": "sent"}


def test_what_was_refused_is_tried_again_and_each_try_is_on_the_record(tmp_path: Path, office: PostOffice) -> None:
    office.refuses = 1
    with running(tmp_path / "data") as server:
        silence(server)
        first = wait_until(lambda: told(server.data))[0]
        assert first.by["mail"] == "451" and first.next_at is not None and not office.letters
        wait_until(lambda: office.letters)
        _, second = wait_until(lambda: len(found := told(server.data)) == 2 and found)
        assert (second.attempt, second.by["mail"], second.next_at) == (2, "sent", None)
        assert office.letters[0]["Message-ID"]


def test_the_next_rung_is_not_told_once_somebody_sees_to_it(tmp_path: Path, office: PostOffice) -> None:
    with running(tmp_path / "data") as server:
        me = Hand(server).me(silence(server))
        wait_until(lambda: office.letters)
        sam = Hand(server)
        station = sam.station("Post 8")
        assert server.reader.get(sam.source(station, "The other")).text == "OK"
        sam.arms(station, "ping", "0.5 s", to_2=me, after_2="2 s", to_3=me, after_3="6 s")
        wait_until(lambda: len(office.letters) == 3)  # at once, and after 2 s
        alarm = [one.split("/watch/alarms/")[1].split("/")[0] for one in map(str, office.letters)][-1]
        sam.does(f"alarms/{alarm}/acknowledge")
        time.sleep(5)
        assert len(office.letters) == 3, "the step after 6 s is not climbed"


def test_what_was_taken_but_not_recorded_when_we_died_is_sent_again_and_can_be_told(
    tmp_path: Path, office: PostOffice
) -> None:
    office.is_silent = True
    with running(tmp_path / "data") as server:
        silence(server)
        wait_until(lambda: office.letters)
        assert told(server.data) == []
        kill_app(server)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)
    office.is_silent = False
    with running(tmp_path / "data") as again:
        [entry] = wait_until(lambda: told(again.data))
        assert entry.by["mail"] == "sent"
        time.sleep(1.2)
        first, second = office.letters
        assert first["Message-ID"] == second["Message-ID"]


def test_somebody_outside_hears_each_time_that_the_clocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = Asked()
    monkeypatch.setenv("HEARD_HEARTBEAT", outside.address)
    with serving(outside), running(tmp_path / "data") as server:
        assert wait_until(lambda: outside.asked)[0] == ("/told", None)
        page = wait_until(lambda: "that this lives" in (shown := server.client.get("/watch/").text) and shown)
        assert "cannot be reached" not in page


def test_a_watcher_outside_who_cannot_be_reached_is_a_blind_spot_on_every_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = Asked()
    outside.status = 503
    monkeypatch.setenv("HEARD_HEARTBEAT", outside.address)
    with serving(outside), running(tmp_path / "data") as server:
        wait_until(lambda: "cannot be reached" in server.client.get("/watch/").text)
        Hand(server).station("Post 7")
        for page in ("/watch/", "/watch/mine/"):
            assert "Watching since" in server.client.get(page).text and "2 blind spots" in server.client.get(page).text
