"""What an operator types: accounts, tokens, cases, withdrawals, restrictions, safekeeping."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from heard.accounts.secrets import make
from heard.coverage import commands, projection
from heard.opening import open_house
from heard.store.memory import MemoryVault
from tests.cli.typed import refused, worked
from tests.desk import Desk
from tests.server import running


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def case_with_posts(data: Path, *words: str) -> list[str]:
    """The ids of posts in a case of a new data directory."""
    house = open_house(data, synchronous="OFF")
    desk = Desk(house)
    posts = [desk.publish(one) for one in words]
    house.close()
    return posts


def status_of(data: Path, post: str) -> str:
    house = open_house(data)
    house.node.catch_up()
    try:
        return projection.by_id(house.tables, post).status
    finally:
        house.close()


def test_accounts_and_their_links(data: Path) -> None:
    added = worked(data, "account", "add", "Ada@Heard.example", "--role", "editor", "--name", "Ada Desk")
    assert re.search(r"http://\S+/desk/sign-in/\S+/", added)
    assert re.search(r"http://\S+/desk/sign-in/\S+/", worked(data, "account", "link", "ada@heard.example"))
    assert worked(data, "account", "list") == "ada@heard.example\teditor\tAda Desk\n"
    assert "already" in refused(data, "account", "add", "ada@heard.example", "--role", "editor")
    assert "no role" in refused(data, "account", "add", "b@heard.example", "--role", "king")
    assert "e-mail" in refused(data, "account", "add", "nobody", "--role", "editor")
    assert "no such account" in refused(data, "account", "link", "b@heard.example")
    assert "Ended" in worked(data, "account", "sign-out", "Ada@heard.example")
    assert "no such account" in refused(data, "account", "sign-out", "b@heard.example")


def test_tokens_are_added_listed_and_revoked_by_id_or_by_themselves(data: Path) -> None:
    worked(data, "account", "add", "ada@heard.example", "--role", "editor")
    token = worked(data, "token", "add", "--account", "ada@heard.example", "--scope", "write").strip()
    worked(data, "token", "add", "--account", "ada@heard.example", "--scope", "read")
    listed = [line.split("\t") for line in worked(data, "token", "list").splitlines()]
    assert sorted(line[1:] for line in listed) == [["ada@heard.example", "read"], ["ada@heard.example", "write"]]
    assert token not in worked(data, "token", "list")
    worked(data, "token", "revoke", token)
    [left] = worked(data, "token", "list").splitlines()
    assert left.endswith("read")
    worked(data, "token", "revoke", left.split("\t")[0])
    assert worked(data, "token", "list") == ""
    assert "no such token" in refused(data, "token", "revoke", "nonsense")
    assert "no scope" in refused(data, "token", "add", "--account", "ada@heard.example", "--scope", "all")


def test_a_post_is_withdrawn_from_the_command_line(data: Path) -> None:
    one, two = case_with_posts(data, "One.", "Two.")
    assert "out of care" in worked(data, "retract", one, "--code", "care", "--reason", "the family asked")
    assert "We were wrong." in worked(data, "retract", two, "--notice", "We were wrong.")
    assert (status_of(data, one), status_of(data, two)) == ("retracted", "retracted")
    assert "no such post" in refused(data, "retract", "aaaaaaaaaaaaaaaa")
    assert "legal, error, care, source" in refused(data, "retract", one, "--code", "whim")


def test_a_post_is_erased_by_law_and_only_when_that_is_meant(data: Path) -> None:
    one, two = case_with_posts(data, "Unrepeatable zymurgy.", "Two.")
    refused(data, "erase", one, "--basis", "an order of the court", given="n\n")
    assert status_of(data, one) == "published"
    assert "Erased." in worked(data, "erase", one, "--basis", "an order of the court", "--yes")
    assert (status_of(data, one), status_of(data, two)) == ("erased", "published")
    assert "Erased: 1." in worked(data, "verify", data).replace("\n", " ")
    assert b"zymurgy" not in b"".join(path.read_bytes() for path in data.iterdir() if path.is_file())
    assert "no such post" in refused(data, "erase", "aaaaaaaaaaaaaaaa", "--basis", "an order", "--yes")


def test_a_restriction_is_recorded_from_input_listed_without_names_and_lifted(data: Path) -> None:
    case_with_posts(data, "Perdita Nameless was there.")
    said = worked(data, "restrict", "the-case", "--basis", "an order", given="Perdita Nameless\n\nP. Nameless\n")
    assert "2 names" in said and "Perdita" not in said
    listed = worked(data, "restrictions", "the-case")
    restriction = listed.split("\t")[0]
    assert "since" in listed and "Perdita" not in listed
    worked(data, "restrict", "the-case", "--basis", "an order", "--name", "Somebody Else")
    worked(data, "lift", "the-case", restriction, "--ground", "the order ended")
    assert restriction not in worked(data, "restrictions", "the-case")
    assert "no such restriction" in refused(data, "lift", "the-case", restriction, "--ground", "again")
    assert "1 to" in refused(data, "restrict", "the-case", "--basis", "an order", given="\n")
    assert "no case" in refused(data, "restrict", "nowhere", "--basis", "an order", "--name", "A B")


def test_a_case_is_opened_held_and_let_go(data: Path, tmp_path: Path) -> None:
    assert "/new-case/" in worked(data, "case", "open", "new-case", "--title", "A new case")
    assert "already" in refused(data, "case", "open", "new-case", "--title", "Another")
    worked(data, "hold", "new-case", "--ground", "a doubt")
    assert worked(data, "case", "list") == "new-case\tannounced (held)\tA new case\n"
    assert "held" in refused(data, "export", "case", "new-case", "--out", tmp_path / "it.zip")
    worked(data, "let-go", "new-case", "--ground", "settled")
    assert worked(data, "case", "list") == "new-case\tannounced\tA new case\n"


def test_rebuilding_makes_the_derived_files_again(data: Path) -> None:
    case_with_posts(data, "One.")
    worked(data, "rebuild")
    derived = sorted(data.glob("projection-*.sqlite")) + sorted(data.glob("frames-*.sqlite"))
    assert len(derived) == 2
    for path in derived:
        path.write_bytes(b"")
    assert "rendered again" in worked(data, "rebuild")
    assert "live\tThe case" in worked(data, "case", "list")


def test_commands_work_beside_a_running_server_and_readers_see_what_they_did(data: Path, tmp_path: Path) -> None:
    [post] = case_with_posts(data, "A word that must go.")
    with running(data) as server:
        assert "A word that must go." in server.page("/the-case/")
        worked(data, "retract", post)
        worked(data, "case", "open", "another", "--title", "Another")
        assert server.address in worked(data, "account", "link", "admin@heard.example")
        wait_until(lambda: "must go" not in server.page("/the-case/") and server.reader.get("/another/").is_success)
        assert "It holds" in worked(data, "verify", data)
        assert "tables are the same" in worked(data, "rebuild")
        worked(data, "backup", "--out", tmp_path / "backups")
        worked(data, "export", "case", "the-case", "--out", tmp_path / "it.zip")
        assert "Another Heard" in refused(data, "serve", "--port", "0")
        assert server.publish("the-case", "Still here.")


def wait_until(seen: object) -> None:
    """The server looks for what others appended every tenth of a second."""
    import time

    for _ in range(200):
        if seen():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("it was not seen")


def test_a_restored_backup_withdraws_again_and_holds_what_was_live_in_between(data: Path, tmp_path: Path) -> None:
    witness, backups, back = tmp_path / "witness", tmp_path / "backups", tmp_path / "back"
    one, two = case_with_posts(data, "One.", "Two.")
    worked(data, "case", "open", "quiet", "--title", "Quiet")
    worked(data, "backup", "--out", backups)
    worked(data, "retract", one, "--witness", witness)
    with running(data, "--witness", str(witness)) as server:
        server.publish("the-case", "In the lost window.")
    [folder] = backups.iterdir()

    behind = tmp_path / "behind"
    worked(behind, "restore", folder)
    assert "witness" in refused(behind, "serve", "--witness", witness, "--port", "0")

    said = worked(back, "restore", folder, "--new-epoch", "--witness", witness)
    assert "Withdrawn again: 1." in said and "Lost: entries" in said
    assert "Held until an editor has looked at it: the-case" in said and "quiet" not in said
    assert (status_of(back, one), status_of(back, two)) == ("retracted", "published")
    assert "the-case\tlive (held)\tThe case" in worked(back, "case", "list")
    assert "not empty" in refused(back, "restore", folder)

    alone = tmp_path / "alone"
    assert "no witness" in worked(alone, "restore", folder, "--new-epoch")
    assert "(held)" in worked(alone, "case", "list")


DYING = """
import os, sys
from heard import backup
from heard.cli import main, safekeeping

owner = backup if sys.argv[1] == "_sync_all" else safekeeping
setattr(owner, sys.argv[1], lambda *_: os._exit(9))
sys.argv[1:] = sys.argv[2:]
main()
"""


@pytest.mark.parametrize("point", ["_withdraw_again", "_hold_what_was_live", "_sync_all"])
def test_a_restore_that_dies_leaves_nothing_to_serve_and_the_next_one_does_it_all(
    data: Path, tmp_path: Path, point: str
) -> None:
    witness, back = tmp_path / "witness", tmp_path / "back"
    one, two = case_with_posts(data, "One.", "Two.")
    worked(data, "backup", "--out", tmp_path / "backups")
    worked(data, "retract", one, "--witness", witness)
    [folder] = (tmp_path / "backups").iterdir()
    words = ["restore", str(folder), "--new-epoch", "--witness", str(witness), "--data", str(back)]
    died = subprocess.run([sys.executable, "-c", DYING, point, *words], capture_output=True, timeout=120)
    assert died.returncode == 9, died.stderr
    assert not back.exists()

    worked(back, "restore", folder, "--new-epoch", "--witness", witness)
    assert (status_of(back, one), status_of(back, two)) == ("retracted", "published")
    assert "(held)" in worked(back, "case", "list")


def test_the_words_of_a_state_that_were_withdrawn_stay_away_after_a_restore(data: Path, tmp_path: Path) -> None:
    """A state has no entry of its own: its words are in one of the case."""
    witness, back = tmp_path / "witness", tmp_path / "back"
    house = open_house(data, synchronous="OFF")
    desk = Desk(house)
    desk.do(commands.set_state(desk.doors, desk.case, "live", words="Juror Rowan Tidewell is ill."))
    desk.do(commands.set_state(desk.doors, desk.case, "paused", words="Nothing is sat while Fenn Marlow is away."))
    ill, away = [id for (id,) in house.tables.execute("SELECT id FROM post WHERE kind = 'state' ORDER BY position")]
    house.close()
    worked(data, "backup", "--out", tmp_path / "backups")
    worked(data, "retract", ill, "--witness", witness)
    worked(data, "erase", away, "--yes", "--basis", "a court's order", "--witness", witness)
    [folder] = (tmp_path / "backups").iterdir()
    assert "Withdrawn again: 1. Erased again: 1." in worked(
        back, "restore", folder, "--new-epoch", "--witness", witness
    )
    assert (status_of(back, ill), status_of(back, away)) == ("retracted", "erased")
    worked(back, "let-go", "the-case", "--ground", "It was looked at.")
    with running(back, "--witness", str(witness)) as server:
        page = server.page("/the-case/")
    assert "Tidewell" not in page and "Marlow" not in page


def test_a_journal_as_long_as_its_witness_shows_nothing_that_the_witness_lists(data: Path, tmp_path: Path) -> None:
    """The head is put there once a second: a withdrawal can be in the list and not yet in the head."""
    witness = tmp_path / "witness"
    one, two = case_with_posts(data, "One that is withdrawn.", "Two.")
    witness.mkdir()
    (witness / "withdrawn").write_text(f"{one}\nlostwithitswords\n")
    for _ in range(2):
        with running(data, "--witness", str(witness)) as server:
            page = server.page("/the-case/")
        assert "One that is withdrawn." not in page and "Two." in page
    assert (status_of(data, one), status_of(data, two)) == ("retracted", "published")


def test_what_was_held_and_then_withdrawn_cannot_be_let_go_after_a_restore(data: Path, tmp_path: Path) -> None:
    witness, back = tmp_path / "witness", tmp_path / "back"
    house = open_house(data, synchronous="OFF")
    desk = Desk(house)
    desk.restrict("Rowan Tidewell")
    held = desk.publish("Rowan Tidewell gave evidence.")
    house.close()
    assert status_of(data, held) == "held"
    worked(data, "backup", "--out", tmp_path / "backups")
    worked(data, "retract", held, "--witness", witness)
    [folder] = (tmp_path / "backups").iterdir()
    worked(back, "restore", folder, "--new-epoch", "--witness", witness)
    assert status_of(back, held) == "retracted"


def test_a_backup_that_was_changed_is_not_restored(data: Path, tmp_path: Path) -> None:
    case_with_posts(data, "One.")
    worked(data, "backup", "--out", tmp_path / "backups")
    [folder] = (tmp_path / "backups").iterdir()
    journal = folder / "journal.sqlite"
    raw = bytearray(journal.read_bytes())
    raw[len(raw) // 2] ^= 1
    shutil.copy(journal, tmp_path / "kept")
    journal.write_bytes(raw)
    if raw != bytearray((tmp_path / "kept").read_bytes()):
        assert refused(tmp_path / "back", "restore", folder)
        assert not (tmp_path / "back").exists()
    assert refused(tmp_path / "back", "restore", tmp_path / "nowhere")


def test_a_data_directory_that_cannot_be_used_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    for words in (("serve", "--port", "0"), ("case", "open", "it", "--title", "It"), ("case", "list")):
        assert str(file) in refused(file, *words)
    assert refused(tmp_path / "data", "serve", "--port", "70000")


def test_no_secret_looks_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["-first", "second"])
    monkeypatch.setattr("secrets.token_urlsafe", lambda _: next(drawn))
    assert make(MemoryVault(), "token", "an account") == "second"
