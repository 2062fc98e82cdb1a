"""Errors as answers: problem+json for programs (RFC 9457), a page for people, the same words for both."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from heard import templates
from heard.accounts.callers import FactorNeeded, SignInNeeded
from heard.engine.errors import (
    Conflict,
    Corrupt,
    Gone,
    HeardError,
    NotAllowed,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
)

log = structlog.get_logger()

#: Released text is a kind of str, which JSON does not mind and msgspec asks about.
encode = msgspec.json.Encoder(enc_hook=str).encode


class Unreadable(Refused):
    """What was sent cannot be read at all."""


#: The first family that an error belongs to gives its status.
STATUS: tuple[tuple[type[HeardError], int, str], ...] = (
    (SignInNeeded, 401, "Please sign in"),
    (NotFound, 404, "Not here"),
    (NotAllowed, 403, "Not allowed"),
    (Gone, 410, "Gone"),
    (Unreadable, 400, "Not readable"),
    (TooLarge, 413, "Too large"),
    (Conflict, 409, "Somebody was first"),
    (Refused, 422, "Not accepted"),
    (Unavailable, 503, "Not just now"),
    (Corrupt, 503, "Stopped"),
)


def status_of(error: HeardError) -> tuple[int, str]:
    if error.details.get("slug_taken") or error.details.get("email_taken"):
        return 409, "Taken"
    return next((status, title) for family, status, title in STATUS if isinstance(error, family))


async def on_heard_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HeardError)
    status, title = status_of(error)
    if isinstance(error, Corrupt):
        log.error("answer_stopped", path_length=len(request.url.path), family="corrupt")
    if status == 401 and not _wants_problem(request):
        to = "/account/" if isinstance(error, FactorNeeded) else "/desk/sign-in/"
        return RedirectResponse(to, 303, {"Cache-Control": "no-store"})
    return answer(request, status, title, error.message, error.details)


async def on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = {404: "There is nothing at this address.", 405: "This address does not take that method."}
    message = words.get(error.status_code, "This could not be read. Nothing was changed.")
    answered = answer(
        request, error.status_code, "Not here" if error.status_code == 404 else "Not accepted", message, {}
    )
    for name, value in (error.headers or {}).items():
        answered.headers[name] = value
    return answered


async def on_anything_else(request: Request, error: Exception) -> Response:
    """Our own mistake. The log has where it was, never what was written: a message may quote words."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    log.error("mistake", error=type(error).__name__, at=[f"{Path(one.filename).name}:{one.lineno}" for one in frames])
    return answer(request, 500, "Our mistake", "Something went wrong here. Keep your words and try again.", {})


def answer(request: Request, status: int, title: str, message: str, details: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    if status == 503:
        headers["Retry-After"] = "5"
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if _wants_problem(request):
        told = {"type": "about:blank", "title": title, "status": status, "detail": message, **details}
        return Response(encode(told), status, headers, "application/problem+json")
    page = templates.render(
        "errors/problem.html", title=title, message=message, status=status, back=_back(request.url.path)
    )
    return Response(page, status, headers, "text/html")


#: Where somebody goes on who met nothing, by where they were.
_BACK = {
    "/desk/": "The desk",
    "/watch/": "The watch",
    "/account/": "Your account",
    "/reports/": "Search the reports",
}


def _back(path: str) -> tuple[str, str]:
    return next(((room, name) for room, name in _BACK.items() if path.startswith(room)), ("/", "All cases"))


def _wants_problem(request: Request) -> bool:
    return request.url.path.startswith("/api/") or request.headers.get("accept") == "application/json"
