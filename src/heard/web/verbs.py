"""A verb of the API: its address, who may, what body it takes, and what it answers; and all of them as OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from heard.accounts.model import Caller
from heard.accounts.still import still
from heard.cases.exits import Serving, looking_twice
from heard.coverage.in_case import caller_at
from heard.engine.errors import NotAllowed, Refused
from heard.engine.node import Command, Written
from heard.web import errors
from heard.web.asked import Asked

#: A list answers at most so many things at once.
LIST_MAX, LIST_USUAL = 500, 100
#: What a form of another site can send, or a script of it without asking (Fetch, 2.2.2); nothing said is such, too.
OF_FORMS = frozenset(("", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"))
#: An Idempotency-Key is a name, not a text.
KEY_MAX = 200

T = TypeVar("T")
Make = Callable[["Call"], Awaitable[Response]]


class Call:
    """One call of a verb: who asks, for what, and the ways to write and to answer."""

    def __init__(self, request: Request, serving: Serving, caller: Caller, body: Any, key: str | None) -> None:
        self.request, self.serving, self.caller, self.body, self.key = request, serving, caller, body, key
        self.tables, self.doors = serving.tables, serving.doors

    def named(self, what: str) -> str:
        return str(self.request.path_params[what])

    async def do(self, command: Command, scope: str = "") -> Written:
        """Write, once however often the call is sent under its key."""
        sent = msgspec.json.encode(self.body)
        # A role in a case can be taken away, and no word of the watch is written by who was let out meanwhile. For the
        # posts of the whole house it is not asked twice: that takes a sixth of the time of a post.
        if self.caller.by_case or "/watch/" in self.request.url.path:
            command = still(self.caller, command)
        return await self.serving.do(command, by=self.caller.account.id, scope=scope, key=self.key, request=sent)

    def listed(self, address: str, items: Sequence[Any], made: Callable[[Any], dict[str, Any]]) -> Response:
        """A page of a list; `next` is the address of the page after it, or null."""
        page, more = self.page(items)
        following = f"{address}?limit={self.limit()}&after={more}" if more else None
        return answered({"items": [made(item) for item in page], "next": following})

    def page(self, items: Sequence[T]) -> tuple[Sequence[T], str]:
        """The part of a list that is asked for, and the id of its last thing if there are more."""
        limit, after = self.limit(), self.request.query_params.get("after", "")
        ids = [str(getattr(item, "id")) for item in items]  # noqa: B009
        start = ids.index(after) + 1 if after in ids else 0
        return items[start : start + limit], ids[start + limit - 1] if start + limit < len(items) else ""

    def limit(self) -> int:
        asked = self.request.query_params.get("limit", str(LIST_USUAL))
        if not (asked.isascii() and asked.isdecimal() and len(asked) < 5 and 1 <= int(asked) <= LIST_MAX):
            raise Refused(f"limit is a number from 1 to {LIST_MAX}. Nothing was changed.")
        return int(asked)


def answered(told: Any, status: int = 200, written: Written | None = None) -> Response:
    """JSON, with the position that a later question may name."""
    headers = {"Cache-Control": "no-store"}
    if written:
        headers["Heard-Position"] = str(written.last)
    if written and written.repeated:
        headers["Idempotent-Replayed"] = "true"
    return Response(errors.encode(told), status, headers, "application/json")


class Verb(Route):
    """A route of the API."""

    def __init__(
        self,
        method: str,
        path: str,
        may: str,
        make: Make,
        body: type[Asked] | None = None,
        asks: Sequence[str] = (),
    ) -> None:
        """`asks` are the questions of a list, beside `limit` and `after`."""
        self.verb_method, self.may, self.make, self.body, self.asks = method, may, make, body, asks
        #: What is in no case, and of which each is shown what they may see.
        self.lists_cases = method == "GET" and path == "/cases"
        super().__init__(path, self._answer, methods=[method], name=make.__name__)

    async def _answer(self, request: Request) -> Response:
        serving: Serving = request.app.state.serving
        caller = await looking_twice(serving, lambda: self._caller(request, serving))
        may = caller.may_somewhere if self.lists_cases else caller.may
        if not may(self.may):
            raise NotAllowed(caller.why_not(self.may))
        if caller.in_session and self.body and not _is_json(request):
            raise errors.Unreadable("Send this as application/json. Nothing was changed.")
        if caller.in_session and self.verb_method != "GET" and _type(request) in OF_FORMS:
            raise errors.Unreadable("Say in Content-Type what this file is, such as text/csv. Nothing was changed.")
        body = self._read(await request.body()) if self.body else None
        call = Call(request, serving, caller, body, _key(request))
        return await looking_twice(serving, lambda: self.make(call))

    async def _caller(self, request: Request, serving: Serving) -> Caller:
        return caller_at(request, serving)

    def _read(self, sent: bytes) -> Any:
        """Says which field and why, and repeats nothing that was sent."""
        assert self.body is not None
        try:
            return msgspec.json.decode(sent or b"{}", type=self.body)
        except msgspec.ValidationError as misfit:
            raise Refused(f"{misfit}. Nothing was changed.") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the last of what is nested without end
            raise errors.Unreadable("The body is not JSON in UTF-8. Nothing was changed.") from None


def _is_json(request: Request) -> bool:
    """No form of any site can say so: where a cookie speaks for somebody, it is one more thing to be right."""
    return _type(request) == "application/json"


def _type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= KEY_MAX:
        raise Refused(f"An Idempotency-Key has 1 to {KEY_MAX} characters. Nothing was changed.")
    return key


def openapi(prefix: str, verbs: Sequence[Verb]) -> dict[str, Any]:
    """The verbs as an OpenAPI document (https://spec.openapis.org/oas/v3.1.0)."""
    bodies = [verb.body for verb in verbs if verb.body]
    _, schemas = msgspec.json.schema_components(bodies, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for verb in verbs:
        paths.setdefault(verb.path, {})[verb.verb_method.lower()] = _operation(verb)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Heard", "version": "1"},
        "servers": [{"url": prefix}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(verb: Verb) -> dict[str, Any]:
    parameters = [_parameter(name, "path") for name in verb.param_convertors]
    if verb.verb_method == "POST":
        parameters.append(_parameter("Idempotency-Key", "header"))
    elif not verb.param_convertors or verb.path.endswith("s"):
        parameters += [_parameter("limit", "query", LIMIT), _parameter("after", "query")]
    parameters += [_parameter(name, "query") for name in verb.asks]
    made = {"201": "Done", "202": "Kept on the desk"} if verb.verb_method == "POST" else {"200": "Here it is"}
    problems = {str(status): title for _, status, title in errors.STATUS} | {"400": "Not readable"}
    operation: dict[str, Any] = {
        "operationId": verb.name,
        "summary": (verb.make.__doc__ or verb.name.replace("_", " ")).split("\n")[0],
        "parameters": parameters,
        "responses": {
            **{status: {"description": title, "content": {"application/json": {}}} for status, title in made.items()},
            **{status: {"description": title, "content": _PROBLEM} for status, title in problems.items()},
        },
    }
    if verb.body:
        schema = {"$ref": f"#/components/schemas/{verb.body.__name__}"}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _parameter(name: str, place: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "schema": schema or text,
    }


LIMIT = {"type": "integer", "minimum": 1, "maximum": LIST_MAX}
#: RFC 9457.
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
