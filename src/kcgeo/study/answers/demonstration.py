"""The attack on an invented town: three publishers that leak, and this one.

The town is a plain grid of crossings in the middle of the Atlantic, with streets of unequal speed, two public shelters
and one hidden shelter. Nothing in it stands for a real place. Three publishers use the hidden shelter and blur the
result; the fourth is kcgeo: loader, exact rows, release gate. The same attacker reads all four.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from kcgeo import data
from kcgeo.crs import STORAGE
from kcgeo.data.package.catalogue import disclosure_bases
from kcgeo.disclosure import Layer, Released, best_candidates, candidate_losses, expected_times, release
from kcgeo.errors import WithheldWarning
from kcgeo.files import scratch
from kcgeo.travel import Network, nearest_times

__all__ = ["PUBLISHERS", "Demonstration", "Town", "demonstrate", "invented_services", "invented_town"]

Floats = npt.NDArray[np.float64]

SIDE = 21
CATEGORY = "emergency_shelter"
AREA = "Invented area"
PUBLISHERS = MappingProxyType(
    {
        "classes": "Classes of 15 minutes",
        "averages": "Averages of four quarters",
        "mask": "A point moved at random",
        "kcgeo": "kcgeo",
    }
)
_STEP_DEG = 1 / 111.2  # about 1 km
_WEST, _SOUTH = -30.0, 0.0
_KNOWN = ("n02-03", "n17-18")
_HIDDEN = "n14-08"
_CLASS_MIN = 15.0
_RING_KM = (1.0, 3.0)
_MASK_COUNT = 40
_SOURCES = ("an invented town",)


@dataclass(frozen=True, eq=False)
class Town:
    """Crossings (``node_id``, ``step_east``, ``step_north``, point), their network, people, and the quarter of each."""

    nodes: gpd.GeoDataFrame
    network: Network
    people: Floats
    quarter: npt.NDArray[np.int64]

    def at(self, ids: Sequence[str]) -> gpd.GeoDataFrame:
        """Crossings by id, in the order of ``ids``."""
        return self.nodes.set_index("node_id").loc[list(ids)].reset_index()

    def apart_km(self, ids: Sequence[str], hidden: str) -> float:
        """Mean distance of some crossings to one: how far off somebody is who picks one of them by lot."""
        guess, true = self.at(ids), self.at([hidden]).iloc[0]
        east, north = guess["step_east"] - true["step_east"], guess["step_north"] - true["step_north"]
        return float(np.hypot(east, north).mean())


@dataclass(frozen=True, eq=False)
class Demonstration:
    """What :func:`demonstrate` found.

    ``released`` holds the tables of the picture; ``by_publisher`` has, by publisher, the places that the attacker is
    left with, how far off they are, and the same over many hiding places; ``edition_count`` is the number of different
    editions that the house published from ``file_count`` files, which differ in their hidden shelters.
    """

    released: dict[str, Released]
    by_publisher: pd.DataFrame
    edition_count: int
    file_count: int


def invented_town(*, seed: int = 4) -> Town:
    """Make the town: 21 x 21 crossings 1 km apart, 1 to 4 minutes for each street and direction, some one-way."""
    rng = np.random.default_rng(seed)
    north, east = (axis.ravel() for axis in np.mgrid[0:SIDE, 0:SIDE])
    names = [f"n{up:02d}-{right:02d}" for up, right in zip(north, east, strict=True)]
    nodes = gpd.GeoDataFrame(
        {"node_id": names, "step_east": east, "step_north": north},
        geometry=gpd.points_from_xy(_WEST + _STEP_DEG * east, _SOUTH + _STEP_DEG * north),
        crs=STORAGE,
    )
    edges: list[tuple[str, str, float]] = []
    for one in range(SIDE * SIDE):
        for other, inside in ((one + 1, east[one] < SIDE - 1), (one + SIDE, north[one] < SIDE - 1)):
            if inside:
                edges.append((names[one], names[other], rng.uniform(1.0, 4.0)))
                if rng.random() > 0.05:
                    edges.append((names[other], names[one], rng.uniform(1.0, 4.0)))
    table = pd.DataFrame(edges, columns=["from_node_id", "to_node_id", "time_min"])
    people = rng.integers(50, 5000, SIDE * SIDE).astype(float)
    quarter = 2 * (north >= SIDE // 2) + (east >= SIDE // 2)
    return Town(nodes, Network.from_edges(nodes, table), people, quarter)


def invented_services(town: Town, hidden: Sequence[str] = ()) -> pd.DataFrame:
    """Directory of the town as an operator keeps it: public shelters, a confidential one in words, hidden rows.

    ``hidden`` rows bring their true place along and no basis to show it: the mistake that the loader must catch.
    """
    common = {"service_categories": CATEGORY, "service_status": "active",
              "eligibility": "any", "location_type": "physical", "seed_mentioned": "no",
              "evidence": "invented"}  # fmt: skip
    basis = next(name for name, sleeping in disclosure_bases().items() if sleeping)
    rows = [{**common, "organization_name": "Invented line",
             "organization_id": "org-call", "service_id": "svc-call", "service_name": "Confidential shelter",
             "coordinate_precision": "none", "phone": "816-555-0100", "disclosure": "area", "area": AREA}]  # fmt: skip
    for name, places in (("public", _KNOWN), ("hidden", hidden)):
        points = town.at(places).geometry
        for place, x, y in zip(places, points.x, points.y, strict=True):
            row = {**common, "organization_name": f"Invented house {place}",
                   "organization_id": f"org-{name}-{place}", "service_id": f"svc-{name}-{place}",
                   "service_name": f"Shelter {name}", "latitude": str(y), "longitude": str(x),
                   "coordinate_precision": "rooftop", "disclosure": "exact"}  # fmt: skip
            rows.append(row | ({"disclosure_basis": basis} if name == "public" else {}))
    return pd.DataFrame(rows, columns=[field["name"] for field in data.describe("services")["fields"]])


def _edition(town: Town, hidden: Sequence[str], folder: Path) -> dict[str, Released]:
    """Publish as the house does, with hidden rows in the operator's file."""
    path = folder / "services.csv"
    invented_services(town, hidden).to_csv(path, index=False)
    ground = gpd.GeoDataFrame(geometry=[shapely.box(*town.nodes.total_bounds)], crs=STORAGE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WithheldWarning)
        services = data.services(path=path, counties=ground, areas=pd.DataFrame({"area": [AREA]}))
    times = nearest_times(town.network, town.nodes, data.by_category(services), by="category")
    surface = times.rename_axis("cell_id")
    return {
        "services": release(
            services, name="services", kind="services", areas=[AREA], sources=_SOURCES, vintage="invented"
        ),
        "surface": release(surface, name="surface", kind="surface", sources=_SOURCES, vintage="invented"),
    }


def _digest(edition: dict[str, Released]) -> str:
    text = "".join(f"{name}{one.to_manifest()}{one.table.to_csv()}" for name, one in sorted(edition.items()))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class _Attack:
    """All that the attacker knows: the town, the methods, and what each would give for each place."""

    town: Town
    times: Floats
    house: Floats

    def layer(self, publisher: str, hidden: int, masked: Floats) -> Layer:
        """Return what a publisher shows for a hidden place, beside what each place would give."""
        if publisher == "mask":
            points = self.town.nodes[["step_east", "step_north"]].to_numpy(dtype=float)
            apart = np.hypot(*(masked[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
            outside = np.maximum(_RING_KM[0] - apart, 0) + np.maximum(apart - _RING_KM[1], 0)
            return Layer(publisher, np.zeros(len(masked)), outside)
        if publisher == "kcgeo":
            # the method takes no hidden place, so every place gives the same
            return Layer(publisher, self.house, np.repeat(self.house[:, None], len(self.house), axis=1))
        expected = np.ceil(self.times / _CLASS_MIN) if publisher == "classes" else self._averages()
        return Layer(publisher, expected[:, hidden], expected)

    def _averages(self) -> Floats:
        weight = (self.town.quarter[None, :] == np.arange(4)[:, None]) * self.town.people
        return np.asarray(np.round(weight @ self.times / weight.sum(axis=1, keepdims=True), 1))

    def left(self, publisher: str, hidden: int, masked: Floats) -> list[str]:
        """Places that explain what was published best."""
        candidates = self.town.nodes["node_id"].tolist()
        return best_candidates(candidate_losses([self.layer(publisher, hidden, masked)], candidates))


def _masked(town: Town, hidden: int, rng: np.random.Generator) -> Floats:
    """Points that a donut mask shows, one in each edition, in steps."""
    true = town.nodes[["step_east", "step_north"]].to_numpy(dtype=float)[hidden]
    radius = np.sqrt(rng.uniform(_RING_KM[0] ** 2, _RING_KM[1] ** 2, _MASK_COUNT))
    angle = rng.uniform(0, 2 * np.pi, _MASK_COUNT)
    return np.asarray(true + np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))


def demonstrate(*, seed: int = 4, hiding_count: int = 25) -> Demonstration:
    """Publish the invented town four ways and attack each.

    Parameters
    ----------
    seed
        Of streets, people, masks and hiding places; the same seed gives the same result.
    hiding_count
        Further hiding places over which the attack is repeated.

    Returns
    -------
    Demonstration
        Distances in km; a guess by lot within the town is ``guess_km`` off.
    """
    town, rng = invented_town(seed=seed), np.random.default_rng(seed)
    names = town.nodes["node_id"].tolist()
    true = names.index(_HIDDEN)
    hiding = [true, *sorted(rng.choice(len(names), hiding_count, replace=False).tolist())]
    with scratch("demonstration") as folder:
        # none, some one by one, and every place at once but the public doors: a hidden row closes the door it shares
        files: list[list[str]] = [[], *([names[place]] for place in hiding[:4]), [n for n in names if n not in _KNOWN]]
        editions = [_edition(town, hidden, folder) for hidden in files]
    times = expected_times(town.network, town.nodes, town.at(_KNOWN), town.nodes).to_numpy()
    house = editions[0]["surface"].table.set_index("cell_id").loc[names, f"{CATEGORY}_min"].to_numpy(dtype=float)
    attack = _Attack(town, times, house)
    masks = {place: _masked(town, place, rng) for place in dict.fromkeys(hiding)}
    rows, pictures = [], []
    for publisher in PUBLISHERS:
        left = {place: attack.left(publisher, place, masks[place]) for place in masks}
        off = [town.apart_km(found, names[place]) for place, found in left.items()]
        rows.append((publisher, len(left[true]), off[0], float(np.median(off))))
        shown = _shown(attack, publisher, true)
        pictures.append(_picture(town, publisher, shown, left[true]))
    table = pd.DataFrame(rows, columns=["publisher", "places_count", "off_km", "median_off_km"]).set_index("publisher")
    table["guess_km"] = float(np.median([town.apart_km(names, names[place]) for place in masks]))
    mask = pd.DataFrame(masks[true], columns=["step_east", "step_north"]).assign(publisher="mask")
    tables = {
        "grid": pd.concat(pictures, ignore_index=True),
        "masked": mask,
        "attack": table.drop(columns="median_off_km").reset_index(),
    }
    released = {
        name: release(one, name=name, kind="demonstration", sources=_SOURCES, vintage="invented")
        for name, one in tables.items()
    }
    return Demonstration(released, table, len({_digest(one) for one in editions}), len(files))


def _shown(attack: _Attack, publisher: str, hidden: int) -> Floats:
    """Minutes as a reader sees them at each crossing; NaN where a publisher shows points only."""
    if publisher == "mask":
        return np.full(len(attack.house), np.nan)
    published = attack.layer(publisher, hidden, np.empty((0, 2))).published
    if publisher == "averages":
        return np.asarray(published[attack.town.quarter])
    return published * _CLASS_MIN if publisher == "classes" else published


def _picture(town: Town, publisher: str, shown: Floats, left: Sequence[str]) -> pd.DataFrame:
    nodes = town.nodes[["step_east", "step_north"]]
    ids = town.nodes["node_id"]
    table = pd.DataFrame(nodes).assign(publisher=publisher, shown=shown)
    return table.assign(fits=ids.isin(left).to_numpy(), is_shelter=ids.eq(_HIDDEN).to_numpy())
