"""The background of every map: counties, state line, river, corridors with shields, names, scale bar, north arrow.

A map has two panels of the same shape: the whole study area, and the core of the metro, where most people live and most
services are. What does not change from map to map is cut, projected and placed once, in :func:`background`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from pyproj import Transformer

from kcgeo.crs import STORAGE, require, require_metric
from kcgeo.data.study.settings import Barrier
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import labels, shapes, theme
from kcgeo.present.look.furniture import north_arrow, scale_bar
from kcgeo.present.look.plate import Plate
from kcgeo.present.look.sheet import PRINT, Sheet

__all__ = [
    "Background",
    "Panel",
    "background",
    "cell_polygons",
    "draw_over",
    "draw_under",
    "edge_of",
    "inside",
    "panels",
    "prepare",
    "projected_points",
]

Geometry = Any


@dataclass(frozen=True)
class Panel:
    """One window on the map with all that was cut to it and placed in it; metres in the study's CRS."""

    name: str
    extent: tuple[float, float, float, float]
    metres_per_point: float
    counties: gpd.GeoDataFrame
    borders: Geometry
    outline: Geometry
    state_line: Geometry
    river: Geometry
    roads: Geometry
    shields: tuple[labels.Shield, ...]
    towns: tuple[labels.Label, ...]
    county_names: tuple[labels.Label, ...]
    states: tuple[labels.Label, ...]


@dataclass(frozen=True)
class Background:
    """What all maps of a study share; made by :func:`background`."""

    crs: str
    whole: Panel
    core: Panel
    river_name: str
    released: tuple[Released, ...]
    sheet: Sheet = PRINT
    edge: Panel | None = None

    def inset(self, *, edge: bool = False) -> Panel:
        """Return the second panel: where help stops, if a map asks for it and there is such a place; else the core."""
        return self.edge if edge and self.edge is not None else self.core


def _shared_border(left: Geometry, right: Geometry) -> Geometry:
    """Border between two areas, also where their edges differ by some metres."""
    if left is None or right is None or left.is_empty or right.is_empty:
        return shapely.LineString()
    return shapely.intersection(left.boundary, shapely.buffer(right, 60.0))


def _fit(extent: Sequence[float], sheet: Sheet) -> tuple[float, float, float, float]:
    """Grow an extent on its short side to the shape of a panel."""
    left, bottom, right, top = extent
    scale = max((right - left) / sheet.panel_in[0], (top - bottom) / sheet.panel_in[1])
    x, y = (left + right) / 2, (bottom + top) / 2
    half_x, half_y = scale * sheet.panel_in[0] / 2, scale * sheet.panel_in[1] / 2
    return (x - half_x, y - half_y, x + half_x, y + half_y)


def _cut(layer: gpd.GeoDataFrame, window: Geometry) -> gpd.GeoDataFrame:
    """Rows cut to a window, empty ones left out: what lies outside would stay in SVG and PDF files."""
    cut = layer.assign(geometry=shapely.intersection(layer.geometry.to_numpy(), window))
    return cut[~cut.geometry.is_empty].reset_index(drop=True)


def _panel(name: str, extent: tuple[float, float, float, float], layers: dict[str, Any], sheet: Sheet) -> Panel:
    window = shapely.box(*extent)
    metres_per_point = (extent[2] - extent[0]) / (sheet.panel_in[0] * 72)
    counties = _cut(layers["counties"], window)
    corridors = _cut(layers["corridors"], window)
    state_line = shapely.intersection(layers["state_line"], window)
    borders = shapely.union_all(shapely.boundary(counties.geometry.to_numpy()))
    placer = labels.Placer(extent, metres_per_point)
    # the whole has room for few things, and towns tell more there; the core is read by its roads
    if name == "core":
        placer.keep_clear(layers["sites"])
        shields = placer.shields(corridors)
        towns = placer.towns(layers["towns"], far=True)
    else:
        placer.keep_clear(layers["sites"], size_pt=4.0)
        towns = placer.towns(layers["towns"], limit=11, far=True)
        shields = placer.shields(corridors)
        placer.keep_clear_of(layers["frame"], gap_pt=2.0)
    roads = shapely.union_all(corridors.geometry.to_numpy())
    return Panel(
        name=name,
        extent=extent,
        metres_per_point=metres_per_point,
        counties=counties,
        # the frame of the window is no border
        borders=shapely.difference(borders, shapely.buffer(window.exterior, metres_per_point)),
        outline=shapely.intersection(layers["outline"], window),
        state_line=state_line,
        river=shapely.intersection(layers["river"], window),
        roads=roads,
        shields=shields,
        towns=towns,
        states=placer.states(counties, state_line),
        county_names=placer.counties(counties, shapely.union_all([roads, state_line])),
    )


def background(
    counties: Released,
    corridors: Released,
    *,
    crs: str,
    downtown: tuple[float, float],
    core_half_width_km: float = 34.0,
    rivers: Sequence[Barrier] = (),
    towns: Released | None = None,
    sites: Released | None = None,
    edge: tuple[float, float] | None = None,
    sheet: Sheet = PRINT,
) -> Background:
    """Prepare the background of all maps of a study.

    Parameters
    ----------
    counties
        Released table ``county_fips, name, state, geometry`` (EPSG:4326) of the study's counties.
    corridors
        Released table ``route, state, geometry`` (EPSG:4326).
    crs
        Metric CRS in which the map is drawn.
    downtown
        Longitude and latitude in the middle of the core panel.
    core_half_width_km
        Half the width of the core panel.
    rivers
        Barriers of the study that run along county lines; they are drawn as landmarks.
    towns
        Released table ``name, state, population_count, geometry`` (EPSG:4326) for place names.
    sites
        Released services; in the core panel names and shields keep off their places.
    edge
        Longitude and latitude in the middle of a panel as wide as the core that shows where help stops; see
        :func:`edge_of`.
    sheet
        Page to print or slide; names are placed for the size of its panels.

    Raises
    ------
    DisclosureError
        For a table that was not released.
    CrsError, TableError
        For a layer in another CRS, a CRS not in metres, no rows, or columns that are missing.
    """
    require_metric(crs)
    tables = {
        "counties": (require_released(counties, kind="background"), ("county_fips", "name", "state")),
        "corridors": (require_released(corridors, kind="background"), ("route", "state")),
    }
    if towns is not None:
        tables["towns"] = (require_released(towns, kind="background"), ("name", "population_count"))
    layers: dict[str, Any] = {"towns": None, "sites": np.empty((0, 2))}
    for what, (released, columns) in tables.items():
        layers[what] = _projected(released, columns, what=what, crs=crs)
    by_state = {str(state): rows.geometry.union_all() for state, rows in layers["counties"].groupby("state")}
    layers["outline"] = shapely.union_all(list(by_state.values()))
    areas = list(by_state.values())
    layers["state_line"] = shapely.union_all(
        [_shared_border(one, two) for i, one in enumerate(areas) for two in areas[i + 1 :]]
    )
    layers["river"] = shapely.union_all([_river(layers["counties"], river) for river in rivers])
    x, y = Transformer.from_crs(STORAGE, crs, always_xy=True).transform(*downtown)
    half, pad = core_half_width_km * 1000, 3000.0
    if sites is not None:
        layers["sites"] = projected_points(sites, crs)[["x", "y"]].to_numpy()
    left, bottom, right, top = layers["outline"].bounds
    inner = _fit((x - half, y - half, x + half, y + half), sheet)
    layers["frame"] = shapely.box(*inner).exterior
    whole = _panel("whole", _fit((left - pad, bottom - pad, right + pad, top + pad), sheet), layers, sheet)
    core = _panel("core", inner, layers, sheet)
    drawn = tuple(released for released, _ in tables.values())
    stops = None
    if edge is not None:
        x, y = Transformer.from_crs(STORAGE, crs, always_xy=True).transform(*edge)
        stops = _panel("edge", _fit((x - half, y - half, x + half, y + half), sheet), layers, sheet)
    return Background(crs, whole, core, ", ".join(river.name for river in rivers), drawn, sheet, stops)


def edge_of(gaps: Released, *, crs: str, half_width_km: float = 34.0) -> tuple[float, float] | None:
    """Find where help stops: the middle of the window that holds the most people who lack a required kind of help.

    Parameters
    ----------
    gaps
        Released gaps with points, ``population_count`` and ``none_count``.
    crs
        Metric CRS of the study.
    half_width_km
        Half the width of the window, that of the core panel.

    Returns
    -------
    tuple or None
        Longitude and latitude of one of the places; None where nobody lacks anything.
    """
    places = projected_points(gaps, crs)
    lacking = places[places["none_count"] > 0]
    if not lacking["population_count"].sum() > 0:
        return None
    xy, people = lacking[["x", "y"]].to_numpy(), lacking["population_count"].to_numpy(dtype=float)
    near = (np.abs(xy[:, None, :] - xy[None, :, :]) <= half_width_km * 1000).all(axis=2)
    x, y = xy[int((near @ people).argmax())]
    lon, lat = Transformer.from_crs(crs, STORAGE, always_xy=True).transform(x, y)
    return float(lon), float(lat)


def _river(counties: gpd.GeoDataFrame, river: Barrier) -> Geometry:
    """Border between the counties on either side of a river."""
    sides = [counties[counties["county_fips"].isin(list(side))] for side in (river.side_a, river.side_b)]
    return _shared_border(*(side.geometry.union_all() for side in sides))


def _projected(released: Released, columns: Sequence[str], *, what: str, crs: str) -> gpd.GeoDataFrame:
    table = released.table
    missing = [column for column in (*columns, "geometry") if column not in table.columns]
    if missing or table.empty:
        raise TableError(
            f"The {what} need the columns {', '.join((*columns, 'geometry'))} and at least one row; "
            + (f"{', '.join(missing)} missing." if missing else "there are no rows.")
        )
    layer = table if isinstance(table, gpd.GeoDataFrame) else gpd.GeoDataFrame(table, geometry="geometry")
    require(layer, what=what)
    return layer.to_crs(crs).sort_values(columns[0], kind="stable").reset_index(drop=True)


def panels(plate: Plate, ground: Background, *, edge: bool = False) -> tuple[tuple[Axes, Panel], tuple[Axes, Panel]]:
    """Add the two panels to a plate: the whole, and the core or, where asked for, the edge where help stops."""
    made = []
    width, height = plate.get_size_inches()
    sheet = ground.sheet
    wide, tall = sheet.panel_in
    for left, panel in zip(sheet.panel_left_in, (ground.whole, ground.inset(edge=edge)), strict=True):
        axes = plate.add_axes((left / width, sheet.panel_bottom_in / height, wide / width, tall / height))
        prepare(axes, panel)
        made.append((axes, panel))
    return made[0], made[1]


def prepare(axes: Axes, panel: Panel) -> None:
    """Set the window of a panel and take ticks away."""
    axes.set_xlim(panel.extent[0], panel.extent[2])
    axes.set_ylim(panel.extent[1], panel.extent[3])
    axes.set_aspect("equal", adjustable="box")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor(theme.COLOUR["paper"])


def draw_under(axes: Axes, panel: Panel) -> None:
    """Draw what lies under the data: the land of the study area."""
    shapes.draw_area(axes, panel.outline, facecolor=theme.COLOUR["land"], zorder=1)


def draw_over(
    axes: Axes, panel: Panel, *, core: Panel | None = None, names: bool = True, furniture: bool = True
) -> None:
    """Draw what lies over the data: borders, river, corridors with shields, names, scale bar, north arrow.

    ``core`` marks the window of the other panel; ``names`` and ``furniture`` are left out of small multiples.
    """
    colour, line = theme.COLOUR, theme.LINE
    small = not names
    shapes.draw_lines(
        axes, panel.borders, edgecolor=colour["county"], linewidth=line["county"] * (0.6 if small else 1), zorder=10
    )
    shapes.draw_lines(
        axes, panel.river, edgecolor=colour["river"], linewidth=line["river"] * (0.6 if small else 1), zorder=11
    )
    width = 0.45 if small else 1.0
    shapes.draw_lines(
        axes, panel.roads, edgecolor=colour["casing"], linewidth=line["casing"] * width, alpha=0.75, zorder=12
    )
    shapes.draw_lines(axes, panel.roads, edgecolor=colour["corridor"], linewidth=line["corridor"] * width, zorder=13)
    shapes.draw_lines(
        axes,
        panel.state_line,
        edgecolor=colour["state_line"],
        linewidth=line["state_line"] * (0.6 if small else 1),
        linestyle=(0, (5, 1.6, 1, 1.6)),
        capstyle="butt",
        zorder=14,
    )
    if core is not None:
        left, bottom, right, top = core.extent
        frame = shapely.box(left, bottom, right, top).exterior
        shapes.draw_lines(axes, frame, edgecolor=colour["ink"], linewidth=1.1, joinstyle="miter", zorder=30)
    if names:
        labels.draw(
            axes,
            panel.shields,
            panel.towns,
            panel.county_names,
            panel.states,
            metres_per_point=panel.metres_per_point,
        )
    if furniture:
        scale_bar(axes, panel.extent, panel.metres_per_point)
        north_arrow(axes)


def projected_points(released: Released, crs: str) -> pd.DataFrame:
    """Table with ``x`` and ``y`` in metres beside its own columns; rows with no point are left out."""
    table = released.table
    layer = gpd.GeoDataFrame(table, geometry="geometry")
    require(layer, what=released.name)
    layer = layer[layer.geometry.notna() & ~layer.geometry.is_empty]
    points = layer.to_crs(crs).geometry
    return pd.DataFrame(layer.drop(columns="geometry")).assign(
        x=points.x.to_numpy(dtype=float), y=points.y.to_numpy(dtype=float)
    )


def inside(points: pd.DataFrame, panel: Panel) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which points lie in the window of a panel."""
    left, bottom, right, top = panel.extent
    x, y = points["x"].to_numpy(), points["y"].to_numpy()
    return np.asarray((x >= left) & (x <= right) & (y >= bottom) & (y <= top))


def cell_polygons(table: pd.DataFrame, ground: Background) -> np.ndarray[Any, np.dtype[Any]]:
    """Cells of a surface cut to the study area; kept between the maps of one study."""
    return shapes.cut_cells(tuple(table["cell_id"]), ground.crs, ground.whole.outline)
