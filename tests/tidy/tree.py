"""The files of this repository, as the tidy tests see them: what git would keep, and nothing else."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "heard"
IGNORED = {".git", ".venv", ".cache", "var", "__pycache__"}


@cache
def files() -> tuple[Path, ...]:
    """Every file that is tracked or could be, sorted; an unpacked archive without .git is walked instead."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True,
            capture_output=True,
            timeout=60,
        ).stdout.decode()
        found = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.SubprocessError):
        found = [path for path in ROOT.rglob("*") if not IGNORED & set(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in found if path.is_file()))


def sources() -> list[Path]:
    """The package's own Python files."""
    return [path for path in files() if path.suffix == ".py" and PACKAGE in path.parents]


def name_of(path: Path) -> str:
    """A file as people write it: `src/heard/cli.py`."""
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    """`src/heard/engine/now.py` → `engine.now`; a package's `__init__.py` → the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))
