"""The two locks: every pin with its hashes, one resolution for both, nobody's address in them."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain

from tests.tidy.test_imports import imports_of
from tests.tidy.tree import ROOT, module_of, parsed, sources

# Needed though no module of ours names them.
UNNAMED = {
    "httptools": "uvicorn parses with it",
    "python-multipart": "Starlette reads forms with it",
    "tzdata": "zoneinfo reads it where the system has no time zones",
    "uvloop": "uvicorn's loop",
}


@cache
def pins(name: str) -> dict[str, str]:
    """Each `name==version ; marker` of a lock → the text of its hashes."""
    text = (ROOT / name).read_text("utf-8")
    entry = re.compile(r"^([a-z0-9][^\\\n]*==[^\\\n]*)((?: *\\\n +--hash=\S+)*)", re.M)
    return {found[1].strip(): found[2] for found in entry.finditer(text)}


def plain(name: str) -> str:
    return re.split(r"[ <>=;\[]", name)[0].lower().replace("_", "-")


def test_every_pin_has_hashes_and_no_line_names_a_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert len(pins(name)) > 30
        assert [pin for pin, hashes in pins(name).items() if "--hash=sha256:" not in hashes] == []
        lines = (ROOT / name).read_text("utf-8").splitlines()
        assert [x for x in lines if "://" in x or x.startswith("-") or "@" in x] == []


def test_the_lock_for_tests_holds_the_lock_for_serving() -> None:
    """So that a folder set up for `make test` can `make run` at once."""
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_every_library_we_ask_for_is_locked_and_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {
        plain(d) for d in (*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values()))
    }
    locked = {plain(pin) for pin in pins("requirements.lock")}
    assert asked <= locked, f"run `make lock`: {asked - locked}"
    provides = packages_distributions()
    used = {
        plain(distribution)
        for path in sources()
        for name in imports_of(parsed(path), module_of(path), path.name == "__init__.py")
        for distribution in provides.get(name.split(".")[0], [])
    }
    assert asked - used - set(UNNAMED) == set(), "asked for in pyproject.toml, imported nowhere"
    assert used - asked - {"heard"} == set(), "imported, not asked for in pyproject.toml"
