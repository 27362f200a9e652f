"""May a folder leave? What it opens, what changed since the last release, who prepared it and who approved it.

The record of a release stands beside its manifest and may be read by anybody. The journal of a study stands beside its
study file and is never published: it keeps the ids of the rows that each release opened and the folders that went out,
so that a row can be taken down everywhere.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from kcgeo import data
from kcgeo.data.directory.closing.authorisations import COLUMNS, NOTHING
from kcgeo.disclosure import Canary, scan
from kcgeo.errors import DisclosureError, StudyError, first_ids
from kcgeo.files import sha256, write_text
from kcgeo.study.folder.manifest import MANIFEST, RECORD, TOOL

__all__ = ["RECORD", "Review", "approve", "folder_problems", "hidden_canaries", "review", "take_down"]


def folder_problems(folder: Path, canaries: Sequence[Canary] = ()) -> list[str]:
    """Say why a folder of results may not leave: files that are not those of its manifest, or a hidden place in one.

    Every file is opened as a reader could open it: streams of PDFs, slides, layers, pictures' metadata. Nothing of what
    is found is repeated.
    """
    content = _manifest(folder)
    listed = {entry["path"]: entry["sha256"] for entry in content.get("files", ())}
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    strange = sorted(set(found) - set(listed) - {MANIFEST, RECORD})
    changed = sorted(name for name, digest in listed.items() if name in found and sha256(found[name]) != digest)
    problems = [
        f"{what}: {first_ids(names)}; make the folder anew."
        for what, names in (
            ("The manifest does not list these files", strange),
            ("These files are not as they were made", changed),
            ("These files of the manifest are missing", sorted(set(listed) - set(found))),
        )
        if names
    ]
    leaks = scan(folder, canaries)
    if leaks:
        places = sorted({f"{leak.path} ({leak.canary})" for leak in leaks})
        problems.append(f"A hidden row stands in the folder: {first_ids(places)}; do not publish it.")
    return problems


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = {}
    if content.get("tool") != TOOL:
        raise StudyError(f"{folder} is no folder of results that kcgeo wrote.")
    return content


def hidden_canaries(path: Path) -> list[Canary]:
    """Turn an operator's own list of hidden places into what must not be found; the list stays where it is.

    The columns ``name, address, phone, latitude, longitude`` are used where they are there.
    """
    rows = pd.read_csv(path, dtype="str", keep_default_na=False)
    birds = []
    for at, row in enumerate(rows.to_dict("records"), start=2):
        point = [float(row[name]) if row.get(name) else None for name in ("longitude", "latitude")]
        words = tuple(str(row[name]) for name in ("name", "address") if row.get(name))
        phones = (str(row["phone"]),) if row.get("phone") else ()
        birds.append(Canary(f"line {at}", point[0], point[1], words, phones))
    return birds


@dataclass(frozen=True)
class Review:
    """What a second person reads before a folder leaves; ids are the operator's own."""

    folder: Path
    opened: Mapping[str, str]
    sleeping: tuple[str, ...]
    new: tuple[str, ...]
    closed: tuple[str, ...]
    tables: tuple[tuple[str, str], ...]
    problems: tuple[str, ...] = field(default=())


def review(folder: Path, study_path: Path, *, canaries: Sequence[Canary] = ()) -> Review:
    """Compare a folder of results with its study, its authorisations and the last release.

    Parameters
    ----------
    folder
        Folder of results of the study.
    study_path
        The study file; its journal lies beside it.
    canaries
        Hidden places that must not be found in any file.
    """
    study = data.read_study(study_path)
    content = _manifest(folder)
    services = data.directory(study)
    exact = services[services["disclosure"].eq("exact") & services.geometry.notna()]
    opened = {row.service_id: f"{row.organization_name}: {row.service_name}" for row in exact.itertuples()}
    sleeping = _sleeping(exact)
    allowed = data.authorised(exact, data.authorisations(study))
    unsigned = [one for one in sleeping if not allowed[exact["service_id"].eq(one)].all()]
    problems = folder_problems(folder, canaries)
    if content.get("study", study.name) != study.name:
        problems.append(f"The folder was made of the study {content.get('study')}, not of {study.name}.")
    if unsigned:
        problems.append(
            f"Places where people sleep are exact and no authorisation is valid today: {first_ids(unsigned)}; "
            "withhold them, or record who allowed it in the file of authorisations."
        )
    before = set(journal[-1]["opened"] if (journal := _journal(study_path)) else ())
    tables = tuple((str(one["name"]), _adds(one)) for one in content.get("releases", ()))
    return Review(
        folder,
        opened,
        tuple(sleeping),
        tuple(sorted(set(opened) - before)),
        tuple(sorted(before - set(opened))),
        tables,
        tuple(problems),
    )


def _sleeping(services: gpd.GeoDataFrame) -> list[str]:
    kinds = data.load("categories")
    shelters = set(kinds.loc[kinds["shelter_like"], "category"])
    return [
        one for one, names in zip(services["service_id"], services["categories"], strict=True) if shelters & set(names)
    ]


def _adds(release: Mapping[str, Any]) -> str:
    """Say what a table adds to what an attacker can compute."""
    if release["kind"] == "people":
        return (
            f"{release['suppressed_count']} cells suppressed; each count of 1 to 10 stays open to four counts or more, "
            "also together with the releases it was linked to"
        )
    if release["kind"] == "services":
        return "the places and words that are listed here, and nothing of a row that stays"
    return "nothing of a hidden place: " + "; ".join(release["rules"])


def _journal_path(study_path: Path) -> Path:
    return study_path.with_name(f"{study_path.stem}.releases.json")


def _journal(study_path: Path) -> list[dict[str, Any]]:
    path = _journal_path(study_path)
    if not path.is_file():
        return []
    try:
        entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise StudyError(f"{path.name} cannot be read; restore it, since it says which folders went out.") from None
    return entries


def approve(found: Review, study_path: Path, *, prepared_by: str, approved_by: str, today: date | None = None) -> Path:
    """Write the record of a release and the line of the journal, and return the record.

    Raises
    ------
    DisclosureError
        The folder may not leave, or one role prepared and approved it.
    """
    roles = [" ".join(role.split()) for role in (prepared_by, approved_by)]
    if not all(roles) or roles[0].casefold() == roles[1].casefold():
        raise DisclosureError("A release is approved by a second role; name two that differ.")
    if found.problems:
        raise DisclosureError(found.problems)
    day = (date.today() if today is None else today).isoformat()
    record = {
        "tool": TOOL,
        "released_on": day,
        "prepared_by": roles[0],
        "approved_by": roles[1],
        "manifest_sha256": sha256(found.folder / MANIFEST),
        "places_opened_count": len(found.opened),
        "new_places_count": len(found.new),
    }
    path = found.folder / RECORD
    write_text(path, json.dumps(record, indent=1) + "\n")
    entry = {**record, "folder": str(found.folder.resolve()), "opened": sorted(found.opened)}
    write_text(_journal_path(study_path), json.dumps([*_journal(study_path), entry], indent=1) + "\n")
    return path


def take_down(service_id: str, study_path: Path, *, signer_role: str, today: date | None = None) -> list[str]:
    """Close a row of a study in every answer from now on, and return the folders that already hold it.

    Raises
    ------
    StudyError
        The study names no file of authorisations, where the word is kept.
    """
    study = data.read_study(study_path)
    if study.authorisations_path is None:
        raise StudyError(
            f"The study {study.name} names no file of authorisations, where a take-down is kept; add the line "
            'authorisations = "authorisations.csv" to its section [services].'
        )
    path, day = study.authorisations_path, (date.today() if today is None else today).isoformat()
    row = dict.fromkeys(COLUMNS, "") | {"scope": service_id, "may_show": NOTHING, "authority": "signed"}
    row |= {"organization_name": "any", "signer_role": signer_role or "operator", "signed_on": day}
    fresh = not path.is_file()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow(row)
    return [entry["folder"] for entry in _journal(study_path) if service_id in entry["opened"]]
