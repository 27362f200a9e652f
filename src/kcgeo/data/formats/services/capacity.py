"""Beds as data: what a list, a table of one's own or an HSDS feed says of them, and how old the number is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kcgeo.data.directory.of_study import directory, directory_path
from kcgeo.data.formats.services.hsds_read import linked, read_hsds_tables
from kcgeo.data.package.catalogue import describe, load, read_text_table
from kcgeo.data.package.schemas import check_table
from kcgeo.data.study.settings import Study
from kcgeo.errors import StudyError, TableError

__all__ = ["capacity", "read_capacity"]

OWN_LIST = "the study's own list of services"


def capacity(study: Study) -> pd.DataFrame:
    """Say how many beds the public sites of a study have, and since when that is known.

    The packaged directory has its own record. Of a study's own list the column ``capacity_beds`` counts, with the day
    of its check; a file named in ``[services] capacity`` (:func:`read_capacity`) replaces the numbers of its services.

    Returns
    -------
    DataFrame
        ``service_id, unit, maximum, available, updated, source``, sorted; a service without a number has no row. Rows
        of a service that is not public are left out without a word, so that nothing tells of them.

    Raises
    ------
    StudyError, TableError
        For a file that cannot be read; as :func:`kcgeo.data.directory`.

    Examples
    --------
    >>> from kcgeo.data import default_study, read_study
    >>> capacity(read_study(default_study()))[["service_id", "maximum", "updated"]].values.tolist()
    [['svc-city-union-mission-01', 300, '2022'], ['svc-sheffield-place-01', 24, '2022']]
    """
    listed = directory(study)
    public = listed[listed["disclosure"].eq("exact")]
    if directory_path(study) is None and not study.changes:
        table = pd.DataFrame(load("capacity"))
    else:
        rows = public[public["capacity_beds"].notna()]
        table = pd.DataFrame(
            {"service_id": rows["service_id"], "unit": "beds", "maximum": rows["capacity_beds"].astype("int64")}
        ).assign(available=float("nan"), updated=rows["verified_on"].map(_year, na_action="ignore"), source=OWN_LIST)
    if study.capacity_path is not None:
        own = read_capacity(study.capacity_path)
        table = pd.concat([table[~table["service_id"].isin(own["service_id"])], own], ignore_index=True)
    return table[table["service_id"].isin(public["service_id"])].sort_values("service_id", ignore_index=True)


def _year(value: object) -> str:
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def read_capacity(path: Path) -> pd.DataFrame:
    """Read beds from a CSV of the form of the table ``capacity``, or from the ``service_capacity`` of an HSDS 3.1 feed.

    Of a feed the rows whose unit or description speaks of beds count; several of one service are added up, and the
    oldest of their dates holds.

    Raises
    ------
    StudyError, TableError
        No such file, or a table of another form.
    """
    if not path.exists():
        raise StudyError(f"services.capacity names {path}, which is no file; correct the name or leave it out.")
    item = describe("capacity")
    frame = read_text_table(path, item) if path.suffix.lower() == ".csv" else _of_feed(path)
    table: pd.DataFrame = check_table(frame, item)
    if (table["available"] > table["maximum"]).any():
        first = table.loc[table["available"] > table["maximum"], "service_id"].iloc[0]
        raise TableError(f"{first}: available is above maximum; correct the numbers.")
    return table


def _of_feed(path: Path) -> pd.DataFrame:
    tables, _ = linked(read_hsds_tables(path)[0])
    units = {row["id"]: row.get("name", "") for row in tables.get("unit", ())}
    rows = pd.DataFrame(tables.get("service_capacity", ()), dtype="str").reindex(
        columns=["service_id", "unit_id", "description", "maximum", "available", "updated"]
    )
    words = rows["unit_id"].map(units).fillna("") + " " + rows["description"].fillna("")
    beds = rows[words.str.contains(r"\b(?:beds?|cribs?)\b", case=False) & rows["maximum"].fillna("").ne("")]
    if beds.empty:
        raise TableError(f"{path.name} has no service_capacity in beds; name a file that has.")
    numbers = beds[["maximum", "available"]].apply(pd.to_numeric, errors="coerce")
    by_service = beds[["service_id", "updated"]].join(numbers).groupby("service_id")
    total = by_service[["maximum", "available"]].sum(min_count=1).join(by_service["updated"].min().str[:10])
    table: pd.DataFrame = total.reset_index().assign(unit="beds", source=f"{path.name} (Open Referral HSDS)")
    return table
