"""A small study that makes every kind of artefact, and files of services with hidden rows in them."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

from kcgeo import data
from kcgeo.disclosure import Canary

STUDY = """
[study]
name = "small-town"
title = "Small town"
crs = "EPSG:26915"
counties = ["20209", "29095"]
corridors = ["I-70"]
downtown = [-94.5831, 39.1000]

[travel]
h3_resolution = 7
highway_kmh = 95.0
local_kmh = [[0, 65.0], [1200, 35.0]]
circuity = 1.3
ramp_min = 0.5
exit_spacing_km = 3.0
search_cutoff_min = 120.0
max_snap_m = 4000.0

[gaps]
cutoffs_min = [15, 30]
headline_cutoff_min = 15
required = ["emergency_shelter", "medical"]

[services]
path = "services.csv"
"""

# Five invented positions in each of three areas; some lie beyond every public site, so that they would stretch a map.
POSITIONS = {
    "Jackson County MO": [
        (-94.6001, 38.8432), (-94.1198, 38.9012), (-94.1357, 39.1864), (-94.4471, 39.0246), (-94.3135, 38.9975),
    ],
    "Wyandotte County KS": [
        (-94.8812, 39.1432), (-94.6234, 39.1753), (-94.7192, 39.0628), (-94.8456, 39.0247), (-94.6543, 39.1135),
    ],
    "Clay and Platte counties MO": [
        (-94.8975, 39.4973), (-94.2468, 39.4579), (-94.5137, 39.2791), (-94.6519, 39.3642), (-94.2246, 39.2175),
    ],
}  # fmt: skip


def canary(number, longitude, latitude):
    return Canary(
        f"canary {number}",
        longitude,
        latitude,
        words=(f"Quetzal Refuge {number}", f"svc-quetzal-{number}", f"{7100 + number} Sorrel Hollow"),
        phones=(f"913-555-{4100 + number}",),
    )


CANARIES = [
    canary(number, *position)
    for number, position in enumerate(position for area in POSITIONS.values() for position in area)
]


def public_rows(root):
    """Some exact rows and some rows at area level of the packaged directory, cut to two categories: fewer maps."""
    table = pd.read_csv(root / "data" / "derived" / "services.csv", dtype="str")
    at = table["county"].isin(["Jackson", "Wyandotte"]) & table["disclosure"].eq("exact")
    exact = table[at & table["service_categories"].str.contains("medical|emergency_shelter")].head(8)
    area = table[table["area"].isin(list(POSITIONS))].head(4)
    names = exact["service_categories"].str.findall("medical|emergency_shelter").str.join("|")
    return pd.concat([exact.assign(service_categories=names), area], ignore_index=True)


def hidden_row(number, *, level, category="emergency_shelter", **cells):
    """A withheld row, or one that asks to be exact without a basis: that one brings its true place along."""
    bird = CANARIES[number]
    row = {"service_id": bird.words[1], "service_categories": category, "disclosure": level}
    if level == "exact":
        row |= {
            "organization_id": f"org-{bird.words[1]}",
            "organization_name": bird.words[0],
            "service_name": f"{bird.words[0]} shelter",
            "service_status": "active",
            "eligibility": "any",
            "capacity_beds": str(90 + number),
            "phone": bird.phones[0],
            "location_type": "physical",
            "physical_address": f"{bird.words[2]} Road",
            "city": "Kansas City",
            "latitude": str(bird.latitude),
            "longitude": str(bird.longitude),
            "coordinate_precision": "rooftop",
            "seed_mentioned": "no",
            "evidence": "made for the test",
        }
    return row | cells


def write(folder, public, hidden=(), *, first=False):
    """Write study and services into a folder; hidden rows stand first or last."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(STUDY)
    rows = pd.DataFrame(list(hidden), columns=public.columns, dtype="str")
    table = pd.concat([rows, public] if first else [public, rows], ignore_index=True)
    table.to_csv(folder / "services.csv", index=False)
    return folder / "study.toml"


def run(study: Path, out: Path):
    """Run ``kcgeo maps`` in a process of its own, as ``make maps`` does; return what it prints, times left out."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    code = f"import sys; sys.argv[1:] = ['maps', '--study', {str(study)!r}, '--out', {str(out)!r}]\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "from kcgeo.cli import main\nmain()"],
        capture_output=True,
        text=True,
        check=False,
        env=variables,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # how long a step took, and the spinner, are all that differs between two equal runs
    return done.stdout, re.sub(r"\d+:\d\d:\d\d|[\u2800-\u28ff]", "", done.stderr)


def digests(folder):
    """Return the hash of each file by its name; two runs that agree give one and the same dictionary."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def described():
    return [field["name"] for field in data.describe("services")["fields"]]
