"""A file that is hard to hold in the head is two files."""

from __future__ import annotations

from statistics import median

from tests.tidy.tree import files, name_of, sources

LINES_MAX = 400
COUNTED = {".py", ".js", ".css", ".html", ".sh"}


def test_no_file_is_over_400_lines() -> None:
    long = {
        name_of(path): lines
        for path in files()
        if path.suffix in COUNTED and (lines := len(path.read_text("utf-8").splitlines())) > LINES_MAX
    }
    assert not long


def test_the_median_file_of_the_package_is_short() -> None:
    lengths = [len(path.read_text("utf-8").splitlines()) for path in sources() if path.name != "__init__.py"]
    assert median(lengths) <= 170
