"""The catalogue: which resources the data package has, where they lie, and loading one, checked.

The package is found in this order: the folder named by the environment variable ``KCGEO_DATA``, the copy inside an
installed wheel, the folder ``data`` of the checkout that the code runs from.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from kcgeo.crs import STORAGE, require
from kcgeo.data.package.schemas import check_table
from kcgeo.errors import IntegrityError, TableError
from kcgeo.files import homes, package_folder, sha256

__all__ = ["default_study", "describe", "file_of", "load", "package_folder", "resources"]

_DESCRIPTOR = "datapackage.json"
_KEYS = {"default_study", "disclosure_bases", "resources"}


def default_study() -> Path:
    """Return the study file that a command uses where none is given: the one that the data package names.

    Raises
    ------
    IntegrityError
        Neither the installed copy nor the checkout holds one.

    Examples
    --------
    >>> from kcgeo import data
    >>> data.default_study().name
    'kansas-city.toml'
    """
    name = str(_descriptor()["default_study"])
    for home in homes():
        if (home / "studies" / name).is_file():
            return home / "studies" / name
    raise IntegrityError(f"The study {name} was not installed with kcgeo; name a study file with --study.")


def _descriptor() -> dict[str, Any]:
    path = package_folder() / _DESCRIPTOR
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise IntegrityError(f"{path} is not JSON ({error}); restore it from the release.") from None
    described = isinstance(content, dict) and _KEYS.issubset(content) and all(map(_is_described, content["resources"]))
    if not described:
        raise IntegrityError(f"{path} does not describe the data package; restore it from the release.")
    found: dict[str, Any] = content
    return found


def _is_described(item: Any) -> bool:
    return isinstance(item, dict) and {"name", "path", "sha256"}.issubset(item)


def resources() -> tuple[str, ...]:
    """Return the names of all resources of the data package, in its order.

    Examples
    --------
    >>> from kcgeo import data
    >>> "services" in data.resources()
    True
    """
    return tuple(item["name"] for item in _descriptor()["resources"])


def describe(name: str) -> dict[str, Any]:
    """Return what the package says of a resource.

    Keys: ``name, title, path, rows, vintage, sources, licenses, caveats, sha256, fields, key, geometry, maker``; each
    field has ``name, type, description`` and where it applies ``unit, constraints``.

    Raises
    ------
    IntegrityError
        The package has no such resource; the sentence lists those it has.

    Examples
    --------
    >>> from kcgeo import data
    >>> data.describe("counties")["licenses"][0]["name"]
    'US-Government-Works'
    """
    items = {item["name"]: item for item in _descriptor()["resources"]}
    if name not in items:
        raise IntegrityError(f"The data package has no resource '{name}'; it has {', '.join(sorted(items))}.")
    item: dict[str, Any] = dict(items[name])
    item["rows"] = item.get("rows", item.get("features"))
    item["fields"] = (item.get("schema") or item["properties"])["fields"]
    return item


def disclosure_bases() -> dict[str, bool]:
    """Return the reasons for which a place may be shown, and whether each is enough where people sleep."""
    return dict(_descriptor()["disclosure_bases"])


def file_of(name: str) -> Path:
    """Return the path of a resource's file after comparing its SHA-256 with the registered one.

    Raises
    ------
    IntegrityError
        The file is missing, or its content is not what was registered.
    """
    item = describe(name)
    path: Path = package_folder() / item["path"]
    cure = f"restore it from the release, or run data/makers/make_package.py if '{name}' was meant to change"
    if not path.is_file():
        raise IntegrityError(f"The file of '{name}' is missing: {path}; {cure}.")
    found = sha256(path)
    if found != item["sha256"]:
        raise IntegrityError(
            f"The file of '{name}' is not the registered one (SHA-256 {found[:12]}..., "
            f"registered {item['sha256'][:12]}...): {path}; {cure}."
        )
    return path


def load(name: str) -> Any:
    """Load a resource of the data package, checked against its registered hash, field rules and references.

    Parameters
    ----------
    name : str
        Name of the resource; :func:`resources` lists them.

    Returns
    -------
    DataFrame or GeoDataFrame
        Sorted by key, default index; a GeoDataFrame in EPSG:4326 where the resource has a geometry. Ids are strings,
        counts int64 (float64 with NaN where a blank is allowed), blanks NaN. ``services`` comes as its file stands;
        :func:`kcgeo.data.load` gives it as a checked directory.

    Raises
    ------
    IntegrityError
        No such resource, or its file is not the registered one.
    TableError
        The content breaks a rule of the resource.

    Examples
    --------
    >>> load("counties").shape
    (16, 5)
    """
    return _checked(name, file_of(name), repr(describe(name))).copy()


@lru_cache(maxsize=64)
def _checked(name: str, path: Path, described: str) -> Any:
    """Read and check a resource once for each content of its file, whose hash stands in the description."""
    item = describe(name)
    frame = read_resource(item, path)
    _check_references(frame, item)
    return frame


def read_resource(item: Mapping[str, Any], path: Path) -> Any:
    """Read and check one file against the description of a resource (no hash, no references)."""
    if item["format"] == "geojson":
        layer = gpd.read_file(io.BytesIO(gzip.decompress(path.read_bytes())) if path.suffix == ".gz" else path)
        require(layer, STORAGE, what=f"layer {item['name']}")
        held = [field["name"] for field in item["fields"] if field["name"] in layer.columns]
        frame: Any = layer[[*held, "geometry"]]
    else:
        frame = read_text_table(path, item)
    frame = check_table(frame, item)
    if item.get("geometry") == "point":
        points = gpd.points_from_xy(frame["longitude"], frame["latitude"])
        frame = gpd.GeoDataFrame(frame.drop(columns=["latitude", "longitude"]), geometry=points, crs=STORAGE)
    return frame.sort_values(list(item["key"]), ignore_index=True)


def read_text_table(path: Path, item: Mapping[str, Any]) -> pd.DataFrame:
    """Read a CSV (also gzipped) whose columns are those of the description, all as text."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    return pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False, na_values=[""])


def _check_references(frame: pd.DataFrame, item: Mapping[str, Any]) -> None:
    """Refuse ids that name nothing; ``a;b`` names two."""
    for column, target in item["references"].items():
        other, field = target.split(".")
        known = set(frame[field] if other == item["name"] else load(other)[field])
        named = {part for text in frame[column].dropna() for part in text.split(";")}
        lost = sorted(named - known)
        if lost:
            raise TableError(f"{item['name']}.{column} names {', '.join(lost[:5])}, which {target} does not have.")
