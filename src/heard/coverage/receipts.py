"""The receipt of a withdrawal: what is proven gone, what is not, and what cannot be recalled. It never says more.

A row begins with the withdrawal itself, with nothing proven; entries say what was seen since.
"""

from __future__ import annotations

from typing import Any

import msgspec

from heard.cases.entries import RestrictionImposed, RestrictionLifted
from heard.cases.model import checked_words
from heard.coverage import alerted
from heard.coverage.alerted import Sent
from heard.coverage.entries import PostErased, RecallSeenTo, ReceiptGiven
from heard.coverage.model import BEYOND_RECALL, REASON_MAX, RECALL_WITHIN, Recall, Receipt, Sighting
from heard.engine import chain, now
from heard.engine.clock import Clock
from heard.engine.entry import Draft, Entry, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.journal import Journal
from heard.engine.node import Command, Decision
from heard.engine.projection import Fold, Tables

SCHEMA = """
CREATE TABLE IF NOT EXISTS receipt (
    withdrawal INTEGER PRIMARY KEY, case_id TEXT NOT NULL, subject TEXT NOT NULL, cause TEXT NOT NULL,
    withdrawn_at TEXT NOT NULL, by TEXT NOT NULL, first_at TEXT, last_at TEXT, sightings BLOB NOT NULL,
    also_said BLOB NOT NULL, proven INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS receipt_of_case ON receipt (case_id, withdrawal);
CREATE INDEX IF NOT EXISTS receipt_of_subject ON receipt (subject);
CREATE INDEX IF NOT EXISTS receipt_open ON receipt (withdrawal) WHERE proven = 0;
CREATE TABLE IF NOT EXISTS recall (
    withdrawal INTEGER NOT NULL, what TEXT NOT NULL, seen_to_at TEXT NOT NULL, note TEXT NOT NULL,
    PRIMARY KEY (withdrawal, what)
) WITHOUT ROWID;
"""
_NOTHING = b"[]"

_sightings = msgspec.json.Decoder(tuple[Sighting, ...]).decode
_posts = msgspec.json.Decoder(tuple[str, ...]).decode


# What entries change -------------------------------------------------------------------------------------------------


def begin(tables: Tables, entry: Entry, case: str, subject: str, cause: str) -> None:
    """A withdrawal of what readers saw: nothing is proven yet."""
    tables.execute(
        "INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, ?, ?, 0)",
        (entry.position, case, subject, cause, now.text(entry.at), entry.by, _NOTHING, _NOTHING),
    )


def begin_of_erasure(tables: Tables, entry: Entry, body: PostErased) -> None:
    """The receipt of an earlier retraction goes with the entry of it, which has lost its words too."""
    earlier = list(tables.execute("SELECT withdrawal FROM receipt WHERE subject = ?", (entry.stream,)))
    for (withdrawal,) in earlier:
        tables.execute("DELETE FROM receipt WHERE withdrawal = ?", (withdrawal,))
        tables.execute("DELETE FROM recall WHERE withdrawal = ?", (withdrawal,))
    if body.published_position:
        begin(tables, entry, body.case, entry.stream, "erased")


def _restricted(tables: Tables, entry: Entry, body: RestrictionImposed) -> None:
    begin(tables, entry, body.case, body.restriction, "restricted")


def _lifted(tables: Tables, entry: Entry, body: RestrictionLifted) -> None:
    """An order that ended withholds nothing: what was shown of it is no more to be proven gone."""
    tables.execute("DELETE FROM receipt WHERE subject = ?", (body.restriction,))


def _given(tables: Tables, entry: Entry, body: ReceiptGiven) -> None:
    for row in tables.execute("SELECT * FROM receipt WHERE withdrawal = ?", (body.withdrawal,)):
        receipt = _receipt(row)
        seen = {one.of: one for one in (*receipt.sightings, *body.sightings)}
        also = tuple(dict.fromkeys((*receipt.also_said, *body.also_said)))
        tables.execute(
            "UPDATE receipt SET first_at = coalesce(first_at, ?), last_at = ?, sightings = ?, also_said = ?, "
            "proven = ? WHERE withdrawal = ?",
            (
                now.text(entry.at),
                now.text(entry.at),
                msgspec.json.encode(list(seen.values())),
                msgspec.json.encode(also),
                bool(seen) and all(one.proven_at for one in seen.values()),
                body.withdrawal,
            ),
        )


def _seen_to(tables: Tables, entry: Entry, body: RecallSeenTo) -> None:
    if any(tables.execute("SELECT 1 FROM receipt WHERE withdrawal = ?", (body.withdrawal,))):
        told = (body.withdrawal, body.what, now.text(entry.at), body.note)
        tables.execute("INSERT OR REPLACE INTO recall VALUES (?, ?, ?, ?)", told)


FOLDS: dict[Any, Fold] = {
    RestrictionImposed: _restricted,
    RestrictionLifted: _lifted,
    ReceiptGiven: _given,
    RecallSeenTo: _seen_to,
}


# What is asked --------------------------------------------------------------------------------------------------------


def of_withdrawal(tables: Tables, withdrawal: int) -> Receipt:
    """Raises NotFound."""
    for row in tables.execute("SELECT * FROM receipt WHERE withdrawal = ?", (withdrawal,)):
        return _receipt(row)
    raise NotFound("There is no receipt of this number.")


def of_subject(tables: Tables, subject: str) -> Receipt:
    """The receipt of a post's withdrawal, the last if there were several.

    Raises NotFound.
    """
    for row in tables.execute("SELECT * FROM receipt WHERE subject = ? ORDER BY withdrawal DESC", (subject,)):
        return _receipt(row)
    raise NotFound("Nothing was withdrawn here that readers had seen, so there is no receipt.")


def of_case(tables: Tables, case: str) -> list[Receipt]:
    """The latest first."""
    rows = tables.execute("SELECT * FROM receipt WHERE case_id = ? ORDER BY withdrawal DESC LIMIT 500", (case,))
    return [_receipt(row) for row in rows]


def still_open(tables: Tables) -> list[int]:
    """Withdrawals that are not proven everywhere, the latest first."""
    rows = tables.execute("SELECT withdrawal FROM receipt WHERE proven = 0 ORDER BY withdrawal DESC LIMIT 500")
    return [withdrawal for (withdrawal,) in rows]


def recalls(tables: Tables, receipt: Receipt) -> list[Recall]:
    """What cannot be recalled, with owner and clock; whoever withdrew it sees to it."""
    rows = tables.execute("SELECT what, seen_to_at, note FROM recall WHERE withdrawal = ?", (receipt.withdrawal,))
    done = {what: (now.instant(at), note) for what, at, note in rows}
    clock = Clock(receipt.withdrawn_at, receipt.withdrawn_at + RECALL_WITHIN)
    return [
        Recall(what, words, receipt.by, clock, *done.get(what, (None, ""))) for what, words in BEYOND_RECALL.items()
    ]


def went_out(tables: Tables, receipt: Receipt) -> list[Sent]:
    """The alerts of a post that was withdrawn, and what went after them."""
    return alerted.sent_of_post(tables, receipt.subject)


def _receipt(row: Any) -> Receipt:
    withdrawal, case, subject, cause, at, by, first, last, seen, also, _ = row
    first_at, last_at = (now.instant(when) if when else None for when in (first, last))
    return Receipt(
        withdrawal, case, subject, cause, now.instant(at), by, first_at, last_at, _sightings(seen), _posts(also)
    )


# What is written ------------------------------------------------------------------------------------------------------


def give(withdrawal: int, sightings: tuple[Sighting, ...], also_said: tuple[str, ...] = ()) -> Command:
    """Record what was seen since the withdrawal; where there is no receipt any more, nothing."""

    def judge(tables: Tables) -> Decision:
        try:
            receipt = of_withdrawal(tables, withdrawal)
        except NotFound:
            return Decision((), ())
        return Decision((Draft(new_id(), ReceiptGiven(receipt.case, withdrawal, sightings, also_said)),), ())

    return judge


def see_to(withdrawal: int, what: str, note: str) -> Command:
    """Record what was done about copies that cannot be recalled."""

    def judge(tables: Tables) -> Decision:
        receipt = of_withdrawal(tables, withdrawal)
        if what not in BEYOND_RECALL:
            raise Refused("Choose from the list what was seen to. Nothing was changed.")
        told = checked_words(note, "note", REASON_MAX)
        return Decision((Draft(new_id(), RecallSeenTo(receipt.case, withdrawal, what, told)),), ())

    return judge


# The signed receipt ---------------------------------------------------------------------------------------------------


def told(tables: Tables, receipt: Receipt) -> dict[str, Any]:
    """The receipt as it is given to programs and signed: docs/formats/receipt.md."""
    nobody = [{"place": "everywhere", "name": "", "address": "", "trouble": "nobody was asked yet"}]
    recalled = recalls(tables, receipt)
    return {
        "withdrawal": receipt.withdrawal,
        "cause": receipt.cause,
        "subject": receipt.subject,
        "withdrawn_at": receipt.withdrawn_at,
        "asked_first_at": receipt.first_at,
        "asked_last_at": receipt.last_at,
        "proven_gone": [_seen(one) for one in receipt.proven],
        "not_proven": [_seen(one) for one in receipt.not_proven] if receipt.sightings else nobody,
        "cannot_be_recalled": [
            {
                "what": one.what,
                "words": one.words,
                "owner": one.owner,
                "due_at": one.clock.due_at,
                "seen_to_at": one.seen_to_at,
                **({"alerts": [told_of(sent) for sent in went_out(tables, receipt)]} if one.what == "mail" else {}),
            }
            for one in recalled
        ],
        "also_said": list(receipt.also_said),
    }


def told_of(sent: Sent) -> dict[str, Any]:
    """What went out, for programs: `what` it was, when, to how many, and the position of the entry it worded."""
    return {"what": sent.sort, "at": sent.at, "to": sent.to, "wording": sent.wording}


def _seen(one: Sighting) -> dict[str, Any]:
    outcome = {"proven_at": one.proven_at} if one.proven_at else {"trouble": one.trouble}
    return {"place": one.place, "name": one.name, "address": one.address, **outcome}


def signed(tables: Tables, journal: Journal, receipt: Receipt) -> str:
    """The receipt as a signed note under the key of the checkpoints, with the head of the journal when it was given."""
    frontier = journal.store.frontier()
    head = chain.Checkpoint(journal.store.epoch, frontier.size, frontier.root())
    made = {**told(tables, receipt), "log": head.text().splitlines(), "given_at": now.text(now.utc())}
    name = f"{head.origin}/receipt"
    text = f"{name}\n{msgspec.json.encode(made, order='sorted').decode()}\n"
    return chain.sign_text(name, text, journal.sealing.public_key, journal.sealing.sign)
