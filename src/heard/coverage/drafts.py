"""Drafts: words that somebody keeps at the server on purpose, until they are published, submitted or thrown away.

A draft is a form as it was typed, and no post: it lies in the vault, as other working copies do, each sealed under a
key of its own, and no entry has its words. Nothing looks it through before it is sent, neither for names that an order
protects nor for anything else, so that keeping one tells nothing of the list. It is destroyed as its words go into the
journal.

Its id is that of the post which is made of it, so that of two who send it one does.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from heard.cases import projection as cases
from heard.cases import states
from heard.cases.footing import is_stopped
from heard.cases.model import checked_words
from heard.coverage import projection
from heard.coverage.draft_entries import PostDrafted
from heard.coverage.elements import TEXT_MAX
from heard.coverage.entries import Content
from heard.engine import now
from heard.engine.entry import Draft, new_id
from heard.engine.errors import Corrupt, NotFound, Refused
from heard.engine.journal import Journal
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

DRAWER = "draft"
#: Of one account in one case.
DRAFTS_MAX = 50
LINE_MAX = 2000
#: The fields of the box that are kept. Those that one ticks are there or not; what is asked anew each time is not kept.
FIELDS = (
    *("text", "title", "speaker", "setting", "as_said", "not_before", "alt", "caption", "credit", "picture"),
    *("link", "link_title", "link_text", "key_event", "pinned"),
)
#: By these its words are not others.
MARKS = ("not_before", "key_event", "pinned")
#: In one of them there is something to keep; the others say how.
WORDED = ("text", "title", "alt", "caption", "credit", "picture", "link", "link_title", "link_text")


class WorkingCopy(msgspec.Struct, frozen=True):
    """A draft as it lies there. `version` counts how often it was kept; `by` kept it last.

    `writers` are all who kept it with other words than they found. `missed` is the post that was sent as these words
    were kept over it, and has not got them. `without_jury_at` is the last instant at which it was kept while a jury of
    the case was out or the public excluded: what was written then is treated so whenever it is sent. The last four say
    when it goes (`draft_ends`): of one that is `gone_at` an instant nothing is left that was typed.
    """

    id: str
    author: str
    byline: str
    by: str
    kept_at: datetime
    version: int
    typed: dict[str, str]
    without_jury_at: datetime | None = None
    writers: tuple[str, ...] = ()
    missed: str = ""
    thrown_at: datetime | None = None
    thrown_by: str = ""
    stays_at: datetime | None = None
    gone_at: datetime | None = None

    @property
    def is_there(self) -> bool:
        """Whether it was neither thrown away nor destroyed."""
        return not (self.thrown_at or self.gone_at)

    @property
    def wrote(self) -> tuple[str, ...]:
        """All who wrote it; of one kept by an earlier version, who is known of."""
        return self.writers or tuple(dict.fromkeys((self.author, self.by)))


class _Row(msgspec.Struct, frozen=True):
    """As it stands in the drawer: `salt` makes the key one that seals nothing else."""

    salt: str
    sealed: bytes


GONE = (
    "This draft is there no more: somebody published it, submitted it or threw it away. Nothing was sent now and "
    "nothing of yours is lost; sent once more, your words are a post of their own."
)
GONE_UNHEARD = (
    "This draft is there no more: somebody published it, submitted it or threw it away. It was written while the jury "
    "was out or the public excluded, and so are these words. Nothing was sent and nothing of yours is lost: keep them "
    "as a draft, and send that."
)
CHANGED = (
    "Somebody changed this draft since you opened it. Nothing was sent and nothing is lost: theirs is among the drafts "
    "and yours in the box. Look at theirs; sent once more, yours is taken, and the draft goes."
)
ITS_AUTHOR_STOPPED = (
    "Leave to report this case live was withdrawn from somebody who wrote this draft, and nothing goes out for them. "
    "It was not sent; the draft is kept, and what you wrote is in the box."
)


# Kept ----------------------------------------------------------------------------------------------------------------


def keep(
    journal: Journal,
    tables: Tables,
    case: str,
    typed: Mapping[str, str],
    *,
    by: str,
    byline: str,
    over: WorkingCopy | None = None,
    stood: int | None = None,
    once: str = "",
    also: Sequence[str] = (),
    unheard_at: datetime | None = None,
) -> WorkingCopy:
    """Keep what was typed: as a draft of `by`, or `over` the one that they had opened as it `stood`.

    Where somebody changed that meanwhile, theirs stays, and this is one of its own. The same form sent twice (`once`)
    is one draft; `also` are who wrote its words before, and `unheard_at` is when, if nothing of then may be told yet.
    Raises Refused for what is empty, too long or too many.
    """
    kept = _checked(typed)
    if over and over.typed == kept and not over.thrown_at:
        return over
    without_jury_at = _unheard(tables, case) or (over.without_jury_at if over else unheard_at)
    if over and stood in (None, over.version):
        copy = msgspec.structs.replace(
            over,
            by=by,
            kept_at=now.utc(),
            version=over.version + 1,
            typed=kept,
            without_jury_at=without_jury_at,
            writers=_writers(over, kept, by),
            thrown_at=None,
            thrown_by="",
        )
        if put_over(journal, case, over, copy):
            return copy
    id = _id(case, by, once) if once else new_id()
    if before := journal.vault.get(DRAWER, _name(case, by, id)):
        earlier = read(journal, id, before)
        if earlier.is_there and earlier.typed == kept:
            return earlier
    if before or projection.is_known(tables, id):  # a form that one came back to, with other words
        id = new_id()
    if len(seen(journal, tables, case, by, every=False)) >= DRAFTS_MAX:
        raise Refused(
            f"You keep {DRAFTS_MAX} drafts in this case, which is as many as there may be. Nothing was kept now, and "
            "nothing is lost; throw one away first."
        )
    writers = _writers(over, kept, by) if over else tuple(dict.fromkeys((by, *also)))
    copy = WorkingCopy(id, by, byline, by, now.utc(), 1, kept, without_jury_at, writers)
    journal.vault.put(DRAWER, _name(case, by, id), row_of(journal, copy))
    return copy


def put_over(journal: Journal, case: str, over: WorkingCopy, copy: WorkingCopy) -> bool:
    """Whether what is there still is what was opened, and gave way."""
    name = name_of(case, over)
    before = journal.vault.get(DRAWER, name)
    if not before or read(journal, over.id, before) != over:
        return False
    return journal.vault.swap(DRAWER, name, before, row_of(journal, copy))


def _writers(over: WorkingCopy, kept: Mapping[str, str], by: str) -> tuple[str, ...]:
    """Who has a hand in it by now: whoever marks it, or says when it may go, wrote nothing."""
    worded = [{name: typed.get(name) for name in FIELDS if name not in MARKS} for typed in (over.typed, kept)]
    return over.wrote if worded[0] == worded[1] else tuple(dict.fromkeys((*over.wrote, by)))


def _checked(typed: Mapping[str, str]) -> dict[str, str]:
    kept = {name: typed[name] for name in FIELDS if typed.get(name)}
    if not any(kept.get(name, "").strip() for name in WORDED):
        raise Refused("There is nothing in the box to keep. Nothing was changed.")
    for name, words in kept.items():
        checked_words(words, name.replace("_", " "), TEXT_MAX if name == "text" else LINE_MAX, needed=False)
    return kept


def _unheard(tables: Tables, case: str) -> datetime | None:
    """This instant, if what is written now may not be reported yet."""
    absent = any(jury.absent for jury in cases.juries(tables, case).values())
    return now.utc() if absent or states.in_private(tables, case) else None


def _id(case: str, account: str, once: str) -> str:
    """As `new_id`, and the same for the same form."""
    return base64.b32encode(hashlib.sha256(f"{case} {account} {once}".encode()).digest()[:10]).decode().lower()


def name_of(case: str, copy: WorkingCopy) -> str:
    return _name(case, copy.author, copy.id)


def _name(case: str, author: str, id: str) -> str:
    return f"{case} {author} {id}"


def row_of(journal: Journal, copy: WorkingCopy) -> bytes:
    salt, words = new_id(), msgspec.json.encode(copy)
    return msgspec.json.encode(_Row(salt, journal.sealing.seal(_key(journal, copy.id, salt), words)))


def read(journal: Journal, id: str, raw: bytes) -> WorkingCopy:
    """Raises Corrupt for one that was sealed by another key, or changed on disk."""
    try:
        row = msgspec.json.decode(raw, type=_Row)
        return msgspec.json.decode(journal.sealing.unseal(_key(journal, id, row.salt), row.sealed), type=WorkingCopy)
    except Exception as wrong:
        raise Corrupt(f"The draft {id} cannot be read ({wrong or 'it was changed on disk'}).") from wrong


def _key(journal: Journal, id: str, salt: str) -> bytes:
    """Made of the checkpoint's key, which does not lie in the vault: a copy of the vault alone opens no draft."""
    return hashlib.sha256(journal.sealing.sign(f"heard: the key of the draft {id} {salt}".encode())).digest()


# Seen ----------------------------------------------------------------------------------------------------------------


def seen(journal: Journal, tables: Tables, case: str, account: str, *, every: bool) -> list[WorkingCopy]:
    """The drafts of a case that an account sees, its own or `every` one, the newest first."""
    return [one for one in lying(journal, tables, case, account, every=every) if one.is_there]


def lying(journal: Journal, tables: Tables, case: str, account: str, *, every: bool) -> list[WorkingCopy]:
    """The same, with those that were thrown away and may come back, and what is told of those that are gone."""
    found = [_opened(journal, tables, name) for name in _names(journal, case, account, every)]
    return sorted((one for one in found if one), key=lambda one: one.kept_at, reverse=True)


def told_apart(journal: Journal, case: str) -> list[str]:
    """What changes whenever one of a case is kept or goes; it says nothing of any."""
    rows = [(name, journal.vault.get(DRAWER, name) or b"") for name in journal.vault.names(DRAWER, f"{case} ")]
    return [hashlib.sha256(name.encode() + raw).hexdigest() for name, raw in rows]


def find(
    journal: Journal, tables: Tables, case: str, account: str, id: str, *, every: bool, thrown: bool = False
) -> WorkingCopy:
    """One of them; with `thrown`, also one that was thrown away and may come back.

    Raises NotFound, the same for one that is another's.
    """
    for name in _names(journal, case, account, every):
        found = _opened(journal, tables, name) if name.endswith(f" {id}") else None
        if found and (found.is_there or (thrown and found.thrown_at)):
            return found
    raise NotFound(GONE, draft="gone")


def _names(journal: Journal, case: str, account: str, every: bool) -> list[str]:
    return journal.vault.names(DRAWER, f"{case} " if every else f"{case} {account} ")


def _opened(journal: Journal, tables: Tables, name: str) -> WorkingCopy | None:
    id = name.rpartition(" ")[2]
    if projection.is_known(tables, id):
        return None
    raw = journal.vault.get(DRAWER, name)
    return read(journal, id, raw) if raw else None


# Gone ----------------------------------------------------------------------------------------------------------------


def drop(journal: Journal, case: str, copy: WorkingCopy) -> None:
    journal.vault.drop(DRAWER, name_of(case, copy))


def clear_sent(journal: Journal, tables: Tables, case: str) -> None:
    """Destroy the drafts of a case that posts were made of: those alone whose words are in the journal by now, also
    where whoever sent one came no further than that. What somebody kept over one as it was sent is in no post: it
    stays, as a draft of its own.
    """
    for name in journal.vault.names(DRAWER, f"{case} "):
        id = name.rpartition(" ")[2]
        if not (projection.is_known(tables, id) and (entries := journal.stream(id))):
            continue
        if raw := journal.vault.get(DRAWER, name):
            copy = read(journal, id, raw)
            sent = [entry.body.stood for entry in entries if isinstance(entry.body, PostDrafted)]
            if sent and copy.version > sent[0]:
                _keep_beside(journal, tables, case, copy)
            if not journal.vault.swap(DRAWER, name, raw, b""):
                continue  # kept over once more: it is looked at again
        journal.vault.drop(DRAWER, name)


def _keep_beside(journal: Journal, tables: Tables, case: str, copy: WorkingCopy) -> None:
    id = id_beside(case, copy)
    if not projection.is_known(tables, id):
        beside = msgspec.structs.replace(copy, id=id, version=1, missed=copy.id)
        journal.vault.swap(DRAWER, _name(case, copy.author, id), None, row_of(journal, beside))


def id_beside(case: str, copy: WorkingCopy) -> str:
    """Made of what it is, so that whoever comes to it after a crash makes no second one."""
    return _id(case, copy.author, f"{copy.id} {copy.version}")


Publishing = Callable[[Content, str], Command]


def publish(
    find: Callable[[Tables], WorkingCopy], content: Content, stood: int | None, publishing: Publishing, by: str
) -> Command:
    """Make the post that a draft was to be: under its id, in the name of its author, and so only once.

    `publishing` is how a post is published by whoever sends it: the account `by`. While leave to report is withdrawn
    from one of its writers nobody else sends it; what they send themselves is kept, as all that they write.
    """

    def judge(tables: Tables) -> Decision:
        try:
            copy = find(tables)
        except NotFound as gone:
            raise Refused(GONE, **gone.details) from None
        if stood not in (None, copy.version):
            raise Refused(CHANGED, stood=copy.version)
        others = {copy.author, *copy.wrote} - {by}
        if not is_stopped(tables, content.case, by) and is_stopped(tables, content.case, *others):
            raise Refused(ITS_AUTHOR_STOPPED)
        at = copy.without_jury_at
        named = msgspec.structs.replace(content, byline=copy.byline, written_at=at or content.written_at)
        decision = publishing(named, copy.id)(tables)
        drafted = Draft(copy.id, PostDrafted(content.case, copy.wrote, copy.version))
        return msgspec.structs.replace(decision, drafts=(*decision.drafts, drafted))

    return judge
