"""Linear referencing: measures along a line, calibrated between anchors, and their inverse.

A line carries one milepost for each vertex, strictly rising; between vertices the milepost grows in proportion to the
distance. All coordinates are metres in one plane. Nothing here knows of routes or files.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from kcgeo.errors import TableError, first_ids, raise_all

__all__ = [
    "MILE_M",
    "along",
    "between",
    "fit_mileposts",
    "leave_one_out",
    "locate",
    "measured_m",
    "place",
    "stretches",
    "with_mileposts",
]

MILE_M = 1609.344
"""Metres in an international mile."""

ON_LINE_M = 1.0
"""A point this near is on the line: it has no side."""

SHAPE_SD = 0.05
"""Standard deviation of a measured length is ``SHAPE_SD * sqrt(miles)``: a quarter mile in 25 miles of chords."""

_SAME_PLACE_M = 1e-6
_Floats = npt.NDArray[np.float64]


def measured_m(line: shapely.LineString) -> _Floats:
    """Return the metres from the start of ``line`` to each of its vertices."""
    steps = np.hypot(*np.diff(shapely.get_coordinates(line), axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def fit_mileposts(measured_mi: npt.ArrayLike, nominal_mi: npt.ArrayLike, tolerance_mi: npt.ArrayLike) -> _Floats:
    r"""Find the mileposts of anchors whose numbers are known to within a tolerance.

    An exit number is a whole mile: it says that the milepost lies within a tolerance of it, no more. The fit changes
    the measured lengths between anchors as little as that allows,

    .. math:: \min_m \sum_i \frac{(m_{i+1} - m_i - d_i)^2}{d_i\,s^2} + \sum_i \frac{3 (m_i - n_i)^2}{t_i^2}
              \quad\text{with}\quad |m_i - n_i| \le t_i

    with :math:`d` the measured lengths, :math:`n` the numbers, :math:`t` the tolerances and :math:`s` =
    :data:`SHAPE_SD`.

    Parameters
    ----------
    measured_mi
        Miles along the line to each anchor, rising, shape (anchors,).
    nominal_mi
        Numbers of the anchors, rising.
    tolerance_mi
        How far the milepost may be from the number; 0 fixes it.

    Returns
    -------
    numpy.ndarray
        Milepost of each anchor, strictly rising.

    Raises
    ------
    TableError
        There is no anchor, or the anchors do not rise along the line.

    Examples
    --------
    >>> fit_mileposts([0, 10.2], [0, 10], [0, 0.5]).round(2)
    array([ 0.  , 10.15])
    """
    measured, nominal, tolerance = (np.asarray(v, dtype=np.float64) for v in (measured_mi, nominal_mi, tolerance_mi))
    if not len(measured):
        raise TableError("A milepost system needs at least one anchor; give a state line or a junction.")
    lengths = np.diff(measured)
    if (lengths <= 0).any():
        raise TableError(f"The anchors {first_ids(nominal[1:][lengths <= 0])} do not rise along the line; check them.")
    weights = 1 / (SHAPE_SD * np.sqrt(lengths))
    steps = np.diff(np.eye(len(measured)), axis=0) * weights[:, None]
    free = tolerance > 0
    fitted = nominal.copy()
    if free.any():
        pulls = np.eye(len(measured))[free] * (np.sqrt(3) / tolerance[free])[:, None]
        rows = np.vstack([steps, pulls])
        target = np.concatenate([lengths * weights, nominal[free] * np.sqrt(3) / tolerance[free]])
        target = target - rows[:, ~free] @ nominal[~free]
        low, high = nominal[free] - tolerance[free], nominal[free] + tolerance[free]
        from scipy.optimize import lsq_linear  # only the maker of corridors comes here

        fitted[free] = lsq_linear(rows[:, free], target, bounds=(low, high), method="bvls", tol=1e-12).x
    if (np.diff(fitted) <= 0).any():
        raise TableError("The anchors are closer together than their tolerances; give fewer or tighter ones.")
    return fitted


def along(measured_mi: npt.ArrayLike, anchor_measured_mi: _Floats, anchor_mi: _Floats) -> _Floats:
    """Return the milepost at each measured length: in proportion between anchors, mile for mile beyond them."""
    measured = np.asarray(measured_mi, dtype=np.float64)
    inside = np.interp(measured, anchor_measured_mi, anchor_mi)
    before = np.minimum(measured - anchor_measured_mi[0], 0.0)
    after = np.maximum(measured - anchor_measured_mi[-1], 0.0)
    return np.asarray(inside + before + after, dtype=np.float64)


def leave_one_out(measured_mi: npt.ArrayLike, nominal_mi: npt.ArrayLike, tolerance_mi: npt.ArrayLike) -> _Floats:
    """Error of each anchor when the others alone calibrate the line: predicted milepost minus number, in miles.

    A test of a calibration on its own anchors proves nothing; this does. NaN where there is no other anchor.

    Examples
    --------
    >>> leave_one_out([0.0, 5.0, 10.0], [0, 6, 10], [0, 0, 0])
    array([ 1., -1.,  1.])
    """
    measured, nominal, tolerance = (np.asarray(v, dtype=np.float64) for v in (measured_mi, nominal_mi, tolerance_mi))
    errors = np.full(len(measured), np.nan)
    for drop in range(len(measured) if len(measured) > 1 else 0):
        kept = np.arange(len(measured)) != drop
        fitted = fit_mileposts(measured[kept], nominal[kept], tolerance[kept])
        errors[drop] = along(measured[drop], measured[kept], fitted) - nominal[drop]
    return errors


def with_mileposts(
    line: shapely.LineString, anchor_m: npt.ArrayLike, anchor_mi: npt.ArrayLike
) -> tuple[shapely.LineString, _Floats]:
    """Give every vertex of ``line`` its milepost; each anchor on the line becomes a vertex.

    Parameters
    ----------
    line
        Line in metres, in the direction of rising mileposts.
    anchor_m, anchor_mi
        Metres along the line (they may lie beyond its ends) and milepost of each anchor, rising.
    """
    anchors = np.asarray(anchor_m, dtype=np.float64)
    line = _with_vertices(line, anchors)
    mileposts = along(measured_m(line) / MILE_M, anchors / MILE_M, np.asarray(anchor_mi, dtype=np.float64))
    return line, mileposts


def _with_vertices(line: shapely.LineString, at_m: _Floats) -> shapely.LineString:
    """Insert vertices at the given metres; the shape stays."""
    measured, xy = measured_m(line), shapely.get_coordinates(line)
    new = at_m[(at_m > 0) & (at_m < measured[-1])]
    near = np.abs(new[:, None] - measured[None, :]).min(axis=1) < _SAME_PLACE_M if len(new) else np.zeros(0, bool)
    new = new[~near]
    every = np.concatenate([measured, new])
    order = np.argsort(every, kind="stable")
    added = np.column_stack([np.interp(new, measured, xy[:, axis]) for axis in (0, 1)])
    return shapely.LineString(np.vstack([xy, added])[order])


def between(
    line: shapely.LineString, vertex_mi: _Floats, from_m: float, to_m: float
) -> tuple[shapely.LineString, _Floats]:
    """Return the part of a line between two distances from its start, with the mileposts of its vertices."""
    part = _with_vertices(line, np.array([from_m, to_m]))
    mileposts = np.interp(measured_m(part), measured_m(line), vertex_mi)
    measured = measured_m(part)
    kept = (measured >= from_m - _SAME_PLACE_M) & (measured <= to_m + _SAME_PLACE_M)
    return shapely.LineString(shapely.get_coordinates(part)[kept]), mileposts[kept]


def stretches(line: shapely.LineString, area: shapely.Geometry, *, shortest_m: float) -> list[tuple[float, float]]:
    """Return the (from, to) metres of the stretches of a line inside an area, in the order of the line.

    A stretch under ``shortest_m``, inside or outside, is the line touching the border: inside ones are left out, gaps
    are closed.
    """
    crossings = shapely.get_coordinates(shapely.intersection(line, shapely.boundary(area)))
    found = shapely.line_locate_point(line, shapely.points(crossings)) if len(crossings) else np.zeros(0)
    cuts = np.unique(np.concatenate([[0.0], found, [line.length]]))
    middles = shapely.line_interpolate_point(line, (cuts[1:] + cuts[:-1]) / 2)
    inside = shapely.intersects(area, middles)
    parts: list[tuple[float, float]] = []
    for start, end in zip(cuts[:-1][inside], cuts[1:][inside], strict=True):
        if parts and start - parts[-1][1] < shortest_m:
            parts[-1] = (parts[-1][0], float(end))
        else:
            parts.append((float(start), float(end)))
    return [part for part in parts if part[1] - part[0] >= shortest_m]


def locate(
    line: shapely.LineString, vertex_mi: npt.ArrayLike, points: npt.ArrayLike
) -> tuple[_Floats, _Floats, npt.NDArray[np.object_]]:
    """Return the milepost of the nearest spot of a line, the distance to it, and the side, for each point.

    Parameters
    ----------
    line
        Line in metres, in the direction of rising mileposts.
    vertex_mi
        Milepost of each vertex, strictly rising.
    points
        Coordinates in metres, shape (points, 2).

    Returns
    -------
    milepost_mi, offset_m, side
        Arrays of shape (points,). ``side`` is L or R of a traveller towards rising mileposts, and "on" within
        :data:`ON_LINE_M`.

    Examples
    --------
    >>> corner = shapely.LineString([(0, 0), (0, 1), (1, 1)])
    >>> locate(corner, [0, 1, 2], [(0.5, 11), (0.5, 1)])
    (array([1.5, 1.5]), array([10.,  0.]), array(['L', 'on'], dtype=object))
    """
    xy = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    spots = shapely.points(xy)
    measured, vertices = measured_m(line), shapely.get_coordinates(line)
    at = np.asarray(shapely.line_locate_point(line, spots), dtype=np.float64)
    offset = shapely.distance(line, spots)
    direction = np.diff(vertices, axis=0) / np.diff(measured)[:, None]
    segment = np.clip(np.searchsorted(measured, at, side="right") - 1, 0, len(direction) - 1)
    heading = direction[segment].copy()
    # nearest to a vertex a point lies in the wedge outside the corner: only the two directions together tell its side
    corner = (np.abs(at - measured[segment]) < _SAME_PLACE_M) & (segment > 0)
    heading[corner] += direction[segment[corner] - 1]
    before_corner = (np.abs(at - measured[segment + 1]) < _SAME_PLACE_M) & (segment < len(direction) - 1)
    heading[before_corner] += direction[segment[before_corner] + 1]
    nearest = np.column_stack([np.interp(at, measured, vertices[:, axis]) for axis in (0, 1)])
    away = xy - nearest
    left = heading[:, 0] * away[:, 1] - heading[:, 1] * away[:, 0] >= 0
    side = np.where(offset <= ON_LINE_M, "on", np.where(left, "L", "R")).astype(object)
    return _between_vertices(at, measured, vertex_mi), np.asarray(offset, dtype=np.float64), side


def _between_vertices(at: _Floats, measured: _Floats, values: npt.ArrayLike) -> _Floats:
    return np.asarray(np.interp(at, measured, np.asarray(values, dtype=np.float64)), dtype=np.float64)


def place(line: shapely.LineString, vertex_mi: npt.ArrayLike, milepost_mi: npt.ArrayLike) -> _Floats:
    """Return the coordinates of mileposts on a line, shape (mileposts, 2); the inverse of :func:`locate`.

    Raises
    ------
    TableError
        A milepost lies beyond the ends of the line.

    Examples
    --------
    >>> place(shapely.LineString([(0, 0), (0, 1), (1, 1)]), [0, 1, 2], [1.5])
    array([[0.5, 1. ]])
    """
    at, along_mi = np.asarray(milepost_mi, dtype=np.float64), np.asarray(vertex_mi, dtype=np.float64)
    beyond = ~((at >= along_mi[0]) & (at <= along_mi[-1]))
    if beyond.any():
        raise_all(
            [f"The mileposts {first_ids(at[beyond])} lie outside {along_mi[0]:.2f} to {along_mi[-1]:.2f}."], TableError
        )
    xy = shapely.get_coordinates(line)
    return np.column_stack([np.interp(at, along_mi, xy[:, axis]) for axis in (0, 1)])
