"""How posts of a hearing begin that come again and again: picked with `/` in the box, put into its words.

Those of a hearing are written at the desk and lie in the vault, as other working copies do: nothing of them is said to
anybody before it stands in a post, and then the post is checked as any other is.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard.cases import projection as cases
from heard.cases.exits import Serving, looking_twice
from heard.cases.model import checked_words
from heard.coverage.in_case import signed_in
from heard.engine.errors import NotFound, Refused
from heard.engine.stores import Vault

DRAWER = "openings"
OPENINGS_MAX, WORDS_MAX = 30, 500
#: What every hearing has until it has its own. `{name}` and `{role}` are of whoever is picked.
USUAL = {
    "called": "{name}, {role}, is called to give evidence.",
    "sworn": "{name}, {role}, takes the oath.",
    "affirms": "{name}, {role}, affirms.",
    "questions": "Questions now from {name}, {role}.",
    "released": "{name} is released as a witness.",
}
_NAME = re.compile(r"[a-z]{2,20}")
#: Commands of the box (static/commands.js): an opening of that name could not be picked.
TAKEN = frozenset("key pin quote paraphrase read evidence submission finding pause resume summary".split())


def routes() -> list[BaseRoute]:
    return [Route("/desk/{slug}/openings", write, methods=["POST"])]


def of(vault: Vault, hearing: str) -> dict[str, str]:
    """The openings of a hearing by name."""
    kept = vault.get(DRAWER, hearing)
    return msgspec.json.decode(kept, type=dict[str, str]) if kept else dict(USUAL)


def written(said: str) -> dict[str, str]:
    """Openings as they are typed, one a line: `name: words`.

    Raises Refused, and says which line.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(filter(None, map(str.strip, said.splitlines())), start=1):
        name, colon, words = line.partition(":")
        name = name.strip().removeprefix("/")
        if not colon or not _NAME.fullmatch(name) or name in TAKEN or name in found:
            raise Refused(
                f"Line {number} does not begin with a name of its own in small letters and a colon, or it is a "
                "command of the box. Nothing was changed."
            )
        found[name] = checked_words(words.strip(), f"opening in line {number}", WORDS_MAX)
    if len(found) > OPENINGS_MAX:
        raise Refused(f"A hearing has at most {OPENINGS_MAX} openings. Nothing was changed.")
    return found


async def write(request: Request) -> Response:
    """Write the openings of a hearing, in place of those before; none: the usual ones again."""
    serving, _ = signed_in(request, "publish")
    form = await request.form(max_fields=10)
    hearing, said = (str(form.get(name) or "") for name in ("hearing", "openings"))

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        if cases.case_of_hearing(serving.tables, hearing) != case.id:
            raise NotFound("There is no such hearing in this case.")
        found = written(said)
        if found:
            serving.vault.put(DRAWER, hearing, msgspec.json.encode(found))
        else:
            serving.vault.drop(DRAWER, hearing)
        return RedirectResponse(f"/desk/{case.slug}/?done=done", 303)

    return await looking_twice(serving, done)


def seen(serving: Serving, case: str) -> list[dict[str, Any]]:
    """Each hearing with its openings; those offered in the box are of the one that sits, or was listed last."""
    listed = cases.hearings(serving.tables, case)
    sits = [one.hearing for one in cases.sittings(serving.tables, case) if one.rose_at is None]
    offered = sits[-1] if sits else listed[-1][0] if listed else ""
    return [
        {"hearing": hearing, "title": title, "openings": of(serving.vault, hearing), "offered": hearing == offered}
        for hearing, title, _ in listed
    ]
