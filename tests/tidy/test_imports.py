"""The import table of ARCHITECTURE.md, checked against the code: the map and the code cannot part."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest

from tests.tidy.tree import PACKAGE, ROOT, module_of, name_of, parsed, sources


@dataclass(frozen=True)
class Rule:
    """One row: what its parts may import of Heard, of others' libraries, and which standard modules never."""

    parts: frozenset[str]
    heard: frozenset[str]
    libraries: frozenset[str]
    never: frozenset[str]


def table(text: str) -> dict[str, Rule]:
    """The rows between `<!-- import table -->` and the next blank line; names stand in backticks."""
    _, _, after = text.partition("<!-- import table -->\n")
    rows = [line for line in after.partition("\n\n")[0].splitlines() if line.startswith("|")][2:]
    rules: dict[str, Rule] = {}
    for row in rows:
        parts, heard, libraries, never = (frozenset(re.findall(r"`([^`]+)`", cell)) for cell in row.split("|")[1:5])
        assert not parts & rules.keys(), f"two rows for {', '.join(sorted(parts & rules.keys()))}: only one can hold"
        rules |= dict.fromkeys(parts, Rule(parts, heard, libraries, never))
    return rules


def rule_for(module: str, rules: dict[str, Rule]) -> Rule | None:
    """The rule of the longest part that the module lies in: `store.reading` goes before `store`."""
    names = module.split(".")
    return next((rules[part] for n in range(len(names), 0, -1) if (part := ".".join(names[:n])) in rules), None)


def imports_of(tree: ast.Module, module: str, is_package: bool) -> Iterator[str]:
    """Every name that is imported anywhere in a file, also inside functions, as an absolute dotted name."""
    package = ["heard", *module.split(".")] if module else ["heard"]
    here = package if is_package else package[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(here[: len(here) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, (start, node.module)))
            yield from (f"{source}.{alias.name}" for alias in node.names)


def within(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")


def offence(name: str, module: str, rule: Rule) -> str | None:
    """Why this import is not allowed, or None. `name` is absolute: `heard.engine.now.utc`, `apsw`, `os.path`."""
    top = name.split(".")[0]
    if top == "heard":
        inner = name.removeprefix("heard").removeprefix(".")
        allowed = {module.split(".")[0], "__version__", *rule.heard}
        return None if any(within(inner, part) for part in allowed) else f"heard.{inner} is not in its row"
    if any(within(name, banned) for banned in rule.never):
        return f"{name} is named there as never"
    if top in sys.stdlib_module_names or top in rule.libraries:
        return None
    return f"the library {top} is not in its row"


RULES = table((ROOT / "ARCHITECTURE.md").read_text("utf-8"))


def heard_modules() -> list[tuple[str, ast.Module, bool]]:
    return [(module_of(path), parsed(path), path.name == "__init__.py") for path in sources() if module_of(path)]


def test_every_module_has_a_row_and_keeps_to_it() -> None:
    found = []
    for module, tree, is_package in heard_modules():
        rule = rule_for(module, RULES)
        if rule is None:
            found.append(f"{module}: stands in no row of the import table")
            continue
        found += [
            f"{module}: {why}" for name in imports_of(tree, module, is_package) if (why := offence(name, module, rule))
        ]
    assert not found, "\n" + "\n".join(sorted(set(found)))


def test_the_table_promises_nothing_that_is_not_there() -> None:
    """A row for a part that is gone, or leave to import what nobody imports, is a map of another country."""
    places = {part: PACKAGE / part.replace(".", "/") for part in RULES}
    gone = [part for part, path in places.items() if not path.is_dir() and not path.with_suffix(".py").is_file()]
    used: dict[Rule, set[str]] = {rule: set() for rule in RULES.values()}
    for module, tree, is_package in heard_modules():
        if rule := rule_for(module, RULES):
            used[rule] |= set(imports_of(tree, module, is_package))
    idle = [
        f"{', '.join(sorted(rule.parts))} → {wanted}"
        for rule, names in used.items()
        for wanted in (*(f"heard.{part}" for part in rule.heard), *rule.libraries)
        if not any(within(name, wanted) for name in names)
    ]
    assert not gone, f"rows for what is not there: {gone}"
    assert not idle, "\nallowed, and not used:\n" + "\n".join(sorted(idle))


def parts_in_order(text: str) -> list[str]:
    """Of the table of where things live, the heart first."""
    rows = text.partition("<!-- where things live -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    return [part for row in rows for part in re.findall(r"`([^`]+)`", row.split("|")[1])]


def outward(order: list[str], imports: Iterable[tuple[str, str]]) -> list[str]:
    """The imports (module, absolute name) of what stands below the importer, or nowhere."""
    above = {part: {"__version__", *order[: number + 1]} for number, part in enumerate(order)}
    named = [(module, name) for module, name in imports if name.startswith("heard.")]
    return [f"{m} → {name}" for m, name in named if name.split(".")[1] not in above.get(m.split(".")[0], set())]


def test_every_part_is_told_of_and_imports_only_what_stands_above_it() -> None:
    order = parts_in_order((ROOT / "ARCHITECTURE.md").read_text("utf-8"))
    there = {path.stem for path in PACKAGE.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert sorted(order) == sorted(there - {"__init__", "__pycache__"})
    imports = [(module, name) for module, tree, is_one in heard_modules() for name in imports_of(tree, module, is_one)]
    assert outward(order, imports) == []
    assert outward(order[::-1], imports), "the control: the other way round"


def test_control_a_part_that_has_two_rows_is_caught() -> None:
    row = "| `web.process` | `engine` | `typer` | |\n"
    head = "<!-- import table -->\n| part | of Heard | libraries | never |\n|---|---|---|---|\n"
    assert table(head + row).keys() == {"web.process"}
    with pytest.raises(AssertionError, match="two rows"):
        table(head + row + row)


def test_nothing_imports_what_only_assembles() -> None:
    """cli stands at the top: a module that imported it could not be used without a terminal."""
    importers = [
        module
        for module, tree, is_package in heard_modules()
        if module.split(".")[0] != "cli"
        and any(within(name, "heard.cli") for name in imports_of(tree, module, is_package))
    ]
    assert importers == []


def test_the_systems_own_sqlite_is_used_nowhere() -> None:
    """SQLite up to 3.51.2 can corrupt a database that two connections write; apsw carries a mended one."""
    users = [
        name_of(p)
        for p in sources()
        if any(within(n, "sqlite3") for n in imports_of(parsed(p), module_of(p), p.name == "__init__.py"))
    ]
    assert users == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.entry", "import apsw"),
        ("engine.entry", "def f():\n    from heard.cases import model"),
        ("engine.entry", "import urllib.request"),
        ("engine.entry", "from ..web import app"),
        ("cases.model", "from heard.coverage.entries import PostPublished"),
        ("cases.model", "from heard.web import app"),
        ("text.markdown", "from heard.engine import journal"),
    ],
)
def test_control_an_import_across_the_table_is_caught(module: str, source: str) -> None:
    rule = rule_for(module, RULES)
    assert rule is not None
    assert [n for n in imports_of(ast.parse(source), module, False) if offence(n, module, rule)]
