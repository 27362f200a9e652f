"""An interactive map for notebooks: folium and Leaflet, with everything inside the page and no request to any network.

The published page is :mod:`kcgeo.present.web.coverage_page`; this map is for exploring a study in a notebook, with the
layers of folium that researchers know: they can add their own.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
import shapely
from branca.element import Element
from folium.map import CustomPane

from kcgeo.crs import STORAGE
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import shapes, theme, words
from kcgeo.present.look.background import Background
from kcgeo.present.web.page import leaflet

__all__ = ["OfflineMap", "explore_map"]

GRID_DEGREES = 1e-3
"""Outlines are rounded to this grid: about 100 m, a tenth of a cell."""

SIMPLIFY_M = 150.0


class OfflineMap(folium.Map):
    """A folium map that loads nothing: Leaflet is inside, there are no tiles, and ids count up from one.

    folium draws its ids from the system's random source; here they are counted when the map is rendered, so that the
    same input gives the same bytes.
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 (declared so by folium)
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    def __init__(self, *, title: str, height_px: int, **options: Any) -> None:
        super().__init__(tiles=None, zoom_control=True, attribution_control=False, zoom_snap=0.25, **options)
        self.height_px = height_px
        self._rendered: tuple[tuple[str, ...], str] | None = None
        script, style = leaflet()
        root: Any = self.get_root()
        root.title = title
        # escaped from the template engine of folium, which would read braces of the script as its own
        raw = f"<style>{style}\n.leaflet-container {{ background: #f7f6f3; }}</style><script>{script}</script>"
        root.header.add_child(Element("{% raw %}" + raw + "{% endraw %}"), name="leaflet")

    def page(self) -> str:
        """Return the map as one HTML page."""
        layers = tuple(self._children)
        if self._rendered is None or self._rendered[0] != layers:
            # rendering adds children of its own to each layer: the same layers are rendered once
            root: Any = self.get_root()
            _count_ids(self)
            self._rendered = (layers, str(root.render()))
        return self._rendered[1]

    def _repr_html_(self, **options: Any) -> str:
        root: Any = self.get_root()
        frame = html.escape(self.page(), quote=True)
        return (
            f'<iframe title="{html.escape(root.title)}" srcdoc="{frame}" '
            f'style="width:100%;height:{self.height_px}px;border:0"></iframe>'
        )


def _count_ids(page: OfflineMap) -> None:
    """Give a map and its layers ids that count up; the frame around it gathers scripts and is not counted."""
    counter = itertools.count(1)

    def walk(element: Element) -> None:
        element._id = f"{next(counter):06d}"
        for child in list(element._children.values()):
            walk(child)

    page.get_root()._id = f"{0:06d}"
    walk(page)


def _classes(cells: Released, category: str, edges_min: Sequence[float], ground: Background) -> list[Any]:
    """Outlines of the time classes in EPSG:4326, the fastest first, rounded to keep the page small."""
    table = cells.table
    column = f"{category}_min"
    if column not in table:
        raise TableError(f"The cells lack the column {column}; release the table with it.")
    polygons = shapes.cut_cells(tuple(table["cell_id"]), ground.crs, ground.whole.outline)
    outlines = shapes.nested_classes(polygons, table[column], edges_min)
    smooth = gpd.GeoSeries([shapely.simplify(outline, SIMPLIFY_M) for outline in outlines], crs=ground.crs)
    return [shapely.set_precision(outline, GRID_DEGREES) for outline in smooth.to_crs(STORAGE)]


def _add_times(
    page: OfflineMap, cells: Released, category: str, edges_min: Sequence[float], ground: Background, *, show: bool
) -> None:
    layer = folium.FeatureGroup(name=f"Minutes to {words.nearest_phrase(category)}", show=show, overlay=True)
    ramp = list(theme.ramp(len(edges_min)))
    outlines = _classes(cells, category, edges_min, ground)
    for edge, outline, colour in reversed(list(zip(edges_min, outlines, ramp, strict=True))):
        style = {"fillColor": colour, "color": colour, "weight": 0.5, "fillOpacity": 0.75}
        folium.GeoJson(
            shapely.to_geojson(outline),
            style_function=lambda _, style=style: style,
            tooltip=f"at most {edge:g} min",
            smooth_factor=0.5,
            pane="surface",
        ).add_to(layer)
    layer.add_to(page)


def _add_lines(page: OfflineMap, ground: Background) -> None:
    lines = {
        "Counties": (ground.whole.borders, {"color": "#666666", "weight": 1.0}),
        "State line": (ground.whole.state_line, {"color": "#111111", "weight": 2.0, "dashArray": "8 5"}),
        "Interstates": (ground.whole.roads, {"color": theme.COLOUR["corridor"], "weight": 3.0}),
    }
    for name, (geometry, style) in lines.items():
        line = gpd.GeoSeries([geometry], crs=ground.crs).simplify(60).to_crs(STORAGE).iloc[0]
        folium.GeoJson(
            shapely.to_geojson(shapely.set_precision(line, GRID_DEGREES / 10)),
            name=name,
            control=False,
            style_function=lambda _, style=style: style,
            pane="lines",
        ).add_to(page)


def _site_texts(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what a click on a site tells, as plain text columns."""
    kinds = [", ".join(words.category_label(name) for name in names) for names in table["categories"]]
    years = [f"{year:.0f}" if pd.notna(year) else "no date" for year in table["verified_on"]]
    texts = {
        "Service": table["service_name"],
        "Run by": table["organization_name"],
        "Offers": kinds,
        "Telephone": table["phone"].fillna("not listed"),
        "Record of": years,
        "Note": "call first",
    }
    points = shapely.set_precision(table.geometry.to_numpy(), 1e-5)
    return gpd.GeoDataFrame(texts, geometry=points, index=table.index, crs=STORAGE)


def _add_sites(page: OfflineMap, services: Released) -> None:
    table = services.table
    assert isinstance(table, gpd.GeoDataFrame)
    sites = _site_texts(table[table.geometry.notna()])
    fields = [name for name in sites.columns if name != "geometry"]
    marker = folium.CircleMarker(
        radius=5, color="#111111", weight=1.5, fill=True, fill_color="#ffffff", fill_opacity=1.0
    )
    marker.options["pane"] = "sites"  # folium passes no pane to the markers of a GeoJson
    # a popup of GeoJson is plain script; folium's own Popup would need jQuery
    folium.GeoJson(
        sites.to_json(drop_id=True),
        name="Listed sites",
        marker=marker,
        tooltip=folium.GeoJsonTooltip(["Service"], labels=False),
        popup=folium.GeoJsonPopup(fields, max_width=320),
    ).add_to(page)


def explore_map(
    cells: Released,
    services: Released,
    *,
    categories: Sequence[str],
    ground: Background,
    edges_min: Sequence[float] = (15, 30, 45, 60),
    height_px: int = 520,
) -> OfflineMap:
    """Interactive map of drive times by category, to switch, zoom and click in a notebook; works without a network.

    Parameters
    ----------
    cells
        Released surface with ``cell_id`` and ``<category>_min``.
    services
        Released services; each site opens its names, telephone and the age of its record.
    categories
        One layer each; the first is shown.
    ground
        Background of the study.
    edges_min
        Upper edges of the time classes in minutes; an edge belongs to the class below it.
    height_px
        Height of the map in a notebook.

    Returns
    -------
    OfflineMap
        A folium map: add layers of your own, or take the page with ``page()``. What you add has
        not passed the release gate.

    Raises
    ------
    DisclosureError, TableError
        For a table that was not released, or one that lacks a category.
    """
    require_released(cells, kind="surface")
    require_released(services, kind="services")
    west, south, east, north = gpd.GeoSeries([ground.whole.outline], crs=ground.crs).to_crs(STORAGE).total_bounds
    page = OfflineMap(
        title="Drive times to help", height_px=height_px, location=((south + north) / 2, (west + east) / 2)
    )
    for name, level in (("surface", 410), ("lines", 420), ("sites", 610)):
        CustomPane(name, z_index=level, pointer_events=name != "lines").add_to(page)
    for number, category in enumerate(categories):
        _add_times(page, cells, category, edges_min, ground, show=number == 0)
    _add_lines(page, ground)
    _add_sites(page, services)
    folium.LayerControl(collapsed=False).add_to(page)
    page.fit_bounds([[float(south), float(west)], [float(north), float(east)]])
    swatches = "".join(
        f'<span style="display:inline-block;width:14px;height:14px;background:{colour};margin:0 4px 0 10px"></span>'
        f"{edge:g} min"
        for edge, colour in zip(edges_min, theme.ramp(len(edges_min)), strict=True)
    )
    legend = (
        '<div style="position:absolute;left:10px;bottom:10px;z-index:900;background:#fff;padding:6px 10px;'
        f'font:13px sans-serif;border:1px solid #999">At most{swatches}<br>{words.MODEL}<br>{words.LOWER_BOUND}<br>'
        f"{words.ODBL}</div>"
    )
    root: Any = page.get_root()
    root.html.add_child(Element(legend), name="legend")
    return page
