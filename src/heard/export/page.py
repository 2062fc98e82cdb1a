"""The page of an export: made of the released case and nothing else, so that it can be made again to compare."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Iterator
from pathlib import Path

from heard import templates
from heard.coverage import elements
from heard.export import released
from heard.export.released import ReleasedCase
from heard.text import markdown

_TEMPLATES = ("export/index.html", "coverage/parts.html")


def page(case: ReleasedCase) -> str:
    """The whole coverage on one page that opens from a folder, without a server and without scripts."""
    return (
        templates.render(
            "export/index.html",
            case=case,
            events=[post for post in case.posts if post.key_event],
            report=[post for post in case.posts if post.section == "report"],
            live=[post for post in case.posts if post.section == "live"],
        )
        + "\n"
    )


@functools.cache
def style() -> str:
    """The style of the readers' pages."""
    [content] = [content for path, (content, _, _) in templates.static_files().items() if path.endswith("/heard.css")]
    return content.decode()


@functools.cache
def maker() -> str:
    """Twelve hex digits that name the code which makes the page: with the same, the same case gives the same bytes."""
    code = hashlib.sha256()
    for path in _sources():
        code.update(path.read_bytes())
    return code.hexdigest()[:12]


def _sources() -> Iterator[Path]:
    for module in (elements, markdown, released, templates):
        yield Path(inspect.getfile(module))
    for name in _TEMPLATES:
        yield Path(inspect.getfile(templates)).parent / name
