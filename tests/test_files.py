"""What a killed run left behind is swept, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kcgeo import files

KILLED = """
import os, signal, sys
from pathlib import Path
from kcgeo.files import replacing_folder
with replacing_folder(Path(sys.argv[1])) as target:
    (target / "half.txt").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="asks the system for living processes")
def test_the_next_run_sweeps_what_a_killed_one_left(tmp_path: Path) -> None:
    out = tmp_path / "kansas-city"
    with files.replacing_folder(out) as target:
        (target / "whole.txt").write_text("whole")
    subprocess.run([sys.executable, "-c", KILLED, str(out)], check=False)
    assert len(left(tmp_path)) == 2
    assert left(out) == ["whole.txt"]
    with files.replacing_folder(out) as target:
        assert left(tmp_path) == [target.name, "kansas-city"]
        (target / "new.txt").write_text("new")
    assert left(tmp_path) == ["kansas-city"]
    assert left(out) == ["new.txt"]


def test_folders_of_others_and_of_living_runs_stay(tmp_path: Path) -> None:
    mine = f".out-kcgeo-{os.getpid()}-{files._machine()}-abcdefgh"
    names = [".out-settings", ".out-abcdefgh", mine, ".other-kcgeo-1-00000000-abcdefgh", ".out-kcgeo-1-x"]
    names.append(f".out-kcgeo-{2**22 + 1}-{'0' * 8}-abcdefgh")  # of another machine, and young
    for name in names:
        (tmp_path / name).mkdir()
    with files.replacing_folder(tmp_path / "out"):
        pass
    assert left(tmp_path) == sorted([*names, "out"])


def test_after_a_day_a_temporary_folder_goes_whoever_made_it(tmp_path: Path) -> None:
    old = tmp_path / f".out-kcgeo-{os.getpid()}-{'0' * 8}-abcdefgh"
    old.mkdir()
    os.utime(old, (1e9, 1e9))
    with files.replacing_folder(tmp_path / "out"):
        pass
    assert left(tmp_path) == ["out"]


def test_a_former_result_comes_back_if_the_new_one_never_came(tmp_path: Path) -> None:
    former = tmp_path / f".out-kcgeo-{os.getpid()}-{'0' * 8}-abcdefgh-former"
    former.mkdir()
    (former / "whole.txt").write_text("whole")
    os.utime(former, (1e9, 1e9))
    with pytest.raises(RuntimeError), files.replacing_folder(tmp_path / "out"):
        assert left(tmp_path / "out") == ["whole.txt"]
        raise RuntimeError
    assert left(tmp_path) == ["out"]
