"""A folder of results, read again to be compared with another."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError
from kcgeo.study.answers.compare import Side
from kcgeo.study.folder.manifest import MANIFEST

__all__ = ["side_of_folder"]


def side_of_folder(folder: Path, study: Study) -> Side:
    """Read the table of gaps that ``kcgeo maps`` or ``kcgeo gaps`` wrote as one side of a comparison.

    Raises
    ------
    StudyError
        No folder of results, none with a table of gaps, or one of another study.
    """
    path = next((path for path in (folder / "tables" / "gaps.csv", folder / "gaps.csv") if path.is_file()), None)
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        gaps = content["parameters"]["gaps"]
        if path is None:
            raise OSError
        table = pd.read_csv(path, dtype={"place_id": str, "county_fips": str})
    except (OSError, ValueError, KeyError, TypeError):
        raise StudyError(
            f"{folder} is neither a study file nor a folder with a table of gaps; name what kcgeo maps or kcgeo gaps "
            "--out wrote."
        ) from None
    if content.get("study") != study.name:
        raise StudyError(f"{folder} is of the study {content.get('study')}, not {study.name}; name it with --study.")
    return Side(str(folder), study, table, float(gaps["headline_cutoff_min"]), tuple(gaps["required"]))
