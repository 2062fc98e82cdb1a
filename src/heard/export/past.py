"""A page as readers had it, to be taken away by the cleared: its bytes, and proof of the words that stand on it.

Carried are the entries whose words stand on the page, each whole: never a reason, an order, or words that were not
shown then. The format is in docs/formats/past.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from heard.cases.entries import CaseDescribed, CaseOpened, SittingBegan
from heard.cases.release import joined
from heard.coverage.alerts_then import AlertThen
from heard.coverage.as_published import AsPublished
from heard.coverage.elements import Element, Embed, Image, Link, Quote, Text, plain
from heard.coverage.entries import PostClarified, PostCorrected, PostPublished, PostRetracted, PostTakenOver, Told
from heard.coverage.model import RETRACTION_NOTICES
from heard.coverage.rendering import rendering_hash
from heard.engine import now
from heard.engine.entry import Body, decode_body
from heard.engine.errors import Refused
from heard.engine.journal import Journal
from heard.engine.stores import Record
from heard.export import archive, manifest
from heard.export.carried import Carried
from heard.export.making import Package, with_proofs
from heard.export.reading_page import said_on, stand_in

FORMAT: Literal["heard past 2"] = "heard past 2"
FILES = ("README.txt", "checkpoint", "entries.ndjson", "page.html", "past.json", "public-key")
WORDED = (PostPublished, PostTakenOver, PostCorrected, PostClarified, PostRetracted, SittingBegan)

README = """\
This is one page of the coverage of a case, as readers had it at one instant that is past.

  page.html         the page, byte for byte; its style and pictures are on the server
  past.json         which case, which instant, for each post the position of the entry whose words it says, and the
                    alerts that had been sent by then: their words, when, and to how many
  entries.ndjson    those entries, each with salt, header, body and proof of inclusion
  checkpoint        the signed head of the journal that holds them
  manifest          the hash of every file here, signed with the same key
  public-key        that key; compare it with the one the publisher gives

To check it, with Heard installed:

  heard verify FILE.zip

The format, and what it proves and does not prove, are in docs/formats/past.md of the project Heard.
"""


class PastPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A post on the page; `entry` is the position of the entry whose words it says, 0 where none is carried."""

    id: str
    entry: int


class PastPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What past.json says. `position` is that of the last entry, of whatever case, at or before the instant `at`.

    `alerts` are those that had been sent by then; format 1 has none, whether or not there were any.
    """

    format: Literal["heard past 1", "heard past 2"]
    case: str
    slug: str
    at: datetime
    position: int
    order: str
    before: str
    after: str
    post: str
    erased: int
    posts: tuple[PastPost, ...]
    alerts: tuple[AlertThen, ...] = ()

    def encode(self) -> bytes:
        return msgspec.json.encode(self, order="sorted") + b"\n"


def entries_on(journal: Journal, found: AsPublished) -> tuple[list[Carried], tuple[PastPost, ...]]:
    """The entries whose words stand on the page, in order of position, and the posts of the page."""
    assert found.page is not None
    articles, around = said_on(found.page)
    told = _opened(journal, found.case, found.position)
    notices = {body.notice: (one, body) for one, body in told if isinstance(body, Told) and body.notice}
    titles = [(one, body) for one, body in told if isinstance(body, CaseOpened | CaseDescribed)]
    kept = [one for one, body in titles[-1:] if stand_in(words_of(body), around)]
    posts = []
    for post in found.posts:
        worded = [(one, body) for one, body in _opened(journal, post, found.position) if isinstance(body, WORDED)]
        standing: list[tuple[Carried, Body]] = [*worded[-1:]] or ([notices[post]] if post in notices else [])
        says = [one for one, body in standing if stand_in(words_of(body), articles.get(post, ""))]
        posts.append(PastPost(post, says[0].position if says else 0))
        kept += says
    return sorted(kept, key=lambda one: one.position), tuple(posts)


def alerts_on(
    journal: Journal, found: AsPublished, then: Sequence[AlertThen]
) -> tuple[list[Carried], tuple[AlertThen, ...]]:
    """The entries that say that these alerts went out, and the alerts, without words where the door of then stops them.

    What they worded is not carried: it may be an earlier wording than the page has.
    """
    sent = {one.entry for one in then}
    streams = dict.fromkeys(one.post for one in then)
    told = [one for post in streams for one, _ in _opened(journal, post, found.position) if one.position in sent]
    said = (msgspec.structs.replace(one, text="") if found.door.stops(one.text) else one for one in then)
    return told, tuple(said)


def words_of(body: Body) -> list[str]:
    """What the page must say of an entry, in this order."""
    match body:
        case PostPublished() | PostTakenOver():
            return [body.title, *_said(body.elements), body.byline]
        case PostCorrected() | PostClarified():
            return [body.title, *_said(body.elements), body.notice]
        case PostRetracted():
            return [body.notice or RETRACTION_NOTICES[body.code]]
        case CaseOpened() | CaseDescribed():
            return [body.title, body.standfirst]
        case SittingBegan():
            return [body.title]
        case Told():
            return [plain((Text(body.words),))]
    raise ValueError(f"a page says no words of an entry of kind {body.kind}")


def _said(elements: Sequence[Element]) -> Iterator[str]:
    """The words of elements in the order in which the page has them."""
    for element in elements:
        match element:
            case Quote(words, speaker, role):
                yield from (words, speaker, role)
            case Image(alt, credit):
                yield from (alt, element.caption, credit)
            case Link():
                yield from (element.title, element.text)
            case Embed(provider, _, title, text):
                yield from (title or provider, text)
            case _:
                yield plain((element,))


def _opened(journal: Journal, stream: str, position: int) -> list[tuple[Carried, Body]]:
    records: list[Record] = [one for one in journal.store.stream(stream) if one.header.position <= position]
    seals = journal.vault.seals([one.seal for one in records])
    found = []
    for one in records:
        if (raw := journal.body_of(one, seals)) is not None:
            header, salt = one.header, seals[one.seal].salt
            body = decode_body(header.kind, header.version, raw)
            found.append((Carried(header.position, header.encode().decode(), raw.decode(), salt), body))
    return found


def past_zip(
    journal: Journal,
    found: AsPublished,
    slug: str,
    entries: Sequence[Carried],
    posts: tuple[PastPost, ...],
    note: str,
    leaves: Sequence[bytes],
    alerts: tuple[AlertThen, ...] = (),
) -> bytes:
    """The zip. `note` is the signed head of the journal and `leaves` all that it was signed over.

    Touches no file and no table, so that a thread of its own may make it.
    """
    if found.page is None:
        raise Refused(f"Readers had no page of this case then. {found.why} Nothing was made.")
    view, at = found.view, now.instant(now.text(found.at))
    told = PastPage(
        FORMAT,
        found.case,
        slug,
        at,
        found.position,
        view.order,
        view.before,
        view.after,
        view.post,
        found.erased,
        posts,
        alerts,
    )
    package = Package()
    package.add("past.json", found.door.let("export", told.encode().decode()))
    package.add("page.html", found.page)
    package.add("entries.ndjson", with_proofs(found.door, leaves, entries))
    origin = f"heard/{journal.store.epoch}"
    key = manifest.key_text(origin, journal.sealing.public_key)
    own = (("README.txt", README), ("checkpoint", note), ("public-key", key))
    for name, text in own:
        package.add(name, joined("export", text, ()))
    listed = manifest.Manifest(origin, rendering_hash(), manifest.listed(package.files))
    package.add(manifest.NAME, joined("export", manifest.sign(listed, journal.sealing), ()))
    return archive.pack(package.files)
