"""kcgeo study as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_cli import kcgeo


@pytest.mark.slow
def test_new_writes_once_and_check_reads_it(tmp_path: Path) -> None:
    words = ("study", "new", "--name", "newton", "--counties", "20079", "--corridors", "I-135", "--out", str(tmp_path))
    done = kcgeo(*words)
    assert done.returncode == 0, done.stderr
    assert "corridor I-135" in done.stdout
    assert "miles along the line, not mileposts" in done.stdout
    assert "Note: The study names no services yet" in done.stdout
    path = tmp_path / "newton.toml"
    written = path.read_bytes()
    again = kcgeo(*words)
    assert again.returncode == 2
    assert again.stderr.count("kcgeo: ") == 1
    assert "There is a file" in again.stderr
    assert path.read_bytes() == written
    checked = kcgeo("study", "check", str(path))
    assert checked.returncode == 0
    assert "Harvey KS" in checked.stdout
