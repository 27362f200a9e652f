"""The README is always true: its Python runs, its links lead somewhere, its commands exist."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "notebooks" / "README.md", ROOT / "data" / "README.md"]
)


def test_python_of_the_readme_prints_what_it_shows() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert blocks
    test = doctest.DocTestParser().get_doctest("".join(blocks), {}, "README", "README.md", 0)
    assert len(test.examples) <= 8
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_of_a_page_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_commands_and_functions_of_the_readme_exist() -> None:
    import importlib

    from typer.main import get_command

    from kcgeo.cli import app

    text = (ROOT / "README.md").read_text()
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for words in re.findall(r"`kcgeo ([a-z ]+?)`", text):
        level = commands
        for word in words.split():
            assert word in level, words
            level = getattr(level[word], "commands", {})
    for name in re.findall(r"`(kcgeo\.[a-z_]+)\.([a-z_]+)`", text):
        assert hasattr(importlib.import_module(name[0]), name[1]), name


def test_make_targets_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text())) <= targets
