"""Geometry as short text for web pages: whole numbers of 1/10,000 degree, differences, five bits a character."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from kcgeo.crs import STORAGE

__all__ = ["SCALE", "decode", "encode", "encoded_parts"]

SCALE = 10_000


def encode(points: NDArray[np.float64], *, scale: int = SCALE) -> str:
    """Write (latitude, longitude) rows as text, rounded to ``1 / scale`` degree (11 m).

    >>> encode(np.array([[38.5, -120.2], [40.7, -120.95], [43.252, -126.453]]), scale=100_000)
    '_p~iF~ps|U_ulLnnqC_mqNvxq`@'
    """
    whole = np.round(points * scale).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()
    pieces = []
    for step in steps.tolist():
        value = ~(step << 1) if step < 0 else step << 1
        while value >= 32:
            pieces.append(chr((32 | (value & 31)) + 63))
            value >>= 5
        pieces.append(chr(value + 63))
    return "".join(pieces)


def decode(text: str, *, scale: int = SCALE) -> NDArray[np.float64]:
    """Read what :func:`encode` wrote: rows of (latitude, longitude)."""
    values, value, shift = [], 0, 0
    for character in text:
        code = ord(character) - 63
        value |= (code & 31) << shift
        shift += 5
        if code < 32:
            values.append(~(value >> 1) if value & 1 else value >> 1)
            value, shift = 0, 0
    return np.cumsum(np.array(values, dtype=float).reshape(-1, 2), axis=0) / scale


@lru_cache(maxsize=4)
def _to_degrees(crs: str) -> Transformer:
    return Transformer.from_crs(crs, STORAGE, always_xy=True)


def encoded_parts(geometry: Any, *, crs: str, tolerance_m: float = 0.0) -> list[str]:
    """Rings or lines of a geometry in ``crs`` as texts in EPSG:4326; points closer than the rounding fall together.

    Rings are meant to be filled by the even-odd rule, so holes need no mark.
    """
    if tolerance_m:
        geometry = shapely.simplify(geometry, tolerance_m)
    lines = [
        line
        for part in shapely.get_parts(geometry)
        if not part.is_empty
        for line in ([part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part])
        if line.geom_type in ("LineString", "LinearRing")
    ]
    to_degrees = _to_degrees(crs)
    texts = []
    for line in lines:
        xy = shapely.get_coordinates(line)
        lon, lat = to_degrees.transform(xy[:, 0], xy[:, 1])
        points = np.round(np.column_stack([lat, lon]) * SCALE)
        keep = np.concatenate([[True], np.any(np.diff(points, axis=0) != 0, axis=1)])
        if keep.sum() > 1:
            texts.append(encode(points[keep] / SCALE))
    return texts
