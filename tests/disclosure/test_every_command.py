"""Non-interference of every command: hidden rows change, and no file, no word and no exit code does.

Two runs of all commands differ in their hidden rows alone: in the packaged directory, in a study's two lists of
services, some of them withheld by their source and some closed by our rules. Each run is one process, so that the
commands share what they measure. ``kcgeo maps`` has a test of its own beside this one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys

import pandas as pd
import pytest

from tests.travel.timetables import write_feed

from .small_study import STUDY, digests, hidden_row, public_rows

LISTS = (
    "data|add|services|town/first.csv|--name|first|--study|town/study.toml",
    "data|add|services|town/second.csv|--name|second|--study|town/study.toml",
    "data|add|gtfs|town/feed|--study|town/study.toml",
)
COMMANDS = """
import sys
from kcgeo.cli import main
from kcgeo.study.kept import keeping
if __name__ == "__main__":
    with keeping():
        for line in sys.argv[1:]:
            sys.argv[1:] = line.split("|")
            try:
                main()
                print("exit", 0)
            except SystemExit as stop:
                print("exit", stop.code)
"""

PACKAGED = (
    "gaps|--out|out/gaps|--open-at|2026-11-25 02:00",
    "site|--category|medical|--draws|0",
    "week|--eligibility|minors",
    "chain|--json",
    "data|export-hsds|out/services.json",
)
OWN = (
    "gaps|--out|out/gaps|--eligibility|any_listed",
    "corridor|I-70|--out|out/corridor",
    "site|--category|medical|--draws|1|--out|out/site",
    "site|--category|medical|--draws|0|--keep|no-such-row",
    "reach|--from|-94.58,39.10|--out|out/reach",
    "reach|--from|svc-no-such-row",
    "what-if|--close|{site}|--json",
    "what-if|--close|svc-quetzal-0|--add|town/more.csv",
    "what-if|--add|town/more.csv|--out|out/more",
    "what-if|--each|--json",
    "compare|out/gaps|out/gaps|--out|out/same|--study|town/study.toml",
    "county|20209|--out|out/county",
    "week|--out|out/week",
    "chain|--out|out/chain|--arrivals|2|--from|-94.58,39.10|--leave|2026-11-28 02:00",
    "cards|--out|out/cards.pdf",
    "catchment|--category|emergency_shelter|--minutes|5|--out|out/catchment",
    "transit|--depart|2026-11-25 08:00|--out|out/transit",
    "data|export-hsds|out/services.zip",
    "data|layers",
    "study|check|town/study.toml",
    "gaps|--category|no-such-kind",
)


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


def lists(root, run):
    """Two lists of public rows with hidden ones among them; the second run holds others, elsewhere, and more."""
    public = public_rows(root)
    early = [
        hidden_row(0, level="exact"),
        hidden_row(3, level="withheld", category="transport|legal"),
        hidden_row(5, level="exact", category="long_term_housing|legal"),
    ]
    late = [
        *(hidden_row(number, level="exact", category="emergency_shelter|medical") for number in range(6, 12)),
        hidden_row(12, level="withheld", category="law_enforcement", service_id="aaa-first"),
        hidden_row(13, level="withheld", category="hotline", service_id="withheld-001"),
    ]
    first, second = ((early[:2], early[2:]), (late[:4], late[4:]))[run]
    # a public row of another region is told in a note, which may not count the hidden ones
    away = public.iloc[[0]].assign(
        service_id="svc-away", latitude="41.6", longitude="-93.6", organization_name="Far Aid"
    )
    away = away.assign(physical_address="1 Example Street", city="Des Moines", state="IA", phone=None, postal_code=None)
    public = pd.concat([away, public], ignore_index=True)
    for rows, hidden, in_front in ((public.iloc[:7], first, run == 0), (public.iloc[7:], second, run == 1)):
        extra = pd.DataFrame(hidden, columns=public.columns, dtype="str")
        yield pd.concat([extra, rows] if in_front else [rows, extra], ignore_index=True)


def write_town(folder, root, run):
    """A study with two lists and a bus in one folder, the same but for the hidden rows."""
    town = folder / "town"
    town.mkdir(parents=True)
    (town / "study.toml").write_text(STUDY.replace('\n[services]\npath = "services.csv"\n', ""))
    for name, rows in zip(("first", "second"), lists(root, run), strict=True):
        rows.to_csv(town / f"{name}.csv", index=False)
    more = public_rows(root).head(1).assign(service_id="svc-more", service_categories="medical", latitude="39.2")
    more = more.assign(physical_address=None, phone=None, organization_name="Example Clinic", longitude="-94.3")
    more = more.assign(service_name="Example Clinic", capacity_beds=None, hours=None, opening_hours=None)
    more.to_csv(town / "more.csv", index=False)
    write_feed(
        town / "feed",
        {
            "stops": "stop_id,stop_name,stop_lat,stop_lon\na,First,39.10,-94.58\nb,Second,39.05,-94.59",
            "trips": "route_id,trip_id,service_id\nR1,t1,work",
            "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt1,8:10:00,8:10:00,a,1\n"
            "t1,8:30:00,8:30:00,b,2",
        },
    )


def left_by(folder, package, commands, study):
    """Run commands in one process; return the files, what was printed, and the names of temporary files left over."""
    (folder / "out").mkdir(parents=True, exist_ok=True)
    (folder / "tmp").mkdir(exist_ok=True)
    has_study = ("compare|out", "study|check")
    lines = [line if line.startswith(has_study) else f"{line}|--study|{study}" for line in commands]

    def python(code, *words):
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=folder,
            env={**os.environ, "KCGEO_DATA": str(package), "TMPDIR": str(folder / "tmp"), "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout, re.sub(r"\d+:\d\d:\d\d|[\u2800-\u28ff]", "", done.stderr)

    if study.startswith("town"):
        added, why = python(COMMANDS, *LISTS)  # speaks to the operator, who may know
        assert added.count("exit 0") == len(LISTS), why
    printed, told = python(COMMANDS, *lines)
    return digests(folder / "out"), printed, told, sorted(path.name for path in (folder / "tmp").iterdir())


def pair(tmp_path, root, commands, study):
    """The traces of one list of commands in the two worlds."""
    changes = {"ours": lambda rows: rows, "other": others}
    found = []
    for run, (name, change) in enumerate(changes.items()):
        package = packaged(tmp_path / f"{name}-data", root / "data", change)
        folder = tmp_path / name
        if study.startswith("town"):
            write_town(folder, root, run)
        else:
            folder.mkdir()
            (folder / study).write_text(STUDY.replace('\n[services]\npath = "services.csv"\n', ""))
        found.append(left_by(folder, package, commands, study))
    return found


def assert_same(one, other):
    files, printed, told, temporary = zip(one, other, strict=True)
    assert temporary == ([], [])
    assert files[0].keys() == files[1].keys()
    assert [name for name in files[0] if files[0][name] != files[1][name]] == []
    assert printed[0].splitlines() == printed[1].splitlines()
    assert told[0].splitlines() == told[1].splitlines()


@pytest.mark.slow
def test_hidden_rows_of_the_packaged_directory_change_no_byte(tmp_path, root):
    one, other = pair(tmp_path, root, PACKAGED, "study.toml")
    assert one[1].count("exit 0") == len(PACKAGED), one[2]
    assert {"gaps/manifest.json", "services.json"} <= set(one[0])
    assert_same(one, other)
    digest = hashlib.sha256((tmp_path / "ours-data" / "derived" / "services.csv").read_bytes()).hexdigest()
    for path in (tmp_path / "ours" / "out").rglob("*.json"):
        assert digest not in path.read_text(), path.name


@pytest.mark.slow
def test_hidden_rows_of_a_studys_lists_change_no_byte_of_any_command(tmp_path, root):
    site = public_rows(root)["service_id"].iloc[0]
    commands = [line.replace("{site}", site) for line in OWN]
    one, other = pair(tmp_path, root, commands, "town/study.toml")
    assert_same(one, other)
    ends = re.findall(r"^exit (\d)$", one[1], re.MULTILINE)
    assert len(ends) == len(OWN) and ends.count("2") == 4, one[2]
