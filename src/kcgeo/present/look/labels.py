"""Names and shields, placed so that they do not overlap; the same input gives the same places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.path import Path as Outline
from matplotlib.patheffects import Stroke

from kcgeo.present.look import theme

__all__ = ["Label", "Placer", "Shield", "draw", "halo_text"]

Geometry = Any

# Mean advance of DejaVu Sans in units of its size; good enough to keep boxes apart.
_ADVANCE, _HEIGHT = 0.62, 1.25
# where the name of a town may stand beside its dot, best first, in points
_BESIDE = (
    (5, 0, "left"),
    (-5, 0, "right"),
    (0, 9, "center"),
    (0, -9, "center"),
    (4, 7, "left"),
    (4, -7, "left"),
    (-4, 7, "right"),
    (-4, -7, "right"),
)
# a city in a crowd of symbols may be named from further away, with a line to its dot
_CITY_BESIDE = (
    *_BESIDE,
    *((dx, dy, align) for dx, align in ((16, "left"), (-16, "right")) for dy in (14, -14, 22, -22)),
    *((dx, dy, align) for dx, align in ((34, "left"), (-34, "right")) for dy in (0, 12, -12, 24, -24)),
    *((dx, dy, align) for dx, align in ((50, "left"), (-50, "right")) for dy in (0, 14, -14, 28, -28, 40, -40)),
)
_CITY_COUNT = 100_000
_SHIELD_PT, _WIDE_SHIELD_PT = 17.0, 22.0
_SAME_ROUTE_PT = 90.0


@dataclass(frozen=True)
class Label:
    """Text centred on (or starting at, ending at) a point of the map, in metres; ``dot`` marks a town itself."""

    text: str
    x: float
    y: float
    size_pt: float
    align: str = "center"
    dot: tuple[float, float] | None = None
    style: str = "normal"


@dataclass(frozen=True)
class Shield:
    """Route shield centred on a point of the corridor, in metres."""

    number: str
    x: float
    y: float


class Placer:
    """Places things one after the other in one panel; what is placed keeps later things away."""

    def __init__(self, extent: tuple[float, float, float, float], metres_per_point: float) -> None:
        self.extent, self.unit = extent, metres_per_point
        self.taken: list[Geometry] = []
        left, bottom, right, top = extent
        # corners kept for the scale bar and the north arrow
        self.taken.append(shapely.box(left, bottom, left + 138 * self.unit, bottom + 33 * self.unit))
        self.taken.append(shapely.box(right - 24 * self.unit, top - 44 * self.unit, right, top))

    def keep_clear(self, xy: np.ndarray[Any, np.dtype[np.float64]], *, size_pt: float = 9.0) -> None:
        """Keep later things off symbols at these points."""
        self.taken += [self._box(x, y, size_pt, size_pt) for x, y in xy]

    def keep_clear_of(self, lines: Geometry, *, gap_pt: float) -> None:
        """Keep later things off lines that stand over the map."""
        self.taken.append(shapely.buffer(lines, gap_pt * self.unit))

    def _box(self, x: float, y: float, width_pt: float, height_pt: float) -> Geometry:
        half_x, half_y = width_pt * self.unit / 2, height_pt * self.unit / 2
        return shapely.box(x - half_x, y - half_y, x + half_x, y + half_y)

    def _free(self, box: Geometry, gap_pt: float = 1.0) -> bool:
        return not any(shapely.dwithin(box, other, gap_pt * self.unit) for other in self.taken)

    def _inside(self, box: Geometry, pad_pt: float = 3.0) -> bool:
        left, bottom, right, top = self.extent
        pad = pad_pt * self.unit
        x0, y0, x1, y1 = box.bounds
        return bool(x0 >= left + pad and x1 <= right - pad and y0 >= bottom + pad and y1 <= top - pad)

    def shields(self, corridors: gpd.GeoDataFrame) -> tuple[Shield, ...]:
        """Put one to three shields on each route, where it is alone and far from other shields."""
        placed: list[Shield] = []
        routes = {str(route): rows.geometry.union_all() for route, rows in corridors.groupby("route")}
        # the shortest route has the least choice and goes first
        for route in sorted(routes, key=lambda name: (routes[name].length, name)):
            line = shapely.line_merge(routes[route])
            length_pt = line.length / self.unit
            if length_pt < 14:
                continue
            others = shapely.union_all([other for name, other in routes.items() if name != route])
            step = max(line.length / 80, 1.0)
            candidates = [
                part.interpolate(at)
                for part in shapely.get_parts(line)
                for at in np.arange(step / 2, part.length, step)
            ]
            size_pt = _WIDE_SHIELD_PT if len(route) > 4 else _SHIELD_PT
            few = length_pt < 160 or (len(route) > 4 and length_pt < 420)
            for _ in range(1 if few else 2 if length_pt < 420 else 3):
                best = self._best_shield(candidates, others, placed, route.removeprefix("I-"))
                if best is None:
                    break
                placed.append(Shield(route.removeprefix("I-"), best.x, best.y))
                self.taken.append(self._box(best.x, best.y, size_pt + 1, size_pt + 1))
        return tuple(placed)

    def _best_shield(
        self, candidates: list[Geometry], others: Geometry, placed: list[Shield], number: str
    ) -> Geometry | None:
        best, best_score = None, 0.0
        size_pt = _WIDE_SHIELD_PT if len(number) > 2 else _SHIELD_PT
        for point in candidates:
            box = self._box(point.x, point.y, size_pt, size_pt)
            if not self._inside(box, 6) or not self._free(box):
                continue
            same = [s for s in placed if s.number == number]
            # a second sign of a route near the first tells nothing
            if any(np.hypot(point.x - s.x, point.y - s.y) < _SAME_ROUTE_PT * self.unit for s in same):
                continue
            apart = min((np.hypot(point.x - s.x, point.y - s.y) for s in placed), default=200 * self.unit)
            alone = shapely.distance(point, others) if not others.is_empty else 40 * self.unit
            if alone < 0.4 * size_pt * self.unit:
                continue
            score = min(float(apart) / self.unit, 110.0) + 3 * min(float(alone) / self.unit, 30.0)
            if score > best_score + 1e-9:
                best, best_score = point, score
        return best

    def towns(self, towns: gpd.GeoDataFrame | None, *, limit: int = 13, far: bool = False) -> tuple[Label, ...]:
        """Name the largest towns that find room beside their dot."""
        if towns is None:
            return ()
        left, bottom, right, top = self.extent
        here = towns.cx[left:right, bottom:top].sort_values(["population_count", "name"], ascending=[False, True])
        # a small town is no landmark: better a gap than a name that nobody knows
        here = here.head(2 * limit)
        placed: list[Label] = []
        size = theme.TEXT_PT["small"]
        names = here["name"].astype(str)
        if "state" in here:
            names = names.where(~names.duplicated(keep=False), names + " " + here["state"].astype(str))
        for name, point, people in zip(names, here.geometry, here["population_count"], strict=True):
            if len(placed) == limit:
                break
            dot = self._box(point.x, point.y, 5, 5)
            if any(shapely.dwithin(dot, self._box(*other.dot, 5, 5), 22 * self.unit) for other in placed if other.dot):
                continue
            label = self._beside(name, point, size, city=far and people >= _CITY_COUNT)
            if label is not None:
                placed.append(label)
        return tuple(placed)

    def _beside(self, name: str, point: Geometry, size: float, *, city: bool) -> Label | None:
        width, height = len(name) * _ADVANCE * size, _HEIGHT * size
        for dx, dy, align in _CITY_BESIDE if city else _BESIDE:
            x, y = point.x + dx * self.unit, point.y + dy * self.unit
            middle = x + {"left": width / 2, "right": -width / 2, "center": 0.0}[align] * self.unit
            box = self._box(middle, y, width, height)
            if self._inside(box) and self._free(box, 0.5):
                self.taken += [box, self._box(point.x, point.y, 5, 5)]
                return Label(name, x, y, size, align, (point.x, point.y))
        return None

    def states(self, counties: gpd.GeoDataFrame, state_line: Geometry) -> tuple[Label, ...]:
        """Name each state on its own side of the state line, as near to the line's lower end as there is room."""
        if state_line.is_empty:
            return ()
        left, bottom, right, top = self.extent
        size, gap = theme.TEXT_PT["small"], 5 * self.unit
        along = [
            (point.x, point.y)
            for line in shapely.get_parts(shapely.line_merge(state_line))
            for point in shapely.line_interpolate_point(line, np.arange(0, line.length + 1, 8 * self.unit))
        ]
        line_x, line_y = np.array(along).T
        made, lowest = [], float(line_y.min())
        for state, rows in counties.groupby("state"):
            named = rows["state_name"].iloc[0] if "state_name" in rows else state
            text, land = str(named).upper(), shapely.buffer(rows.geometry.union_all(), 2 * self.unit)
            half_x, half_y = len(text) * 0.72 * size * self.unit / 2, size * _HEIGHT * self.unit / 2
            spots = [
                (x + sign_x * (away * gap + half_x), y + sign_y * (away * gap + half_y))
                for away in (1, 3, 6)
                for x, y in zip(line_x, line_y, strict=True)
                for sign_x, sign_y in ((1, 0), (-1, 0), (0, 1), (0, -1))
            ]
            xs, ys = np.array(spots).T
            boxes = shapely.box(xs - half_x, ys - half_y, xs + half_x, ys + half_y)
            keep = shapely.contains_properly(land, boxes) & (shapely.distance(boxes, state_line) >= 0.8 * gap)
            keep &= (xs - half_x > left) & (xs + half_x < right) & (ys - half_y > bottom) & (ys + half_y < top)
            keep &= shapely.distance(boxes, shapely.union_all(self.taken)) > 0
            if not keep.any():
                continue
            price = (ys - lowest) + 3 * shapely.distance(boxes, state_line)
            best = int(np.argmin(np.where(keep, price, np.inf)))
            self.taken.append(boxes[best])
            made.append(Label(text, float(xs[best]), float(ys[best]), size, style="state"))
        return tuple(made)

    def counties(self, counties: gpd.GeoDataFrame, lines: Geometry) -> tuple[Label, ...]:
        """Name each county in the widest free room of its visible part; one with no room stays unnamed."""
        placed = []
        size = theme.TEXT_PT["label"]
        for name, shape in zip(counties["name"].astype(str), counties.geometry, strict=True):
            width, height = len(name) * _ADVANCE * size, _HEIGHT * size
            x0, y0, x1, y1 = shape.bounds
            grid_x, grid_y = np.meshgrid(np.linspace(x0, x1, 26)[1:-1], np.linspace(y0, y1, 26)[1:-1])
            xs, ys = grid_x.ravel(), grid_y.ravel()
            half_x, half_y = width * self.unit / 2, height * self.unit / 2
            boxes = shapely.box(xs - half_x, ys - half_y, xs + half_x, ys + half_y)
            keep = shapely.contains_properly(shape, boxes)
            if not keep.any():
                continue
            boxes, xs, ys = boxes[keep], xs[keep], ys[keep]
            room = np.minimum(shapely.distance(boxes, shape.boundary), shapely.distance(boxes, lines) * 0.8)
            room = np.minimum(room, shapely.distance(boxes, shapely.union_all(self.taken)) * 0.8)
            middle = np.hypot(xs - shape.centroid.x, ys - shape.centroid.y)
            best = int(np.argmax(np.minimum(room, 14 * self.unit) - 0.12 * middle))
            free = bool(shapely.distance(boxes[best], shapely.union_all(self.taken)) > 0)
            if free:
                self.taken.append(boxes[best])
                placed.append(Label(name, float(xs[best]), float(ys[best]), size, style="county"))
        return tuple(placed)


def halo_text(
    axes: Axes, x: float, y: float, text: str, *, halo_pt: float = 2.4, zorder: float = 40, **style: Any
) -> None:
    """Write text with a white halo; the halo is outlines, the text on top stays text in SVG and PDF."""
    axes.text(
        x,
        y,
        text,
        zorder=zorder,
        **{**style, "color": theme.COLOUR["casing"]},
        path_effects=[Stroke(linewidth=halo_pt, foreground=theme.COLOUR["casing"], alpha=0.85)],
    )
    axes.text(x, y, text, zorder=zorder + 0.1, **style)


def _shield_outline(bottom_cut: float) -> Outline:
    """Outline of an interstate shield in a box of -1 to 1; ``bottom_cut`` takes the top away for the blue part."""
    right = [
        (0.0, 0.80),
        (0.40, 0.93),
        (0.72, 0.80),
        (0.93, 0.42),
        (1.0, -0.02),
        (0.82, -0.46),
        (0.46, -0.82),
        (0.0, -1.0),
    ]
    points = [(x, min(y, bottom_cut)) for x, y in right]
    ring = points + [(-x, y) for x, y in reversed(points[:-1])]
    return Outline([*ring, ring[0]], closed=True)


_SHIELD, _SHIELD_BODY = _shield_outline(1.0), _shield_outline(0.40)


def draw(
    axes: Axes,
    shields: tuple[Shield, ...],
    towns: tuple[Label, ...],
    counties: tuple[Label, ...],
    states: tuple[Label, ...],
    *,
    metres_per_point: float,
) -> None:
    """Draw placed names and shields."""
    ink, soft = theme.COLOUR["ink"], theme.COLOUR["soft"]
    for label in counties:
        halo_text(
            axes,
            label.x,
            label.y,
            label.text,
            fontsize=label.size_pt,
            color=soft,
            ha="center",
            va="center",
            style="normal",
            fontweight="bold",
        )
    for label in states:
        halo_text(axes, label.x, label.y, label.text, fontsize=label.size_pt, color=ink, ha=label.align, va="center")
    dots = [label.dot for label in towns if label.dot]
    if dots:
        axes.scatter(
            [x for x, _ in dots], [y for _, y in dots], s=9, c=ink, edgecolors="white", linewidths=0.6, zorder=39
        )
    for label in towns:
        if label.dot and label.align != "center" and abs(label.x - label.dot[0]) > 10 * metres_per_point:
            axes.plot(
                [label.dot[0], label.x],
                [label.dot[1], label.y],
                color=ink,
                linewidth=0.6,
                zorder=38,
                solid_capstyle="butt",
            )
        halo_text(axes, label.x, label.y, label.text, fontsize=label.size_pt, color=ink, ha=label.align, va="center")
    if shields:
        xs, ys = [shield.x for shield in shields], [shield.y for shield in shields]
        wide = [len(shield.number) > 2 for shield in shields]
        sizes = [(_WIDE_SHIELD_PT if w else _SHIELD_PT) ** 2 for w in wide]
        axes.scatter(
            xs, ys, s=sizes, marker=_SHIELD, c=theme.COLOUR["shield_red"], edgecolors="white", linewidths=1.0, zorder=42
        )
        axes.scatter(
            xs,
            ys,
            s=sizes,
            marker=_SHIELD_BODY,
            c=theme.COLOUR["shield_blue"],
            edgecolors="white",
            linewidths=0.7,
            zorder=43,
        )
        for shield in shields:
            axes.annotate(
                shield.number,
                (shield.x, shield.y),
                (0, -1.2),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=theme.TEXT_PT["small"],
                fontweight="bold",
                color="white",
                zorder=44,
            )
