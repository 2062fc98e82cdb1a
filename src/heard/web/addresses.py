"""Which route an address leads to: one table of regular expressions, looked up by the first part of the path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, compile_path
from starlette.types import Scope

Endpoint = Callable[[Request], Awaitable[Response]]


class _Row(NamedTuple):
    pattern: Any
    convertors: dict[str, Any]
    methods: frozenset[str]
    endpoint: Endpoint


class Addresses:
    """The routes of the application, the first that fits wins."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        rows = list(_rows(routes, ""))
        self._named = {name: [row for first, row in rows if first in (name, "")] for name, _ in rows if name}
        self._others = [row for first, row in rows if not first]

    def find(self, scope: Scope) -> Endpoint:
        """What answers; the parts of the path that have names are put into the scope.

        Raises HTTPException: 404 where nothing is, 405 with what is allowed.
        """
        path, method, allowed = scope["path"], scope["method"], set[str]()
        for row in self._near(path):
            if found := row.pattern.match(path):
                if method in row.methods:
                    parts = found.groupdict()
                    scope["path_params"] = {name: row.convertors[name].convert(part) for name, part in parts.items()}
                    return row.endpoint
                allowed |= row.methods
        if allowed:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
        if not path.endswith("/") and any(row.pattern.match(path + "/") for row in self._near(path)):
            return _with_slash
        raise HTTPException(404)

    def _near(self, path: str) -> list[_Row]:
        return self._named.get(path.split("/", 2)[1], self._others)


def _rows(routes: Sequence[BaseRoute], prefix: str) -> Iterator[tuple[str, _Row]]:
    """Every route with the first part of its path, or nothing where that may be any."""
    for route in routes:
        if isinstance(route, Mount):
            yield from _rows(route.routes, prefix + route.path)
        else:
            assert isinstance(route, Route)
            path = prefix + route.path
            pattern, _, convertors = compile_path(path)
            first = path.split("/")[1]
            row = _Row(pattern, convertors, frozenset(route.methods or ()), route.endpoint)
            yield ("" if first.startswith("{") else first), row


async def _with_slash(request: Request) -> Response:
    """On the same host, whatever the request called it."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{request.url.path}/{query}", 307)
