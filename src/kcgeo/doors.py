"""The door of a room: what its public functions cannot work with is told in one sentence, by what their signatures say.

A function asks itself what its tables must hold. What it never thought of, such as a list where its signature says
DataFrame, would end in an error of a library; then the signature is read and each argument that is not of its kind is
named. Counts, ranks and seeds are asked beforehand, since one that is far too large would not fail but never end.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import reduce, wraps
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
from geopandas.array import GeometryDtype

from kcgeo.errors import KcgeoError, TableError, first_ids, raise_all

__all__ = ["behind_doors", "door"]

P = ParamSpec("P")
R = TypeVar("R")

MOST_WHOLE = 10**9
"""No count, rank or seed is larger; memory and time are not asked for one that is."""
_LOOKED_AT = 1_000
"""So many items of a long list are looked at, one by one."""

_UNITS = ("_min", "_km", "_mi", "_m", "_count", "_share", "_low", "_high")
"""Endings of columns that hold numbers."""

_WORDS = {
    "float": "a number",
    "int": f"a whole number up to {MOST_WHOLE:,}",
    "str": "text",
    "bool": "True or False",
    "pd.DataFrame": "a DataFrame with no column twice",
    "gpd.GeoDataFrame": "a GeoDataFrame with no column twice",
    "pd.Series": "a Series",
    "Sequence": "a list",
    "Collection": "a list",
    "Iterable": "a list",
    "Mapping": "a dict",
    "Callable": "a function",
    "tuple": "a tuple",
}


def behind_doors(room: dict[str, Any], names: Collection[str]) -> None:
    """Put a door before each function that a room offers; ``room`` is its namespace."""
    room.update({name: door(room[name]) for name in names if inspect.isfunction(room[name])})


def door(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that ends in a sentence where an argument is not of the kind that its signature names.

    Raises
    ------
    TableError
        One sentence for each such argument; whole numbers that come as 3.0 are turned into 3.

    >>> def halved(count: int) -> float:
    ...     return count / 2
    >>> door(halved)("3")
    Traceback (most recent call last):
        ...
    kcgeo.errors.TableError: count is '3', a str; give a whole number up to 1,000,000,000.
    """
    signature = inspect.signature(function)
    kinds = {
        name: _parts(str(parameter.annotation))
        for name, parameter in signature.parameters.items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
    whole = {name for name, parts in kinds.items() if "int" in parts and "float" not in parts}
    known = getattr(function, "__globals__", {})

    @wraps(function)
    def checked(*given: P.args, **options: P.kwargs) -> R:
        bound = signature.bind(*given, **options)
        for name in whole & bound.arguments.keys():
            bound.arguments[name] = _counted(name, bound.arguments[name])
        try:
            return function(*bound.args, **bound.kwargs)
        except KcgeoError:
            raise
        except Exception:
            asked = {name: value for name, value in bound.arguments.items() if name in kinds}
            faults = [one for name, value in asked.items() for one in _faults(name, value, kinds[name], known)]
            raise_all(faults, TableError)
            raise

    return checked


def _counted(name: str, value: Any) -> Any:
    """Return a whole number as one, whatever kind of number it came as; one that is far too large is refused."""
    if isinstance(value, bool) or not isinstance(value, Real) or not float(value).is_integer():
        return value
    if abs(float(value)) > MOST_WHOLE:
        raise TableError(f"{name} is {value!r}; give {_WORDS['int']}.")
    return int(float(value))


def _parts(annotation: str) -> tuple[str, ...]:
    """Split a union at its outer bars: ``pd.Series[float] | None`` has two parts."""
    parts, depth = [""], 0
    for mark in annotation:
        depth += (mark == "[") - (mark == "]")
        if mark == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += mark
    return tuple(part.strip() for part in parts)


def _faults(name: str, value: Any, kinds: tuple[str, ...], known: Mapping[str, Any]) -> list[str]:
    if name in ("rng", "seed") and isinstance(value, int) and value < 0:
        return [f"{name} is {value!r}; a seed is a whole number of 0 or more."]
    if isinstance(value, pd.Series | pd.DataFrame) and value.index.nlevels > 1:
        return [f"{name} has an index of {value.index.nlevels} levels; give it one."]
    if any(_fits(value, kind, known) for kind in kinds):
        return _cell_faults(name, value) if isinstance(value, pd.DataFrame) else _size_faults(name, value)
    plain = value is None or isinstance(value, str | Real)
    what = f"{value!r}, a {type(value).__name__}" if plain else f"a {type(value).__name__}"
    wanted = [_WORDS.get(kind.partition("[")[0], kind.partition("[")[0]) for kind in kinds if kind != "None"]
    inside = next((kind.partition("[")[2][:-1] for kind in kinds if kind.startswith(("Seq", "Coll", "Iter"))), "")
    items = f" of {inside}" if inside and inside not in ("Any", "str") else ""
    return [f"{name} is {what}; give {' or '.join(dict.fromkeys(wanted))}{items}."]


def _cell_faults(name: str, table: pd.DataFrame) -> list[str]:
    """Tell what no function can work with: rows twice, lists or nothing in cells, words for numbers, lost points."""
    faults = []
    if table.index.has_duplicates:
        faults.append(f"{name} names {first_ids(table.index[table.index.duplicated()].unique())} more than once.")
    for column in table.columns:
        cells = table[column]
        numbers = pd.api.types.is_numeric_dtype(cells) or isinstance(cells.dtype, GeometryDtype)
        if not numbers and not cells.map(lambda cell: isinstance(cell, Hashable)).all():
            faults.append(f"{name} holds lists in the cells of {column}; give one value a cell.")
        elif not numbers and str(column).endswith(_UNITS):
            faults.append(f"{name} holds no numbers in {column}, but {cells.dtype}.")
        elif not numbers and cells.isna().any():
            faults.append(f"{name} has nothing in {column} in the rows {first_ids(table.index[cells.isna()])}.")
    return faults + (_point_faults(name, table) if isinstance(table, gpd.GeoDataFrame) else [])


def _point_faults(name: str, table: gpd.GeoDataFrame) -> list[str]:
    if not isinstance(table.dtypes.get("geometry"), GeometryDtype):
        return []
    size = np.abs(table.geometry.bounds.to_numpy()).max(axis=1, initial=0.0)
    lost = table.index[~(size <= MOST_WHOLE)]  # NaN is not within either
    if len(lost):
        return [f"{name} has no finite point in the rows {first_ids(lost)}; leave these out."]
    other = not table.geom_type.eq("Point").all()
    return [f"{name} holds other shapes than points; take their representative_point()."] if other else []


def _size_faults(name: str, value: Any) -> list[str]:
    """Tell a number that is below 0, or of a size that no count of people or minutes has."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return []
    size = float(value)
    usual = size == 0 or 1 / MOST_WHOLE < size <= MOST_WHOLE
    return [] if usual else [f"{name} is {value!r}; give a number of a usual size, not below 0."]


def _fits(value: Any, kind: str, known: Mapping[str, Any]) -> bool:
    """Whether a value is of a kind, named as in a signature; an unknown kind fits all."""
    head, _, inside = kind.partition("[")
    inside = inside.removesuffix("]")
    if head == "None":
        return value is None
    if head in ("float", "int"):
        number = isinstance(value, Real) and not pd.api.types.is_bool(value) and value == value
        return number and (head == "float" or (float(value).is_integer() and abs(float(value)) <= MOST_WHOLE))
    if head in ("str", "bool"):
        return isinstance(value, str if head == "str" else bool | np.bool_)
    if head in ("pd.DataFrame", "gpd.GeoDataFrame"):
        right = isinstance(value, pd.DataFrame if head == "pd.DataFrame" else gpd.GeoDataFrame)
        return right and not value.columns.has_duplicates
    if head == "pd.Series":
        return isinstance(value, pd.Series)
    if head in ("Sequence", "Collection", "Iterable"):
        return _is_list(value, head) and all(_item_fits(item, inside, known) for item in _first(value))
    if head == "Mapping":
        item = inside.partition(", ")[2]
        parts = _parts(item) if item else ()
        return isinstance(value, Mapping) and all(
            not parts or any(_fits(one, part, known) for part in parts) for one in value.values()
        )
    if head == "tuple":
        return isinstance(value, tuple | list)
    if head in ("Callable", "Literal"):
        return callable(value) if head == "Callable" else isinstance(value, Hashable)
    return _is_instance(value, head, known)


def _is_list(value: Any, head: str) -> bool:
    if isinstance(value, str | bytes | pd.DataFrame | Mapping) or getattr(value, "ndim", 1) != 1:
        return False
    if head == "Sequence":
        return isinstance(value, Sequence | np.ndarray | pd.Index | pd.Series)
    return isinstance(value, Collection if head == "Collection" else Iterable)


def _first(value: Any) -> list[Any]:
    """Return the first items of a list that can be gone through twice."""
    return list(value[:_LOOKED_AT] if hasattr(value, "__getitem__") else value) if isinstance(value, Collection) else []


def _item_fits(item: Any, kind: str, known: Mapping[str, Any]) -> bool:
    if kind == "str":  # ids may be whole numbers
        return isinstance(item, str | Integral) or (isinstance(item, Real) and float(item).is_integer())
    return any(_fits(item, part, known) for part in _parts(kind)) if kind else True


def _is_instance(value: Any, head: str, known: Mapping[str, Any]) -> bool:
    first, *rest = head.split(".")
    meant = reduce(lambda found, name: getattr(found, name, None), rest, known.get(first))
    if meant is Any:
        return True
    if isinstance(meant, type):
        return isinstance(value, meant)
    origin = typing.get_origin(meant)
    if origin is typing.Literal:
        return isinstance(value, Hashable)
    return callable(value) if origin is Callable else True
