"""The journal: durable, totally ordered, verifiable. Everything else is folded from it.

The rules, in the order in which they are kept:

1. A body is sealed with a key of its own, and that key is durable in the vault before the entry is appended.
   (An orphan key is harmless; an entry without its key would be lost words.)
2. An append names the streams its decision rested on and the position up to which they were known. If any has a later
   entry, the answer is Conflict and nothing is written: the caller folds what it missed and judges again.
3. `Store.append` returns after the entries are on disk. This is the line: before it a crash leaves nothing, after it a
   crash loses nothing, whatever was or was not told to anyone.
4. Positions, the tree's edge and the guards are read inside the write transaction, never from memory, so that any
   process on this journal (server, command line) may append.
5. Erasing destroys key and salt and overwrites the sealed body; the leaf stays, so the tree still verifies. The entry
   that says so is appended first, and what it names is destroyed by the same function that finishes the work at the
   next start if this process dies in between.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock

import msgspec

from heard.engine import chain
from heard.engine.entry import Draft, Entry, Header, decode_body, encode_body, kinds_that_erase
from heard.engine.errors import Corrupt, HeardError
from heard.engine.stores import Append, Appended, Record, Seal, Sealed, Sealing, Store, Vault, header_of

#: Keys are made durable this many at a time: one sync for many appends. When very many are wanted at once more will be,
#: and as many times so many are made.
SEALS_AHEAD, MANY, TIMES = 256, 500, 3
#: How far the search for unfinished erasures may go on before it notes durably where it is.
LOOKED_NOTE_EVERY = 10_000


class Writing(msgspec.Struct, frozen=True):
    """What a decision wants written: drafts, whose they are, and the guards."""

    drafts: tuple[Draft, ...]
    by: str
    seen: int
    over: tuple[str, ...]
    key: str | None = None
    request: str | None = None


class Journal:
    """Seals on the way in, unseals on the way out. All else is the store's and the vault's."""

    def __init__(self, store: Store, vault: Vault, sealing: Sealing) -> None:
        self.store, self.vault, self.sealing = store, vault, sealing
        self._ahead: deque[Seal] = deque()
        self._sealing_alone = Lock()
        #: What was appended last, until it is folded: it need not be read and opened for that.
        self._fresh: list[Entry] = []
        self._secret = vault.secret("idempotency")
        self._looked_for_erasures = 0

    def append(self, batch: Sequence[Writing]) -> list[Appended | HeardError]:
        """Durable when it returns; an answer for each, in order. See `Store.append`."""
        with self._sealing_alone:  # a key handed to two threads would seal two bodies
            self._make_ready(sum(len(writing.drafts) for writing in batch))
            sealed = [self._seal(writing) for writing in batch]
        outcomes = self.store.append(sealed)
        self._fresh = [
            entry
            for append, outcome in zip(sealed, outcomes, strict=True)
            if isinstance(outcome, Appended) and not outcome.repeated
            for entry in _as_read(append, outcome)
        ]
        return outcomes

    def next_after(self, after: int, limit: int) -> list[Entry]:
        """The entries to fold next. When the first of them were appended here just now, those alone: others may follow.

        Each is handed out once, and no word of it is kept here after that.
        """
        fresh, self._fresh = self._fresh, []
        if fresh and fresh[0].position == after + 1 and fresh[-1].position == after + len(fresh) <= after + limit:
            return fresh
        return self.read(after, limit)

    def _make_ready(self, count: int) -> None:
        if len(self._ahead) < count:
            self._ahead += self.vault.new_seals(count * (TIMES if count >= MANY else 1) + SEALS_AHEAD)

    def _seal(self, writing: Writing) -> Append:
        sealed = []
        for draft in writing.drafts:
            seal, body = self._ahead.popleft(), encode_body(draft.body)
            kept = self.sealing.seal(seal.key, body)
            kind, version = draft.body.kind, draft.body.version
            sealed.append(Sealed(draft.stream, kind, version, body, seal.salt, seal.number, kept))
        return Append(tuple(sealed), writing.by, writing.seen, writing.over, writing.key, writing.request)

    def key_for(self, account: str, scope: str, key: str) -> str:
        """The idempotency key as the header bears it: scoped to account and case, and nothing can be read from it."""
        return self._digest(account, scope, key)

    def request_digest(self, key: str, request: bytes) -> str:
        """What tells the same request from another under one key; salted by the key."""
        return self._digest(key, request.hex(), "request")

    def _digest(self, *parts: str) -> str:
        message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:32]

    def read(self, after: int, limit: int = 500) -> list[Entry]:
        """Entries later than `after`, in order."""
        return self.opened(self.store.records(after, limit))

    def all(self, after: int = 0) -> Iterator[Entry]:
        while entries := self.read(after):
            yield from entries
            after = entries[-1].position

    def entry(self, position: int) -> Entry | None:
        record = self.store.record(position)
        return self.opened([record])[0] if record else None

    def stream(self, stream: str) -> list[Entry]:
        """The life of one stream, from its first entry."""
        return self.opened(self.store.stream(stream))

    def opened(self, records: Sequence[Record]) -> list[Entry]:
        if not records:
            return []
        seals = self.vault.seals([record.seal for record in records])
        return [self._open(record, seals) for record in records]

    def _open(self, record: Record, seals: Mapping[int, Seal]) -> Entry:
        return _entry(record.header, self.body_of(record, seals))

    def body_of(self, record: Record, seals: Mapping[int, Seal]) -> bytes | None:
        """The canonical body, or None when it was erased.

        Raises Corrupt when the words are neither there nor erased.
        """
        seal = seals.get(record.seal)
        if not record.sealed.strip(b"\0"):
            return None
        try:
            if seal is None:
                raise LookupError("its key is not in the vault")
            return self.sealing.unseal(seal.key, record.sealed)
        except Exception as wrong:
            raise Corrupt(
                f"Entry {record.header.position} cannot be read ({wrong or 'it was changed on disk'}). "
                "Nothing was served from it. Run `heard verify`, then restore a backup.",
                position=record.header.position,
            ) from wrong

    def finish_erasures(self) -> None:
        """Destroy whatever erasing entries name and is still there: after an erasure was appended, and at every start.

        Cheap when there is nothing to do: it remembers how far it has looked, durably now and then.

        Raises Unavailable when a file could not be cleaned; what it names is tried again at the next call.
        """
        epoch, head = self.store.epoch, self.store.position()
        noted = int(self.vault.get("erasures looked for", epoch) or 0)
        after = max(self._looked_for_erasures, noted)
        if after > head:  # an older journal was put in this one's place
            after = noted = 0
        erasing = self.opened(self.store.of_kinds(kinds_that_erase(), after))
        for entry in erasing:
            if entry.body is not None:
                self.erase(entry.body.erases())
        if erasing or head - noted > LOOKED_NOTE_EVERY:
            self.vault.put("erasures looked for", epoch, str(head).encode())
        self._looked_for_erasures = head

    def erase(self, positions: Sequence[int]) -> None:
        """Destroy words by law. The caller has appended who and on what basis; doing it twice does no harm.

        An erasing entry itself is left alone: it says no words of anyone, and the others' absence rests on it.
        """
        found = [record for position in positions if (record := self.store.record(position))]
        records = [record for record in found if record.header.kind not in kinds_that_erase()]
        self.store.blank([record.header.position for record in records])
        self.vault.destroy([record.seal for record in records])

    def checkpoint(self) -> str:
        """The newest head as a signed note."""
        frontier = self.store.frontier()
        head = chain.Checkpoint(self.store.epoch, frontier.size, frontier.root())
        return chain.sign(head, self.sealing.public_key, self.sealing.sign)


def _as_read(append: Append, outcome: Appended) -> list[Entry]:
    """Just what would be read back: the bodies come from the bytes that were sealed."""
    headers = [
        header_of(draft, append, position, outcome.at, first=position == outcome.first)
        for position, draft in enumerate(append.drafts, outcome.first)
    ]
    return [_entry(header, draft.body) for header, draft in zip(headers, append.drafts, strict=True)]


def _entry(header: Header, raw: bytes | None) -> Entry:
    body = None if raw is None else decode_body(header.kind, header.version, raw)
    return Entry(
        header.position, header.stream, header.kind, header.version, header.at_instant, header.by, header.key, body
    )
