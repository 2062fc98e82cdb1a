"""What must not leave does not leave by an export, in whatever form, and cannot be guessed from what does."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from heard.engine import chain
from heard.engine.entry import encode_body
from heard.export import archive, carried
from heard.export.making import export_case
from heard.opening import House, open_house
from tests.export.full_case import PRIVATE, Full

#: Kinds of which no entry may be in an export, whatever it says.
NEVER = (
    "coverage.reasoned",
    "coverage.post_held",
    "coverage.post_dropped",
    "coverage.post_erased",
    "coverage.problem_reported",
    "coverage.problem_settled",
    "coverage.receipt_given",
    "coverage.recall_seen_to",
    "cases.restriction_imposed",
    "cases.restriction_lifted",
    "cases.held",
    "cases.let_go",
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    house = open_house(tmp_path_factory.mktemp("told") / "data", synchronous="OFF")
    yield Full(house)
    house.close()


@pytest.fixture(scope="module")
def exported(told: Full) -> bytes:
    return zip_of(told.house)


def zip_of(house: House) -> bytes:
    return export_case(house.node, house.doors, house.media, "the-case").content


def forms_of(words: str) -> list[bytes]:
    """The words as they may stand in text, JSON, HTML, and base64 whatever stands before them."""
    forms = [
        words,
        words.upper(),
        words.lower(),
        json.dumps(words)[1:-1],
        html.escape(words),
        words.replace(" ", "%20"),
    ]
    shifted = [base64.b64encode(b"." * before + words.encode())[4:-4] for before in range(3)]
    return [form.encode() for form in forms] + [form for form in shifted if len(form) > 8]


def found_in(raw: bytes) -> list[str]:
    return [words for words in PRIVATE if any(form in raw for form in forms_of(words))]


def test_the_words_are_there_to_be_found(told: Full) -> None:
    """The control: the journal holds each of them, but for those that were erased."""
    bodies = b"\n".join(encode_body(entry.body) for entry in told.house.journal.all() if entry.body)
    assert set(PRIVATE) - set(found_in(bodies)) == {"erased word"}


def test_nothing_withheld_is_in_any_byte_of_an_export(exported: bytes) -> None:
    assert found_in(exported) == []
    for name, content in archive.unpack(exported).items():
        assert found_in(content) == [], name


def test_the_search_finds_them_when_every_entry_is_carried(told: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above: an exporter that asks less than whether every word is shown."""
    monkeypatch.setattr(carried, "_may_leave", lambda *asked: True)
    leaky = archive.unpack(zip_of(told.house))["entries.ndjson"]
    assert {"unsayable reason one", "wrong word before", "withdrawn word", "said on rising"} <= set(found_in(leaky))


def entries_of(exported: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in archive.unpack(exported)["entries.ndjson"].splitlines()]


def test_entries_of_kinds_that_are_the_desks_own_are_never_carried(exported: bytes) -> None:
    kinds = {json.loads(str(entry["header"]))["kind"] for entry in entries_of(exported)}
    assert kinds.isdisjoint(NEVER)
    assert {"coverage.post_published", "coverage.post_corrected", "coverage.post_retracted"} <= kinds


def test_streams_of_what_is_held_withheld_erased_or_dropped_say_nothing(told: Full, exported: bytes) -> None:
    streams = {json.loads(str(entry["header"]))["stream"] for entry in entries_of(exported)}
    for what in ("held", "dropped", "withheld", "erased"):
        assert told.posts[what] not in streams
    case = archive.unpack(exported)["case.json"].decode()
    assert told.posts["held"] not in case and told.posts["dropped"] not in case
    assert told.posts["withheld"] in case


def test_no_header_in_an_export_has_a_word_in_it(told: Full, exported: bytes) -> None:
    for entry in entries_of(exported):
        header = json.loads(str(entry["header"]))
        assert header["stream"] in ("slugs", *told.posts.values()) or len(header["stream"]) == 16
        assert set(header) == {"at", "by", "key", "kind", "position", "request", "stream", "version"}


def hashes_in(exported: bytes) -> set[bytes]:
    return {base64.b64decode(node) for entry in entries_of(exported) for node in entry["proof"]}  # type: ignore[attr-defined]


def test_what_private_entries_say_cannot_be_guessed_from_their_hashes(told: Full, exported: bytes) -> None:
    """Leaves of private entries are in the proofs. Whoever guesses header and words to the letter learns nothing; only
    the salt, which stays in the vault, would confirm it."""
    journal, hashes = told.house.journal, hashes_in(exported)
    carried_positions = {json.loads(str(entry["header"]))["position"] for entry in entries_of(exported)}
    guessed = confirmed = 0
    for record in journal.store.records(0, 10_000):
        if record.header.position in carried_positions:
            continue
        seals = journal.vault.seals([record.seal])
        body = journal.body_of(record, seals)
        if body is None:
            continue
        header, salt = record.header.encode(), seals[record.seal].salt
        for guess in (b"", b"\0" * 32, header[:32], journal.store.epoch.encode()):
            assert chain.leaf(guess, header, body) not in hashes
            guessed += 1
        confirmed += chain.leaf(salt, header, body) in hashes
        assert salt not in exported and base64.b64encode(salt) not in exported and salt.hex().encode() not in exported
    assert guessed > 60
    assert confirmed > 5, "the control: with its salt a guess would be confirmed"


def test_nothing_of_the_vault_or_the_private_key_is_in_an_export(told: Full, exported: bytes) -> None:
    key = (told.house.data / "checkpoint.key").read_bytes()
    for secret in (key, key.strip(), told.house.vault.secret("idempotency")):
        for form in (secret, base64.b64encode(secret), secret.hex().encode()):
            assert form not in exported


def test_another_case_of_the_same_server_is_not_in_it(told: Full, tmp_path: Path) -> None:
    from heard.cases import commands as case_commands

    house = open_house(tmp_path / "data", synchronous="OFF")
    house.node.do(case_commands.open_case("quiet-one", "Not to be told"), by="editor")
    Full(house)
    raw = zip_of(house)
    assert b"quiet-one" not in raw and b"Not to be told" not in raw
    house.close()
