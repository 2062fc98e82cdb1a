"""A statement is written by us, whole; whatever comes from outside is bound to it as a parameter."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.tree import PACKAGE, module_of, parsed, sources

EXECUTES = {"execute", "executemany", "executescript"}
# (room or part, expression): why what stands in the statement cannot come from outside.
KNOWN = {
    ("coverage", "columns"): "column names, written in the calls of _set; the values are bound",
    ("rebuilding", "name"): "a table's own name, read from the schema",
    ("engine", "schema"): "each room's own CREATE statements",
    ("store", "position"): "a whole number of ours, for user_version; a PRAGMA takes no parameters",
    ("store", "pragma"): "the three settings above it; `synchronous` comes from tests and from us",
    ("store", "table"): "the CREATE statements of a store, written at its top",
    ("store", "VACUUM[table]"): "one of the four statements written above it; VACUUM takes no parameters",
    ("store", "where"): "conditions written in the methods above it; the values are bound",
}


class Constants:
    """Which expressions of a module are text that its author wrote: literals, names for them, and their sums."""

    def __init__(self, tree: ast.Module) -> None:
        self.given: dict[str, list[ast.expr]] = {}
        self.taken: dict[str, ast.expr | None] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("heard."):
                self.taken |= {a.asname or a.name: written_in(str(node.module), a.name) for a in node.names}
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    self._named(target, node.value)
            elif isinstance(node, ast.AnnAssign | ast.AugAssign) and node.value:
                self._named(node.target, node.value)
            elif isinstance(node, ast.For | ast.comprehension):
                self._named(node.target, node.iter)

    def _named(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.given.setdefault(target.id, []).append(value)

    def hold(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        """Whether this text is the author's own; a name that is also given anything else is not."""
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.JoinedStr):
            return all(self.hold(v.value if isinstance(v, ast.FormattedValue) else v, seen) for v in node.values)
        if isinstance(node, ast.Name):
            values = self.given.get(node.id, [])
            if not values and (taken := self.taken.get(node.id)):
                return Constants(ast.Module([], [])).hold(taken)
            return node.id in seen or (bool(values) and all(self.hold(v, seen | {node.id}) for v in values))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.hold(node.left, seen) and self.hold(node.right, seen)
        if isinstance(node, ast.IfExp):
            return self.hold(node.body, seen) and self.hold(node.orelse, seen)
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return all(self.hold(e, seen) for e in node.elts)
        return False


def written_in(module: str, name: str) -> ast.expr | None:
    """What another module of ours gives a name at its top, if it does so once."""
    path = PACKAGE.parent / (module.replace(".", "/") + ".py")
    if not path.is_file():
        return None
    values = [
        node.value
        for node in parsed(path).body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
    ]
    return values[0] if len(values) == 1 else None


def doubtful(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and source of each statement that is not the author's own text. A function that hands a parameter of
    its own to execute is an execute too: its callers in the module are looked at instead."""
    constants, executes = Constants(tree), set(EXECUTES)
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    for _ in range(3):  # a forwarder of a forwarder of a forwarder is deep enough
        for function in functions:
            first = {a.arg for a in function.args.args[:2]} - {"self", "tables", "db", "connection"}
            if any(isinstance(c.args[0], ast.Name) and c.args[0].id in first for c in calls(function, executes)):
                executes.add(function.name)
    forwarded = {a.arg for f in functions if f.name in executes for a in f.args.args[:2]}
    for call in calls(tree, executes):
        statement = call.args[0]
        if isinstance(statement, ast.Name) and statement.id in forwarded and statement.id not in constants.given:
            continue
        for part in unsure(statement, constants):
            yield call.lineno, ast.unparse(part)


def unsure(statement: ast.expr, constants: Constants) -> list[ast.expr]:
    if constants.hold(statement):
        return []
    if isinstance(statement, ast.JoinedStr):
        inside = [v.value for v in statement.values if isinstance(v, ast.FormattedValue)]
        return [v for v in inside if not constants.hold(v)]
    return [statement]


def calls(tree: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in names:
                yield node


def test_every_statement_is_our_own_text_and_the_rest_is_bound() -> None:
    found = [
        f"{module_of(path)}:{line}: {part}"
        for path in sources()
        for line, part in doubtful(parsed(path))
        if (module_of(path).split(".")[0], part) not in KNOWN
    ]
    assert not found, "\n" + "\n".join(found)


def test_no_known_exception_has_outlived_its_code() -> None:
    met = {(module_of(path).split(".")[0], part) for path in sources() for _, part in doubtful(parsed(path))}
    assert set(KNOWN) <= met, f"no longer needed: {set(KNOWN) - met}"


@pytest.mark.parametrize(
    "source",
    [
        "def f(db, name): db.execute(f'SELECT * FROM post WHERE title = {name!r}')",
        "def f(db, name): db.execute('SELECT * FROM post WHERE title = ' + name)",
        "def f(db, name): db.execute('SELECT * FROM post WHERE title = %s' % name)",
        "def f(db, name): db.execute('SELECT {}'.format(name))",
        "WHERE = 'a'\ndef f(db, name):\n    WHERE = name\n    db.execute(f'SELECT {WHERE}')",
        "def ask(statement): db.execute(statement)\ndef f(name): ask('SELECT ' + name)",
    ],
)
def test_control_text_from_outside_is_seen(source: str) -> None:
    assert list(doubtful(ast.parse(source)))


def test_control_constants_and_their_sums_pass() -> None:
    order = "def f(db, x):\n    order = 'a' if x else 'b'\n    db.execute(f'{A} ORDER BY {order}' + ' ?', (x,))"
    assert not list(doubtful(ast.parse(f"A = 'SELECT 1'\n{order}")))
