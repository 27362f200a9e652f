"""Table contracts made from the field descriptions of the data package, checked with pandera.

A field is described once, in the vocabulary of the package; here its type and constraints become a pandera schema.
All violations of a table are collected (``lazy=True``) and put in plain words, one sentence for each column and rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["check_table", "table_problems", "table_schema"]

_TRUTH = {"true": True, "false": False}


def check_table(frame: Any, item: Mapping[str, Any]) -> Any:
    """Return the table with the types of its description.

    Parameters
    ----------
    frame : DataFrame
        Text columns as read from a CSV, or typed columns as read from a layer.
    item : mapping
        What :func:`kcgeo.data.package.catalogue.describe` gives: ``name``, ``key``, ``fields``.

    Raises
    ------
    TableError
        One sentence for each column and rule that is broken, naming the first five ids and the cure.
    """
    typed, problems = table_problems(frame, item)
    raise_all(problems, TableError)
    return typed


def table_problems(
    frame: Any, item: Mapping[str, Any], *, hidden: pd.Series[bool] | None = None
) -> tuple[Any, list[str]]:
    """Return the typed table and one sentence for each fault, without raising.

    Sentences about rows that are ``hidden`` name the row and the column, never the value.
    """
    hides = pd.Series(False, index=frame.index) if hidden is None else hidden
    name, fields = item["name"], item["fields"]
    columns = [field["name"] for field in fields]
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        return frame, [
            f"The column{'s' * (len(missing) > 1)} {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
            f"missing from the table {name}; add {'it' if len(missing) == 1 else 'them'}, blank where nothing is known."
        ]
    if len(frame) == 0:
        return frame, [f"The table {name} has no rows; give a table with at least one."]
    typed, problems, spoiled = _typed(frame, fields, _row_names(frame, item["key"]), hides)
    schema = table_schema([field for field in fields if field["name"] not in spoiled], item["key"])
    try:
        schema.validate(typed, lazy=True)
    except SchemaErrors as error:
        problems += _sentences(error.failure_cases, typed, item, hides)
    return typed, problems


def table_schema(fields: Sequence[Mapping[str, Any]], key: Sequence[str]) -> pa.DataFrameSchema:
    """Make the pandera schema of a table: blanks, limits, allowed values, patterns, and a key that is unique."""
    columns = {}
    for field in fields:
        rules = field.get("constraints", {})
        checks = []
        if "minimum" in rules:
            checks.append(pa.Check.ge(rules["minimum"], error="minimum"))
        if "maximum" in rules:
            checks.append(pa.Check.le(rules["maximum"], error="maximum"))
        if "enum" in rules:
            checks.append(pa.Check.isin(rules["enum"], error="enum"))
        if "pattern" in rules:
            checks.append(pa.Check.str_matches(f"^(?:{rules['pattern']})$", error="pattern"))
        columns[field["name"]] = pa.Column(checks=checks, nullable=not rules.get("required", False))
    known = [column for column in key if column in columns]
    return pa.DataFrameSchema(columns, unique=known or None, report_duplicates="exclude_first")


def _typed(
    frame: Any, fields: Sequence[Mapping[str, Any]], names: pd.Series, hides: pd.Series[bool]
) -> tuple[Any, list[str], set[str]]:
    """Turn text into numbers and truth values; name the rows where that cannot be done."""
    typed, problems, spoiled = frame.copy(), [], set()
    for field in fields:
        column, kind = field["name"], field["type"]
        if kind == "string" or not (pd.api.types.is_string_dtype(frame[column]) or frame[column].dtype == object):
            continue
        values = frame[column]
        if kind == "boolean":
            read: Any = values.map(lambda value: _TRUTH.get(str(value).lower()), na_action="ignore")
        else:
            read = pd.to_numeric(values, errors="coerce").replace([math.inf, -math.inf], math.nan)
        wrong = values.notna() & read.isna()
        if kind == "integer":
            wrong |= read.notna() & (read % 1 != 0)
        if wrong.any():
            spoiled.add(column)
            for rows, shown in ((wrong & ~hides, True), (wrong & hides, False)):
                if rows.any():
                    said = f"'{values[rows].iloc[0]}'" if shown else "a value"
                    problems.append(
                        f"{first_ids(names[rows])}: {column} is {said} that is no "
                        f"{'whole number' if kind == 'integer' else kind}; correct it or leave it blank."
                    )
            continue
        whole = kind == "integer" and not read.isna().any()
        typed[column] = read.astype("int64") if whole else read.astype("bool" if kind == "boolean" else "float64")
    return typed, problems, spoiled


def _row_names(frame: Any, key: Sequence[str]) -> pd.Series:
    """Name each row by its key, or by its line in the file where the key is blank."""
    names = pd.Series([f"row {number}" for number in range(2, len(frame) + 2)], index=frame.index, dtype=object)
    parts = [frame[column] for column in key]
    full = pd.concat(parts, axis=1).notna().all(axis=1)
    joined = parts[0].astype(object).astype(str)
    for part in parts[1:]:
        joined = joined + "-" + part.astype(object).astype(str)
    return names.where(~full, joined)


def _sentences(cases: pd.DataFrame, frame: Any, item: Mapping[str, Any], hides: pd.Series[bool]) -> list[str]:
    """Put pandera's failure cases in words: one sentence for each column and rule."""
    names = _row_names(frame, item["key"])
    rules = {field["name"]: field.get("constraints", {}) for field in item["fields"]}
    found = []
    keyed = cases["check"].astype(str).isin(["multiple_fields_uniqueness", "field_uniqueness"])
    if keyed.any():
        rows = sorted(set(cases.loc[keyed, "index"]))
        key = " and ".join(item["key"])
        found.append(f"{first_ids(names.loc[rows])}: {key} stands in more than one row; keep one row or give new ids.")
    rest = cases[~keyed]
    rest = rest.assign(hidden=hides.loc[rest["index"]].to_numpy()) if len(rest) else rest.assign(hidden=False)
    for (column, check, hide), group in rest.groupby(["column", "check", "hidden"], sort=True):
        ids = first_ids(dict.fromkeys(names.loc[sorted(group["index"])]))
        value = None if hide else group["failure_case"].iloc[0]
        found.append(f"{ids}: {_fault(str(column), str(check), value, rules.get(str(column), {}))}")
    return found


def _fault(column: str, check: str, value: object, rules: Mapping[str, Any]) -> str:
    if check == "not_nullable":
        return f"{column} is blank; fill it in."
    if value is None:
        return f"{column} holds a value that is not allowed; correct it."
    if check == "minimum":
        return f"{column} is {value}, below the least value {rules['minimum']}; correct it."
    if check == "maximum":
        return f"{column} is {value}, above the greatest value {rules['maximum']}; correct it."
    if check == "enum":
        return f"{column} is '{value}'; allowed are {', '.join(map(str, rules['enum']))}."
    return f"{column} is '{value}', which does not have the form {rules.get('pattern', 'asked for')}; correct it."
