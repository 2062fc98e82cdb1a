"""The news fragments in changes/, and the tool that gathers them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.tidy.tree import ROOT


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("news", ROOT / "scripts" / "news.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


news = tool()


def test_every_fragment_is_well_formed() -> None:
    paths = news.fragments(ROOT / "changes")
    wrong = {path.name: found for path in paths if (found := news.faults(path.name, path.read_text("utf-8")))}
    assert not wrong


def test_fragments_are_gathered_by_sort_and_then_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "README.md").write_text("how to")
    (tmp_path / "changes" / "b-two.mended.md").write_text("A thing\nis whole again.\n")
    (tmp_path / "changes" / "a-one.added.md").write_text("A thing is new.\n")
    (tmp_path / "CHANGELOG.md").write_text(f"# Changes\n\n{news.HEAD}\n## 0.1.0\n\nold\n")
    monkeypatch.setattr(news, "ROOT", tmp_path)
    assert news.main(["0.2.0"]) == 0
    told = (tmp_path / "CHANGELOG.md").read_text()
    assert told.index("## 0.2.0") < told.index("- A thing is new.") < told.index("- A thing is whole again.")
    assert told.index("whole again") < told.index("## 0.1.0")
    assert [p.name for p in (tmp_path / "changes").iterdir()] == ["README.md"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Bad Name.added.md", "A thing is new.\n"),
        ("thing.improved.md", "A thing is new.\n"),
        ("thing.added.md", ""),
        ("thing.added.md", "no end"),
        ("thing.added.md", "# Heading\n\nA thing is new.\n"),
        ("thing.added.md", "word " * 100 + "end.\n"),
    ],
)
def test_control_a_faulty_fragment_is_named(name: str, text: str) -> None:
    assert news.faults(name, text)
