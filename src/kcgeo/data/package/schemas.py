"""Table contracts: the field descriptions of the data package, checked, and told in plain words.

A field is described once, in the vocabulary of the package: its type and its constraints (``required``, ``minimum``,
``maximum``, ``enum``, ``pattern``). All faults of a table are collected, one sentence for each column and rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kcgeo.errors import TableError, first_ids, raise_all

__all__ = ["check_table", "table_problems"]

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
    problems += _key_problems(typed, [name for name in item["key"] if name not in spoiled])
    names = _row_names(typed, item["key"])
    for field in sorted(fields, key=lambda field: str(field["name"])):
        if field["name"] not in spoiled:
            problems += _rule_problems(typed[field["name"]], field.get("constraints", {}), names, hides)
    return typed, problems


def _key_problems(frame: Any, key: Sequence[str]) -> list[str]:
    twice = frame.duplicated(list(key)) if key else pd.Series(False, index=frame.index)
    if not twice.any():
        return []
    ids = first_ids(_row_names(frame, key)[twice])
    return [f"{ids}: {' and '.join(key)} stands in more than one row; keep one row or give new ids."]


def _broken(values: Any, rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return for each rule of a column which rows break it; a blank breaks no rule but ``required``."""
    given = values.notna()
    broken = {}
    if "enum" in rules:
        broken["enum"] = given & ~values.isin(rules["enum"])
    if "maximum" in rules:
        broken["maximum"] = given & (values > rules["maximum"])
    if "minimum" in rules:
        broken["minimum"] = given & (values < rules["minimum"])
    if rules.get("required", False):
        broken["required"] = ~given
    if "pattern" in rules:
        broken["pattern"] = given & ~values.astype("str").str.fullmatch(rules["pattern"])
    return broken


def _rule_problems(values: Any, rules: Mapping[str, Any], names: pd.Series, hides: pd.Series[bool]) -> list[str]:
    """Write one sentence for each rule that rows of a column break; what a hidden row holds is not told."""
    found = []
    for rule, rows in _broken(values, rules).items():
        for some, shown in ((rows & ~hides, True), (rows & hides, False)):
            if some.any():
                value = values[some].iloc[0] if shown else None
                found.append(f"{first_ids(dict.fromkeys(names[some]))}: {_fault(values.name, rule, value, rules)}")
    return found


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


def _fault(column: str, check: str, value: object, rules: Mapping[str, Any]) -> str:
    if check == "required":
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
