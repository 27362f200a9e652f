"""How a national run is divided: groups of counties, and the piece of the network that is enough for each.

The nearest service is at most one cutoff away. A share in a service depends on all people in its catchment, so that
catchments need their buffer twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.access.parts import Catchment, Part
from kcgeo.errors import StudyError
from kcgeo.travel.network import Network
from kcgeo.travel.streets.clip import Cutter

__all__ = ["Question", "Tile", "tiles"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_APART = {"AK": "alaska", "HI": "hawaii", "PR": "puerto-rico"}  # no road leads from there to the mainland


@dataclass(frozen=True)
class Tile:
    """A group of whole counties: name, counties and the rows of its places, all rising."""

    name: str
    counties: tuple[str, ...]
    rows: Ints


@dataclass(frozen=True, eq=False)
class Question:
    """A whole run: network, places, sites, cutoffs; :meth:`part` gives the part of a tile.

    Attributes
    ----------
    places
        ``place_id`` (rising), ``population_count``, points.
    sites
        ``category`` and points, one row for each category and site, as ``kcgeo.data.by_category`` gives them.
    categories
        Which to measure, in the order of the results.
    """

    network: Network
    places: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    categories: tuple[str, ...]
    cutoff_min: float
    catchment: Catchment

    @cached_property
    def cutter(self) -> Cutter:
        """What cuts pieces out of the network."""
        return Cutter(self.network)

    @cached_property
    def place_node(self) -> Ints:
        """Node that each place meets; -1 off the network."""
        return self.network.positions(self.places, what="places")[0]

    @cached_property
    def _site_table(self) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Node of each site on the network, and what it offers; sites in order of their id."""
        ids, site = np.unique(self.sites["site_id"].astype(str).to_numpy(dtype=object), return_inverse=True)
        column = pd.Index(self.categories).get_indexer(pd.Index(self.sites["category"]))
        node = np.full(len(ids), -1, dtype=np.intp)
        node[site] = self.network.positions(self.sites, what="sites")[0]
        offers = np.zeros((len(ids), len(self.categories)), dtype=bool)
        offers[site[column >= 0], column[column >= 0]] = True
        kept = (node >= 0) & offers.any(axis=1)
        return node[kept], offers[kept]

    @property
    def buffer_km(self) -> float:
        """How far the piece of a tile reaches beyond its places: the larger of one cutoff and two catchments."""
        cutter = self.cutter
        return max(cutter.buffer_m(self.cutoff_min), 2 * cutter.buffer_m(self.catchment.cutoff_min)) / 1000

    def part(self, tile: Tile) -> Part:
        """Cut out what the places of a tile need."""
        starts = np.unique(self.place_node[tile.rows])
        starts = starts[starts >= 0]
        site_node, offers = self._site_table
        if len(starts):
            nodes, metres = self.cutter.around(starts, self.buffer_km * 1000)
        else:
            nodes, metres = np.empty(0, dtype=np.intp), np.empty(0)
        number = np.full(len(self.network.node_ids), -1, dtype=np.intp)
        number[nodes] = np.arange(len(nodes))
        far = np.full(len(number), np.inf)
        far[nodes] = metres
        inside = np.zeros(len(self.places), dtype=bool)
        inside[self.place_node >= 0] = number[self.place_node[self.place_node >= 0]] >= 0
        inside[tile.rows] = True  # a place off the network is answered too: nothing is in its reach
        kept = np.flatnonzero(inside)
        sites = np.flatnonzero(number[site_node] >= 0)
        node = self.place_node[kept]
        return Part(
            arcs=self.cutter.arcs_between(nodes),
            place_node=np.where(node >= 0, number[node], -1),
            people=self.places["population_count"].to_numpy(dtype=np.float64)[kept],
            own=np.searchsorted(kept, tile.rows),
            site_node=number[site_node[sites]],
            offers=offers[sites],
            close=np.flatnonzero(far[site_node[sites]] <= self.cutter.buffer_m(self.catchment.cutoff_min)),
            cutoff_min=self.cutoff_min,
            catchment=self.catchment,
        )


def tiles(places: gpd.GeoDataFrame, *, places_count: int, counties: Sequence[str] | None = None) -> list[Tile]:
    """Divide places into groups of whole counties, halving the longer side until a group is small enough.

    Alaska, Hawaii and Puerto Rico are groups of their own.

    Parameters
    ----------
    places
        ``place_id, county_fips, state`` and points, EPSG:4326.
    places_count
        A group holds about half to all of this many places; one county is never divided.
    counties
        Only the places of these counties.

    Returns
    -------
    list of Tile
        Sorted by name; each place (of the counties) is in exactly one.

    Raises
    ------
    StudyError
        A county holds no place.
    """
    fips = places["county_fips"].astype(str)
    wanted = pd.Series(True, index=places.index) if counties is None else fips.isin(list(counties))
    unknown = sorted(set(counties or ()) - set(fips))
    if unknown:
        raise StudyError(f"No place lies in the counties {', '.join(unknown)}; give five-digit county codes.")
    table = pd.DataFrame(
        {
            "row": np.arange(len(places)),
            "county": fips.to_numpy(),
            "realm": places["state"].map(_APART).fillna("mainland").to_numpy(),
            "lon": places.geometry.x.to_numpy(),
            "lat": places.geometry.y.to_numpy(),
        }
    )[wanted.to_numpy()]
    found = []
    for realm, part in table.groupby("realm", sort=True):
        middle = part.groupby("county").agg(lon=("lon", "mean"), lat=("lat", "mean"), count=("row", "size"))
        for path, group in _halved("", middle.reset_index(), max(places_count, 1)):
            rows = np.sort(part.loc[part["county"].isin(group), "row"].to_numpy())
            found.append(Tile(f"{realm}-{path}" if path else str(realm), tuple(sorted(group)), rows))
    return sorted(found, key=lambda tile: tile.name)


def _halved(path: str, middle: pd.DataFrame, most: int) -> Iterator[tuple[str, list[str]]]:
    """Halve a group of counties until its places are few enough; yield the path of halves, and counties."""
    if middle["count"].sum() <= most or len(middle) == 1:
        yield path, middle["county"].tolist()
        return
    east = (middle["lon"] % 360) * np.cos(np.radians(middle["lat"].mean()))
    along = east if np.ptp(east) > np.ptp(middle["lat"]) else middle["lat"]
    order = middle.iloc[np.lexsort((middle["county"], along))]
    passed = order["count"].cumsum().to_numpy()
    cut = 1 + int(np.argmin(np.abs(passed[:-1] - passed[-1] / 2)))
    yield from _halved(f"{path}0", order.iloc[:cut], most)
    yield from _halved(f"{path}1", order.iloc[cut:], most)
