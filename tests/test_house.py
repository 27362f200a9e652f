"""The house rules: what holds for the files of the repository, whatever the code does."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib import import_module
from pathlib import Path

import nbformat
import pytest

import kcgeo

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CONDA_NAMES = {"h3-py": "h3"}
EXTRAS_IN_ENVIRONMENT = ("stats", "report", "notebooks")


def _tracked() -> list[Path]:
    """Files that git tracks; the whole tree (less build folders) where this is no checkout."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode == 0 and listing.stdout:
        paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
        return [path for path in paths if path.is_file()]
    skipped = {".venv", "output", ".git"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not skipped & set(path.parts)]


def _environment() -> set[str]:
    """Requirements of environment.yml in the names of pyproject.toml."""
    found = set()
    for line in (ROOT / "environment.yml").read_text().splitlines():
        match = re.match(r"\s*- ([A-Za-z0-9._-]+)(\S*)\s*$", line)
        if match and match[1] not in {"pip", "conda-forge"}:
            found.add(CONDA_NAMES.get(match[1], match[1]) + match[2])
    return found


def test_environment_equals_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = set(project["dependencies"]) | {"python" + project["requires-python"]}
    for extra in EXTRAS_IN_ENVIRONMENT:
        wanted |= set(project["optional-dependencies"][extra])
    assert _environment() == wanted


def test_environment_installs_kcgeo_with_extras_that_exist() -> None:
    line = re.search(r"- -e \.\[(\S+)\]", (ROOT / "environment.yml").read_text())
    assert line
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(line[1].split(",")) == set(extras) - {"bench", "dev", "docs"}


def test_one_version_everywhere_and_the_changelog_has_it() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert headings[:2] == ["Unreleased", version]


def test_no_public_name_goes_without_the_rule() -> None:
    """A name leaves docs/api/names.txt one version after a warning (docs/api/index.md)."""
    listed = (ROOT / "docs" / "api" / "names.txt").read_text().split()
    rooms = {name.split(".")[1] for name in listed}
    assert rooms == set(kcgeo.ROOMS)
    assert [
        name for name in listed if not hasattr(import_module(name.rpartition(".")[0]), name.rpartition(".")[2])
    ] == []


def test_lock_holds_every_requirement_with_hashes_and_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text()
    locked = {re.sub(r"[._-]+", "-", name).lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.M)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(item for name in extras if name != "bench" for item in extras[name])]
    names = {re.sub(r"[._-]+", "-", re.split(r"[<>=!~\[; ]", requirement)[0]).lower() for requirement in wanted}
    assert names <= locked
    assert "://" not in text
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert all("--hash=sha256:" in block for block in blocks)


@pytest.mark.parametrize("pattern", [r"/(work|root|farm|home)/[a-z.]", r"pypi\.org|pythonhosted|npmjs|registry\.npm"])
def test_no_file_names_a_machine_or_a_registry_host(pattern: str) -> None:
    text_ends = {".py", ".md", ".toml", ".yml", ".yaml", ".ipynb", ".json", ".csv", ".cff", ".lock", ""}
    allowed = {ROOT / "tests" / "test_house.py"}
    guilty = [
        path.relative_to(ROOT).as_posix()
        for path in _tracked()
        if path.suffix in text_ends
        and path not in allowed
        and re.search(pattern, path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert guilty == []


def test_no_uv_lock_is_committed() -> None:
    assert not [path for path in _tracked() if path.name == "uv.lock"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_thin_and_stripped(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert sum(len(cell.source.splitlines()) for cell in cells) <= 100
    assert max(len(cell.source.splitlines()) for cell in cells) <= 15
    assert not any(re.search(r"^\s*(def|class) ", cell.source, re.M) for cell in cells)
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1


def test_notebook_index_names_each_notebook() -> None:
    index = (ROOT / "notebooks" / "README.md").read_text()
    assert [path.name for path in NOTEBOOKS if path.name not in index] == []


def test_makefile_help_lists_each_public_target() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.search(r"^\.PHONY: (.*)$", text, re.M)[1].split())
    described = set(re.findall(r"^([a-z-]+):.*## ", text, re.M))
    assert {"maps", "test", "help"} <= described
    assert described <= targets
