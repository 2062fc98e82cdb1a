"""The name of everything that decides what a fragment looks like: folding, templates and the code between them."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator
from pathlib import Path

from heard import templates
from heard.cases import release
from heard.coverage import elements, frames, shown
from heard.text import markdown


def rendering_hash() -> str:
    """Twelve hex digits; a frames file of another name is rendered anew, beside the old one."""
    code = hashlib.sha256()
    for path in _sources():
        code.update(path.read_bytes())
    return code.hexdigest()[:12]


def _sources() -> Iterator[Path]:
    for module in (release, elements, frames, shown, markdown):
        yield Path(inspect.getfile(module))
    yield from sorted(Path(inspect.getfile(templates)).parent.rglob("*.html"))
