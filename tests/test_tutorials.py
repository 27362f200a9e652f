"""Tutorials and guides say what is so: their Python prints what it shows, their commands and options exist."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from kcgeo.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "tutorials").glob("*.md")),
    *sorted((ROOT / "docs" / "methods").glob("*.md")),
]
TUTORIALS = [page for page in PAGES if page.parent.name == "tutorials"]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", TUTORIALS, ids=_name)
def test_python_of_a_tutorial_prints_what_it_shows(page: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    test = doctest.DocTestParser().get_doctest("".join(blocks), {}, page.stem, str(page), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def _commands(text: str) -> list[list[str]]:
    """Words of each command line of kcgeo that stands in a block of a page."""
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.S | re.M)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True) for line in lines if line.startswith("kcgeo ")]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_of_a_page_exist_with_their_options(page: Path) -> None:
    root: Any = get_command(app)
    for words in _commands(page.read_text()):
        level, rest = root, words[1:]
        while rest and hasattr(level, "commands") and not rest[0].startswith("-"):
            assert rest[0] in level.commands, words
            level, rest = level.commands[rest[0]], rest[1:]
        known = {option for item in level.params for option in (*item.opts, *item.secondary_opts)} | {"--quiet", "-q"}
        asked = {word.split("=")[0] for word in rest if word.startswith("--") and word != "--"}
        assert asked <= known, words


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_functions_that_a_page_names_exist(page: Path) -> None:
    for room, name in re.findall(r"`kcgeo\.([a-z]+)\.([a-z_]+)`", page.read_text()):
        module = importlib.import_module(f"kcgeo.{room}")
        found = hasattr(module, name) or importlib.util.find_spec(f"kcgeo.{room}.{name}")
        assert found, f"kcgeo.{room}.{name}"
