"""Non-interference of the packaged directory: its hidden rows change, and nothing that a command leaves does."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from .small_study import STUDY, digests

COMMANDS = """
import contextlib, sys
from kcgeo.cli import main
study = sys.argv[1]
for words in (
    ["gaps", "--out", "gaps"],
    ["corridor", "I-70", "--out", "corridor"],
    ["site", "--category", "medical", "--new", "1", "--draws", "0", "--out", "site"],
    ["what-if", "--close", "svc-no-such-row", "--out", "never"],
    ["data", "export-hsds", "services.json"],
):
    sys.argv[1:] = [*words, "--study", study]
    try:
        main()
        print("exit", 0)
    except SystemExit as stop:
        print("exit", stop.code)
"""


def packaged(folder, source, change):
    """Copy the data package with another list of services, registered as its makers would register it."""
    folder.mkdir()
    for name in ("raw", "makers", "README.md", "NOTICE.md"):
        (folder / name).symlink_to(source / name)
    (folder / "derived").mkdir()
    for path in (source / "derived").iterdir():
        (folder / "derived" / path.name).symlink_to(path)
    target = folder / "derived" / "services.csv"
    target.unlink()
    rows = change(pd.read_csv(source / "derived" / "services.csv", dtype="str"))
    rows.to_csv(target, index=False, lineterminator="\n")
    content = json.loads((source / "datapackage.json").read_text())
    item = next(one for one in content["resources"] if one["name"] == "services")
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    item |= {"bytes": target.stat().st_size, "hash": f"sha256:{digest}", "sha256": digest, "rows": len(rows)}
    (folder / "datapackage.json").write_text(json.dumps(content))
    return folder


def others(rows):
    """Other hidden rows: fewer of the withheld, of other kinds, under other ids, and in front."""
    hidden = rows[rows["disclosure"].eq("withheld")].head(3)
    hidden = hidden.assign(
        service_id=["withheld-101", "aaa-102", "zzz-103"],
        service_categories=["legal", "transport", "emergency_shelter"],
    )
    return pd.concat([hidden, rows[rows["disclosure"].ne("withheld")]], ignore_index=True)


def left_by(folder, package, study):
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, str(study)],
        cwd=folder,
        env={**os.environ, "KCGEO_DATA": str(package), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return digests(folder), done.stdout, [line for line in done.stderr.splitlines() if line.startswith("kcgeo:")]


@pytest.mark.slow
def test_hidden_rows_of_the_packaged_directory_change_no_byte(tmp_path, root):
    study = tmp_path / "study.toml"
    study.write_text(STUDY.replace('\n[services]\npath = "services.csv"\n', ""))
    ours = packaged(tmp_path / "ours", root / "data", lambda rows: rows)
    other = packaged(tmp_path / "other", root / "data", others)
    found = [left_by(tmp_path / name, package, study) for name, package in (("one", ours), ("two", other))]
    files, printed, refusals = zip(*found, strict=True)
    assert "exit 0" in printed[0] and "exit 2" in printed[0]  # some answer, and one is refused
    assert {"gaps/manifest.json", "corridor/manifest.json", "services.json"} <= set(files[0])
    assert files[0] == files[1]
    assert printed[0] == printed[1] and refusals[0] == refusals[1]
    digest = hashlib.sha256((ours / "derived" / "services.csv").read_bytes()).hexdigest()
    for path in (tmp_path / "one").rglob("*.json"):
        assert digest not in path.read_text(), path.name
