"""The ledger: what do we know about X, who says so, what contradicts it, may we compute with it.

Two tables are joined: ``claims`` (numbers found in the source documents) and ``aggregates`` (published reporting
numbers).
"""

from __future__ import annotations

import pandas as pd

from kcgeo.data.package.catalogue import load
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["comparable", "compute_value", "contradictions", "knowledge", "ledger", "regional", "reports", "statements"]

_CLAIMS = {"stated_by": "source", "source_document": "evidence", "known_problems": "note", "paraphrase": "statement"}
_AGGREGATES = {"source_org": "source", "definition": "statement"}
_COLUMNS = [
    *("record_id", "kind", "series", "quantity", "value", "value_number", "unit", "statement", "geography", "geo_fips"),
    *("period", "period_type", "is_estimate", "source", "evidence", "evidence_grade", "note", "contradicts"),
    "use_in_tool",
]
_COMPUTABLE = ("context", "show_with_caveat")


def ledger() -> pd.DataFrame:
    """Return claims and aggregates as one table.

    Returns
    -------
    DataFrame
        ``record_id`` (a claim's or an aggregate's id), ``kind`` (claim or aggregate), what it says, who says so, its
        grade and its use. Aggregates have no ``use_in_tool`` of their own; theirs reads ``show_with_caveat``, or
        ``do_not_compute`` where the value is blank or the grade is D.
    """
    claims: pd.DataFrame = load("claims").rename(columns={"claim_id": "record_id", **_CLAIMS}).assign(kind="claim")
    reports: pd.DataFrame = (
        load("aggregates").rename(columns={"aggregate_id": "record_id", **_AGGREGATES}).assign(kind="aggregate")
    )
    unsound = reports["value_number"].isna() | reports["evidence_grade"].eq("D")
    reports["use_in_tool"] = unsound.map({True: "do_not_compute", False: "show_with_caveat"})
    both = pd.concat([claims, reports], ignore_index=True)
    return both.reindex(columns=_COLUMNS).sort_values(["kind", "record_id"], ignore_index=True)


def regional(study: Study) -> bool:
    """Say whether the packaged facts about one metro concern a study: it shares a county with their region.

    The elements of the plan, and the local rows of claims and aggregates, were collected for the counties of
    ``county_denominators``; a study of other counties is told none of them.
    """
    return bool(set(study.counties) & set(load("county_denominators")["county_fips"]))


def reports(study: Study) -> pd.DataFrame:
    """Return the published aggregates that concern a study.

    Returns
    -------
    DataFrame
        Rows of ``aggregates`` about the nation, about a state that the study has a county in, and, where
        :func:`regional` says so, about its region. Empty for no study: the nation is always told.
    """
    table: pd.DataFrame = load("aggregates")
    if regional(study):
        return table
    codes = {county[:2] for county in study.counties} | {"US"}
    own = table["geo_fips"].fillna("").str.split(";").map(lambda parts: set(parts) <= codes)
    return table[own].reset_index(drop=True)


def statements(study: Study) -> pd.DataFrame:
    """Return the claims that concern a study.

    Returns
    -------
    DataFrame
        Rows of ``claims``: those about the nation and the world for every study, the others only where :func:`regional`
        says so.
    """
    table: pd.DataFrame = load("claims")
    if regional(study):
        return table
    return table[table["geography"].isin(["US", "World"])].reset_index(drop=True)


def knowledge(about: str) -> pd.DataFrame:
    """Return all that the ledger knows about a subject, best grade first.

    Parameters
    ----------
    about : str
        Words that must all stand in the quantity, statement, series, geography, unit or source of a record, e.g.
        ``"cases Kansas"``; or the id of one record.

    Returns
    -------
    DataFrame
        Rows of :func:`ledger`; empty where nothing is known, which is not zero.

    Raises
    ------
    TableError
        ``about`` is blank.

    Examples
    --------
    >>> knowledge("C2-01")[["value", "unit", "use_in_tool"]].to_numpy().tolist()
    [['672', 'cases', 'show_with_caveat']]
    """
    words = about.casefold().split()
    if not words:
        raise TableError("Say what the question is about: a word such as 'cases', or the id of a record.")
    table = ledger()
    exact = table[table["record_id"].str.casefold() == about.strip().casefold()]
    if len(exact):
        return exact.reset_index(drop=True)
    searched = table[["series", "quantity", "statement", "geography", "unit", "source"]].fillna("")
    text = searched.agg(" ".join, axis=1).str.casefold()
    found = table[[all(word in line for word in words) for line in text]]
    return found.sort_values(["evidence_grade", "kind", "record_id"], key=_grade_last, ignore_index=True)


def _grade_last(column: pd.Series) -> pd.Series:
    """Sort '-' (no grade) behind D."""
    return column.replace("-", "Z") if column.name == "evidence_grade" else column


def _record(table: pd.DataFrame, key: str, record_id: str, name: str) -> pd.Series:
    """Return one row by its id."""
    found = table[table[key] == record_id]
    if found.empty:
        raise TableError(f"There is no record '{record_id}' in the {name}; kcgeo.data.ledger() lists them.")
    return found.iloc[0]


def contradictions(claim_id: str) -> pd.DataFrame:
    """Return the claims that say otherwise than a claim, in either direction.

    Returns
    -------
    DataFrame
        Rows of ``claims``; empty where nothing is known to contradict it.

    Raises
    ------
    TableError
        There is no such claim.

    Examples
    --------
    >>> contradictions("C0-03")["claim_id"].to_list()
    ['C0-04', 'C3-07']
    """
    table: pd.DataFrame = load("claims")
    own = _record(table, "claim_id", claim_id, "claims")["contradicts"]
    named = set(own.split(";")) if isinstance(own, str) else set()
    naming = table["contradicts"].fillna("").str.split(";").map(lambda others: claim_id in others)
    return table[table["claim_id"].isin(named) | naming].reset_index(drop=True)


def compute_value(record_id: str) -> float:
    """Return the number of a claim or an aggregate where computing with it is allowed.

    Raises
    ------
    TableError
        No such record; ``use_in_tool`` is ``do_not_compute``, ``show_as_disputed`` or ``area_only``; or no single
        number is printed. The sentence says why.
    """
    row = _record(ledger(), "record_id", record_id, "ledger")
    if row["use_in_tool"] not in _COMPUTABLE:
        why = f" ({row['note']})" if isinstance(row["note"], str) else ""
        raise TableError(f"{record_id} may not be computed with: its use is {row['use_in_tool']}{why}.")
    if pd.isna(row["value_number"]):
        raise TableError(f"{record_id} prints no single number ('{row['value']}'); quote it as text.")
    return float(row["value_number"])


def comparable(record_ids: list[str] | tuple[str, ...]) -> pd.DataFrame:
    """Return records that may stand on one axis: one unit, one kind of period, no blank.

    Parameters
    ----------
    record_ids : list of str
        Ids of aggregates.

    Returns
    -------
    DataFrame
        Those rows of ``aggregates``, in the order asked for.

    Raises
    ------
    TableError
        One sentence for each reason why they may not: an unknown id, units that differ, annual beside cumulative or
        another kind of period, a blank value (a blank is no report, not zero).
    """
    table: pd.DataFrame = load("aggregates").set_index("aggregate_id", drop=False)
    unknown = [record for record in record_ids if record not in table.index]
    if unknown:
        raise TableError(f"There are no aggregates {first_ids(unknown)}; kcgeo.data.load('aggregates') lists them.")
    rows = table.loc[list(record_ids)].reset_index(drop=True)
    problems = []
    for column, cure in (("unit", "compare one unit"), ("period_type", "draw each kind of period on its own axis")):
        kinds = sorted(rows[column].fillna("none").unique())
        if len(kinds) > 1:
            problems.append(f"The {column} differs ({', '.join(kinds)}); {cure}.")
    blank = rows[rows["value_number"].isna()]
    if len(blank):
        problems.append(f"{first_ids(blank['aggregate_id'])}: no value; a blank is no report, not zero: leave it out.")
    raise_all(problems, TableError)
    return rows
