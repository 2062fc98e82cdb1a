"""Pictures of posts: taken in from a phone, developed and kept; and their addresses, for readers and for the desk.

A picture is shown where a published post shows it, and nowhere else: an upload that is in no post, in one that is held,
sealed or waiting, or in one that was withdrawn since, answers as an address does at which nothing ever was.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from heard.accounts.model import Caller
from heard.cases import projection as cases
from heard.cases.exits import Outgoing, Serving, WayOut, case_at, looking_twice
from heard.cases.model import Case, checked_words
from heard.coverage import projection, uploads
from heard.coverage.elements import Image, Rendition, pictures
from heard.coverage.in_case import signed_in
from heard.coverage.kept import kept_words, writers
from heard.coverage.model import Post
from heard.coverage.shown import show
from heard.coverage.uploads import Taken
from heard.engine.errors import NotFound, Refused
from heard.pictures import darkroom
from heard.pictures.developing import Print

#: So much of a file's name is looked at; it is never kept.
FILE_NAME_MAX = 300
MEDIA_TYPES = {"jpg": "image/jpeg", "webp": "image/webp"}
#: One answer for whatever is not shown, so that it says nothing of what there is.
NONE_HERE = "There is no picture at this address."
NOT_OURS = "This picture is not one that was uploaded to this case. Nothing was published; send the picture again."
_NAME = re.compile(r"[0-9a-f]{64}-[1-9][0-9]{0,4}\.(jpg|webp)")


def routes() -> list[BaseRoute]:
    return [
        WayOut("/{slug}/media/{picture}", "picture", for_readers),
        Route("/desk/{slug}/media/{post}/{picture}", for_the_desk, methods=["GET"]),
    ]


# In ------------------------------------------------------------------------------------------------------------------


async def take_in(serving: Serving, case: Case, content: bytes, file_name: str) -> Taken:
    """Develop an upload and keep its prints; the same file twice is one picture.

    The door is asked about the name of the file and what it had in it. Neither is kept: what is kept is that it must
    be looked at. Raises Refused, TooLarge, Unavailable.
    """
    developed = await darkroom.develop(content)
    door = serving.doors.of(serving.tables, case.id)
    says = door.stops(unquote(file_name)[:FILE_NAME_MAX], *developed.said)
    image = await _kept(serving.media, developed.prints)
    return uploads.came(serving.vault, case.id, image, says)


async def _kept(media: Any, prints: tuple[Print, ...]) -> Image:
    names = await darkroom.keep(media, [one.content for one in prints])
    more = tuple(Rendition(name, one.sort, one.width) for name, one in zip(names[1:], prints[1:], strict=True))
    return Image("", "", names[0], prints[0].width, prints[0].height, renditions=more)


def taken(serving: Serving, case: Case, media: str) -> Taken:
    """What was uploaded to this case under this name, for a command that names it.

    Raises Refused.
    """
    found = uploads.name_it(serving.vault, case.id, media) if re.fullmatch("[0-9a-f]{64}", media) else None
    if found is None:
        raise Refused(NOT_OURS)
    return found


def told(found: Taken, alt: str, credit: str, caption: str) -> Image:
    """The picture with its words.

    Raises Refused where the description or the credit is missing.
    """
    if not alt.strip() or not credit.strip():
        raise Refused(
            "A picture needs a description, for those who do not see it, and a credit. Nothing was published; "
            "your words and the picture are still here."
        )
    alt, credit = checked_words(alt, "description", 2000), checked_words(credit, "credit", 200)
    return msgspec.structs.replace(found.image, alt=alt, credit=credit, caption=caption)


async def from_form(request: Request, serving: Serving, case: Case) -> dict[str, str]:
    """What a form says of the picture that came with it: nothing, or the name it is kept by."""
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.size:
        return {}
    kept = await take_in(serving, case, await file.read(darkroom.FILE_BYTES_MAX + 1), file.filename or "")
    return {"picture": kept.image.media}


# Out -----------------------------------------------------------------------------------------------------------------


async def for_readers(request: Request, serving: Serving) -> Outgoing:
    """One file of a picture that a post shows. The address names its content, so its tag never changes."""
    case, door = case_at(serving, request)
    name = request.path_params["picture"]
    found = _shown(serving, case, name)
    if found is None:
        serving.node.catch_up()
        found = _shown(serving, case, name)
    if found is None:
        return Outgoing(door.let("picture", NONE_HERE, notice=True), "text/plain", 404, case.id)
    content, sort = serving.media.read(found), name.rpartition(".")[2]
    return Outgoing(door.let("picture", name), _type(content, sort), case=case.id, packed=content)


def _shown(serving: Serving, case: Case, name: str) -> str | None:
    """Under which name media has it, if a post of this case shows it now."""
    if not _NAME.fullmatch(name):
        return None
    door = serving.doors.of(serving.tables, case.id)
    for post in projection.pictured_in(serving.tables, name):
        shown = show(door, post) if post.case == case.id else None
        for picture in pictures(shown.elements) if shown else ():
            if name in picture.names:
                return picture.names[name]
    return None


def _type(content: bytes, sort: str) -> str:
    """What was taken over from another journal may be a PNG; whatever is no picture is not called one."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    fits = content.startswith(b"\xff\xd8\xff") if sort == "jpg" else content[8:12] == b"WEBP"
    return MEDIA_TYPES[sort] if fits else "application/octet-stream"


async def for_the_desk(request: Request) -> Response:
    """The same of a post that readers do not see, for whoever may read its words."""
    serving, caller = signed_in(request, "read_desk")

    async def look() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        post = projection.by_id(serving.tables, request.path_params["post"])
        name = request.path_params["picture"]
        for picture in pictures(_elements(serving, case, post, caller)):
            if name in picture.names:
                content = serving.media.read(picture.names[name])
                kind = _type(content, name.rpartition(".")[2])
                return Response(content, media_type=kind, headers={"Cache-Control": "no-store"})
        raise NotFound(NONE_HERE)

    return await looking_twice(serving, look)


def _elements(serving: Serving, case: Case, post: Post, caller: Caller) -> Any:
    if post.case != case.id:
        return ()
    if post.status not in ("held", "sealed", "submitted", "waiting"):
        return post.elements
    # The words of what waits for others stand on the desk for all; what is held or sealed, for who may let it out.
    everyones = post.status in ("submitted", "waiting")
    mine = caller.account.id in writers(serving.node.journal, post.id)
    if not (everyones or mine or caller.may("release_held")):
        return ()
    return kept_words(serving.node.journal, post.id).elements
