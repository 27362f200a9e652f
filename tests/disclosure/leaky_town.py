"""A town with one hidden shelter, an honest publisher, and three that leak.

The town is a grid of 21 x 21 crossings on real ground, so that the loader of services, its areas and its counties are
the real ones. Its streets have unequal speeds; some are one-way.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo import access, data
from kcgeo.data.package.catalogue import disclosure_bases
from kcgeo.disclosure import Released, release
from kcgeo.disclosure.attack import Layer, expected_times
from kcgeo.travel import Network, nearest_times

SIDE = 21
STEP_DEG = 0.009
WEST, SOUTH = -94.50, 38.92
AREA = "Jackson County MO"
CATEGORIES = ("emergency_shelter", "legal", "medical")
COUNTIES = 4  # quarters of the town, which one publisher sums over
RING_DEG = (0.01, 0.03)


@dataclass(frozen=True)
class Town:
    nodes: gpd.GeoDataFrame
    network: Network
    known: pd.DataFrame  # node_id, category: public services
    people: np.ndarray
    quarter: np.ndarray

    def points(self, ids):
        return self.nodes.set_index("node_id").loc[list(ids)].reset_index()

    def known_points(self, category):
        return self.points(self.known.loc[self.known["category"] == category, "node_id"])

    def distance_steps(self, one, other):
        """Distance of two crossings in grid steps."""
        (a, b), (c, d) = (map(int, name[1:].split("-")) for name in (one, other))
        return float(np.hypot(a - c, b - d))


def town(seed=4):
    rng = np.random.default_rng(seed)
    names = [f"n{i:02d}-{j:02d}" for i in range(SIDE) for j in range(SIDE)]
    lon = [WEST + STEP_DEG * j for _ in range(SIDE) for j in range(SIDE)]
    lat = [SOUTH + STEP_DEG * i for i in range(SIDE) for _ in range(SIDE)]
    nodes = gpd.GeoDataFrame({"node_id": names}, geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
    edges = []
    for i in range(SIDE):
        for j in range(SIDE):
            for down, right in ((0, 1), (1, 0)):
                if i + down < SIDE and j + right < SIDE:
                    one, other = f"n{i:02d}-{j:02d}", f"n{i + down:02d}-{j + right:02d}"
                    edges.append((one, other, rng.uniform(1.0, 4.0)))
                    if rng.random() > 0.05:
                        edges.append((other, one, rng.uniform(1.0, 4.0)))
    table = pd.DataFrame(edges, columns=["from_node_id", "to_node_id", "time_min"])
    known = pd.DataFrame(
        {
            "node_id": ["n02-03", "n18-17", "n10-02", "n16-04", "n05-16"],
            "category": ["emergency_shelter", "legal", "legal", "medical", "medical"],
        }
    )
    quarter = np.array([2 * (i >= SIDE // 2) + (j >= SIDE // 2) for i in range(SIDE) for j in range(SIDE)])
    return Town(nodes, Network.from_edges(nodes, table), known, rng.integers(50, 5000, SIDE * SIDE), quarter)


def directory(place, hidden, folder):
    """Write the file of services as an honest operator does: the shelter is a row at area level, without its place."""
    columns = [field["name"] for field in data.describe("services")["fields"]]
    rows = []
    for number, row in enumerate(place.known.itertuples(index=False)):
        at = place.points([row.node_id]).geometry.iloc[0]
        shelter = row.category == "emergency_shelter"
        basis = next(name for name, sleeping in disclosure_bases().items() if sleeping or not shelter)
        rows.append(
            {
                "organization_id": f"org-{number}",
                "organization_name": f"Public office {number}",
                "service_id": f"svc-{number}",
                "service_name": f"Public {row.category}",
                "service_categories": row.category,
                "service_status": "active",
                "eligibility": "any",
                "location_type": "physical",
                "state": "MO",
                "latitude": at.y,
                "longitude": at.x,
                "coordinate_precision": "rooftop",
                "seed_mentioned": "no",
                "evidence": "made for the test",
                "disclosure": "exact",
                "disclosure_basis": basis,
            }
        )
    rows.append(
        {
            "organization_id": "org-hidden",
            "organization_name": "A confidential refuge",
            "service_id": "svc-hidden",
            "service_name": "Emergency shelter",
            "service_categories": "emergency_shelter",
            "service_status": "active",
            "eligibility": "any",
            "phone": "816-555-0100",
            "location_type": "physical",
            "coordinate_precision": "none",
            "seed_mentioned": "no",
            "evidence": "made for the test",
            "disclosure": "area",
            "area": AREA,
        }
    )
    path = folder / "services.csv"
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def times_of(place, category, hidden=None):
    """Nearest times; ``hidden`` is the mistake: a hidden crossing among the services."""
    known = place.known_points(category)
    ids = [*known["node_id"], *([] if hidden is None else [hidden])]
    return nearest_times(place.network, place.nodes, place.points(ids))["time_min"]


def honest(place, hidden, folder) -> dict[str, Released]:
    """Publish by the house: loader, exact rows, states by area, release gate."""
    services = data.services(path=directory(place, hidden, folder))
    sites = data.by_category(services)
    times = nearest_times(place.network, place.nodes, sites, by="category")
    groups = pd.DataFrame({"population_count": place.people}, index=times.index)
    at = place.nodes.rename(columns={"node_id": "place_id"}).assign(county_fips="29095")
    referral = data.referral(at, services, categories=list(CATEGORIES)).rename_axis("node_id")
    coverage = access.coverage_table(times, groups, cutoffs_min=[15, 30], referral=referral)
    chain = access.continuum(times, groups["population_count"], required=CATEGORIES, cutoff_min=15, referral=referral)
    options = {"sources": ["the town"], "vintage": "2026"}
    return {
        "services": release(services, name="services", kind="services", areas=data.load("areas")["area"], **options),
        "surface": release(times.rename_axis("cell_id"), name="surface", kind="surface", **options),
        "coverage": release(coverage, name="coverage", kind="coverage", **options),
        "gaps": release(
            chain.drop(columns="demand_count").rename_axis("place_id"), name="gaps", kind="gaps", **options
        ),
    }


def text_of(released):
    """Everything that was published, as one text."""
    stream = io.StringIO()
    for name in sorted(released):
        stream.write(f"{name} {released[name].to_manifest()}\n{released[name].table.to_csv()}\n")
    return stream.getvalue()


def honest_layers(place, released, candidates):
    """All layers jointly, each compared with what it would be if the publisher had used the hidden place."""
    times = expected_times(
        place.network, place.nodes, place.known_points("emergency_shelter"), place.points(candidates)
    ).to_numpy()
    surface = released["surface"].table.set_index("cell_id").loc[place.nodes["node_id"]]
    layers = [Layer("times", surface["emergency_shelter_min"].to_numpy(), times)]
    states = released["gaps"].table.set_index("place_id").loc[place.nodes["node_id"], "emergency_shelter_state"]
    layers.append(Layer("states", (states == "in_reach").to_numpy(dtype=float), (times <= 15).astype(float)))
    coverage = released["coverage"].table
    rows = coverage[coverage["category"] == "emergency_shelter"].sort_values("cutoff_min")
    shares = [
        (place.people[:, None] * (times <= cutoff)).sum(axis=0) / place.people.sum() for cutoff in rows["cutoff_min"]
    ]
    layers.append(Layer("coverage", rows["covered_share"].to_numpy(), np.array(shares)))
    return layers


def classes_of_15_minutes(place, hidden, candidates, rng):
    """First leak: the surface is computed from the shelter and shown in classes of 15 minutes."""
    times = expected_times(
        place.network, place.nodes, place.known_points("emergency_shelter"), place.points(candidates)
    ).to_numpy()
    published = np.ceil(times_of(place, "emergency_shelter", hidden).to_numpy() / 15)
    return [Layer("classes", published, np.ceil(times / 15))]


def donut_mask(place, hidden, candidates, rng, *, releases=40):
    """Second leak: the point is moved by a random step within a ring, anew in each release."""
    at = place.points([hidden]).geometry.iloc[0]
    radius = np.sqrt(rng.uniform(RING_DEG[0] ** 2, RING_DEG[1] ** 2, releases))
    angle = rng.uniform(0, 2 * np.pi, releases)
    shown = np.column_stack([at.x + radius * np.cos(angle), at.y + radius * np.sin(angle)])
    where = place.points(candidates).geometry
    apart = np.hypot(shown[:, [0]] - where.x.to_numpy(), shown[:, [1]] - where.y.to_numpy())
    outside = np.maximum(RING_DEG[0] - apart, 0) + np.maximum(apart - RING_DEG[1], 0)
    return [Layer("mask", np.zeros(releases), outside)]


def rounded_county_sums(place, hidden, candidates, rng):
    """Third leak: only four county averages, weighted by people and rounded to a tenth of a minute."""
    times = expected_times(
        place.network, place.nodes, place.known_points("emergency_shelter"), place.points(candidates)
    ).to_numpy()
    true = times_of(place, "emergency_shelter", hidden).to_numpy()[:, None]

    def sums(table):
        rows = []
        for quarter in range(COUNTIES):
            weight = place.people * (place.quarter == quarter)
            rows.append((weight[:, None] * table).sum(axis=0) / weight.sum())
        return np.round(np.array(rows), 1)

    return [Layer("county averages", sums(true)[:, 0], sums(times))]
