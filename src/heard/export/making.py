"""Making an export: everything in it has passed the case's door, and is of one moment."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import msgspec

from heard.cases import projection as cases
from heard.cases.release import Door, Doors, Exit, Released, Withheld, joined
from heard.engine import chain
from heard.engine.errors import Corrupt, Refused, Unavailable
from heard.engine.journal import Journal
from heard.engine.node import Node
from heard.export import archive, manifest
from heard.export.carried import Carried, Progress, carried
from heard.export.page import maker, page, style
from heard.export.released import released_case
from heard.store.media import Media
from heard.verify import ReleasedEntry

#: If rules change or something is withdrawn while it is made it is made again; more than this in a row is no accident.
TRIES = 5

README = """\
This is a copy of the coverage of one case, as readers could see it when the copy was made.

  index.html        the coverage; open it in any browser, no network is needed
  case.json         the same for programs; `heard import liveblog` takes it over into another server
  media/            pictures
  entries.ndjson    the journal entries it follows from, each with salt, header, body and proof of inclusion
  checkpoint        the signed head of the journal that holds these entries
  manifest          the hash of every file here, signed with the same key
  public-key        that key; compare it with the one the publisher gives

To check that nothing was changed, with Heard installed:

  heard verify FILE.zip

or write your own check: the format is described in docs/formats/export.md of the project Heard.
"""


class Exported(msgspec.Struct, frozen=True):
    """The zip, and how much is in it."""

    content: bytes
    posts: int
    entries: int
    pictures: int
    key: str


class Package:
    """What goes into the zip: released text, and pictures that released text names. Nothing else can be added."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def add(self, name: str, text: Released) -> None:
        if not isinstance(text, Released):
            raise Corrupt("Something tried to leave that had not passed the door. It was stopped.")
        self.files[name] = text.encode()

    def add_picture(self, name: Released, content: bytes) -> None:
        if not isinstance(name, Released) or hashlib.sha256(content).hexdigest() != name:
            raise Corrupt("A picture tried to leave that no released post shows. It was stopped.")
        self.files[f"media/{name}"] = content


def export_case(
    node: Node, doors: Doors, media: Media, slug: str, progress: Progress = lambda done, total: None
) -> Exported:
    """The case as its door lets it out, with the proofs.

    Raises NotFound; Refused while nothing of the case may leave.
    """
    for _ in range(TRIES):
        node.catch_up()
        reached = node.projection.position()
        exported = _made(node, doors, media, slug, progress)
        node.catch_up()
        if not rules_changed(node, reached):
            return exported
    raise Unavailable("Rules of this server changed all the while, so no copy of one moment could be made. Try again.")


def rules_changed(node: Node, after: int) -> bool:
    """Whether, since then, something was withdrawn or put under restriction: what was made may say too much."""
    return any(
        entry.kind.startswith("cases.") or (entry.body is not None and entry.body.withdraws())
        for entry in node.journal.all(after)
    )


def _made(node: Node, doors: Doors, media: Media, slug: str, progress: Progress) -> Exported:
    journal, case = node.journal, released_case(node.tables, doors, slug)
    door = doors.of(node.tables, cases.by_slug(node.tables, slug).id)
    note, head = _head(journal)
    entries = carried(journal, door, case, head.size, progress)
    package = Package()
    try:
        package.add("case.json", door.let("export", case.encode().decode()))
        package.add("index.html", door.let("export", page(case)))
        package.add("entries.ndjson", with_proofs(door, journal.store.leaves(head.size), entries))
        for name in case.media():
            package.add_picture(door.let("export", name), media.read(name))
    except Withheld as stopped:
        raise Refused(
            "Something in this case says what a restriction forbids (perhaps across two posts, or in a link), so "
            "nothing of it leaves. Nothing was written."
        ) from stopped
    key = manifest.key_text(head.origin, journal.sealing.public_key)
    for name, text in (("style.css", style()), ("README.txt", README), ("checkpoint", note), ("public-key", key)):
        package.add(name, joined("export", text, ()))
    listed = manifest.Manifest(head.origin, maker(), manifest.listed(package.files))
    package.add(manifest.NAME, joined("export", manifest.sign(listed, journal.sealing), ()))
    return Exported(archive.pack(package.files), len(case.posts), len(entries), len(case.media()), key.strip())


def _head(journal: Journal) -> tuple[str, chain.Checkpoint]:
    note = journal.checkpoint()
    return note, chain.read_note(note, journal.sealing.public_key, journal.sealing.check)


def with_proofs(door: Door, leaves: Sequence[bytes], entries: Sequence[Carried], exit: Exit = "export") -> Released:
    """One entry a line. Salts and proofs are the server's own bytes; each header and body passes the door."""
    tree = chain.Tree(leaves)
    lines, parts = [], []
    for one in entries:
        header, body = door.let(exit, one.header), door.let(exit, one.body)
        proof = tuple(base64.b64encode(node).decode() for node in tree.inclusion_proof(one.position - 1))
        salt = base64.b64encode(one.salt).decode()
        lines.append(msgspec.json.encode(ReleasedEntry(str(header), str(body), salt, proof)).decode())
        parts += [header, body]
    return joined(exit, "".join(f"{line}\n" for line in lines), parts)
