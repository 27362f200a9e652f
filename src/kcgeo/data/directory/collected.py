"""What was looked for: a kind of help that nobody has recorded in a county is neither there nor missing."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from kcgeo.data.directory.of_study import directory, directory_path
from kcgeo.data.package.catalogue import describe, load, read_text_table
from kcgeo.data.package.schemas import check_table
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError

__all__ = ["collected", "completeness", "not_collected"]

OWN_LIST = "the study's own list"


def collected(study: Study) -> pd.DataFrame:
    """Say for each county of a study and each kind of help with a place whether it was looked for.

    The packaged directory has its own record. A study with services of its own names a table of this form in
    ``[services] collected``; without one, the kinds that the public rows of its list name count as partly looked for,
    all others as not.

    Returns
    -------
    DataFrame
        ``county_fips, category, looked_for`` (yes, partly, no), ``found_count`` (public sites; missing where they were
        not counted by county), ``looked_on, looked_by, note``; one row for each pair, sorted. A pair that the record
        does not name is ``no``.

    Raises
    ------
    StudyError, TableError
        For a table that cannot be read; as :func:`kcgeo.data.directory`.

    Examples
    --------
    >>> from kcgeo import data
    >>> table = collected(data.read_study(data.default_study())).set_index(["county_fips", "category"])
    >>> table.loc[("20107", "law_enforcement"), "looked_for"]
    'partly'
    """
    kinds = load("categories").query("has_place")["category"]
    every = pd.MultiIndex.from_product([sorted(study.counties), sorted(kinds)], names=["county_fips", "category"])
    record = _record(study).set_index(["county_fips", "category"])
    table = record.reindex(every).reset_index()
    table["looked_for"] = table["looked_for"].fillna("no")
    return table


def _record(study: Study) -> pd.DataFrame:
    if study.collected_path is not None:
        return _read(study.collected_path)
    if directory_path(study) is None:
        return pd.DataFrame(load("collected"))
    rows_listed = directory(study)
    # a kind that only withheld rows name must stay unnamed: its presence here would tell that they exist
    listed = rows_listed.loc[rows_listed["disclosure"].ne("withheld"), "categories"]
    named = sorted({category for names in listed for category in names})
    rows = [(county, category, "partly") for county in study.counties for category in named]
    table = pd.DataFrame(rows, columns=["county_fips", "category", "looked_for"])
    return table.assign(found_count=float("nan"), looked_on=None, looked_by=OWN_LIST, note="")


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise StudyError(f"services.collected names {path}, which is no file; correct the name or leave it out.")
    item = describe("collected")
    table: pd.DataFrame = check_table(read_text_table(path, item), item)
    return table


def not_collected(places: pd.DataFrame, table: pd.DataFrame, *, categories: Collection[str]) -> pd.DataFrame:
    """Say for each place and category whether nobody has looked for it in the place's county.

    Parameters
    ----------
    places
        ``place_id, county_fips``.
    table
        As :func:`collected` gives it; a pair that it does not name was not looked for.
    categories
        Columns of the result.

    Returns
    -------
    DataFrame of bool
        Index ``place_id``.
    """
    looked = table[table["looked_for"].ne("no")].groupby("category")["county_fips"].agg(set).to_dict()
    columns = {name: ~places["county_fips"].isin(looked.get(name, set())).to_numpy() for name in categories}
    return pd.DataFrame(columns, index=pd.Index(places["place_id"], name="place_id"), dtype=bool)


def completeness(table: pd.DataFrame, people: pd.Series[float]) -> pd.DataFrame:
    """Share of people in whose county each kind of help was looked for.

    Parameters
    ----------
    table
        As :func:`collected` gives it.
    people
        People by county code.

    Returns
    -------
    DataFrame
        By category: ``looked_for_share`` (yes or partly) and ``complete_share`` (yes), 0 to 1 of all people.

    Examples
    --------
    >>> rows = [("a", "legal", "yes"), ("b", "legal", "no"), ("c", "legal", "partly")]
    >>> table = pd.DataFrame(rows, columns=["county_fips", "category", "looked_for"])
    >>> completeness(table, pd.Series({"a": 10, "b": 60, "c": 30})).loc["legal"].tolist()
    [0.4, 0.1]
    """
    weight = table["county_fips"].map(people).astype(float)
    parts = {"looked_for_share": table["looked_for"].ne("no"), "complete_share": table["looked_for"].eq("yes")}
    total = weight.groupby(table["category"]).sum()
    held = {name: weight.where(part, 0.0).groupby(table["category"]).sum() for name, part in parts.items()}
    return pd.DataFrame(held).div(total, axis=0)
