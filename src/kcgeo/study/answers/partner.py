"""Results for a partner who may see all of their own services; kept apart from ``run`` and from everything published.

The partner's file holds every place, confidential ones too. It never meets the public directory's file; times to its
services are computed beside those to public services, and written outside of any repository with a watermark. See
docs/disclosure.md.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from kcgeo import access, data, travel
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Confidential, confidential, partner_folder, write_confidential
from kcgeo.errors import TableError, raise_all
from kcgeo.study.measure import GROUPS

__all__ = ["partner_results"]

_COLUMNS = ("service_id", "category", "latitude", "longitude")


def partner_results(study: Study, services_path: Path | str, out: Path | str, *, recipient: str) -> tuple[Path, ...]:
    """Measure coverage with a partner's own services, and write it for them alone.

    Parameters
    ----------
    study : Study
        Places, speeds and cutoffs; its own directory gives the public services that are open to anyone.
    services_path : path
        The partner's CSV: ``service_id, category, latitude, longitude`` and nothing that is needed besides. It must not
        lie in a repository.
    out : path
        Folder outside of any repository.
    recipient : str
        Who may see the results; stands in the watermark of each file.

    Returns
    -------
    tuple of Path
        ``coverage.csv`` (as the public table, with all of the partner's services counted as exact ones), ``times.csv``
        (minutes by place to the nearest public or confidential service of each category).

    Raises
    ------
    DisclosureError
        A file or folder in a repository, or a run in continuous integration.
    TableError
        For faults of the file, without its places.
    """
    top = data.package_folder().parent
    partner_folder(out, repository=top)
    partner_folder(Path(services_path).resolve().parent, repository=top)
    own = confidential(_read(Path(services_path)))
    places = data.living_points(study)
    public = data.by_category(data.directory(study, eligibility="anyone"))
    network = travel.network(study)

    def times(table: pd.DataFrame) -> pd.DataFrame:
        both = pd.concat(
            [public[["service_id", "category", "geometry"]], table[["service_id", "category", "geometry"]]]
        )
        layer = gpd.GeoDataFrame(both, geometry="geometry", crs=public.crs).reset_index(drop=True)
        return travel.nearest_times(
            network, places, layer, by="category", cutoff_min=study.travel.search_cutoff_min
        ).reset_index()

    def coverage(table: pd.DataFrame) -> pd.DataFrame:
        groups = places.set_index("place_id")[list(GROUPS)]
        return access.coverage_table(table.set_index("place_id"), groups, cutoffs_min=study.gaps.cutoffs_min)

    by_place: Confidential = own.map(times)
    tables = {"coverage.csv": by_place.map(coverage), "times.csv": by_place}
    return write_confidential(tables, out, repository=top, recipient=recipient, writer=_write)


def _read(path: Path) -> gpd.GeoDataFrame:
    """Read the partner's CSV; messages name columns and rows by number, never what stands there."""
    try:
        table = pd.read_csv(path, dtype="str")
    except (OSError, ValueError) as fault:
        failed = type(fault).__name__
    else:
        failed = ""
    if failed:
        raise TableError(f"The partner's file cannot be read as CSV ({failed}).")
    raise_all([f"The partner's file has no column {name}." for name in _COLUMNS if name not in table], TableError)
    numbers = table[["latitude", "longitude"]].apply(pd.to_numeric, errors="coerce")
    wrong = (
        numbers.isna().any(axis=1) | ~numbers["latitude"].between(-90, 90) | ~numbers["longitude"].between(-180, 180)
    )
    known = set(data.load("categories")["category"])
    problems = [
        f"Line {line + 2} of the partner's file has no {what}."
        for what, faulty in (("valid position", wrong), ("known category", ~table["category"].isin(known)))
        for line in faulty.to_numpy().nonzero()[0]
    ]
    raise_all(problems, TableError)
    extra = ["disclosure"] if "disclosure" in table else []
    points = gpd.points_from_xy(numbers["longitude"], numbers["latitude"], crs="EPSG:4326")
    return gpd.GeoDataFrame(table[["service_id", "category", *extra]], geometry=points)


def _write(table: pd.DataFrame, path: Path, mark: str) -> None:
    path.write_text(f"# {mark}\n{table.to_csv(index=False, lineterminator=chr(10))}", encoding="utf-8")
