"""Who is left out: by who you are and when you ask, how evenly access is shared, and where poor access clusters."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo import access, data, present, travel
from kcgeo.data.directory.services import fitting, offered
from kcgeo.disclosure import Released
from kcgeo.errors import TableError
from kcgeo.present import Plate
from kcgeo.present.look.background import Background
from kcgeo.study.answers.explorer import MOMENTS
from kcgeo.study.kept import kept
from kcgeo.study.measure import GROUPS, Measured
from kcgeo.study.releases import LISTED, LOWER_BOUND, ODBL, let_out, model_note, release_background
from kcgeo.study.sources import asked_of

__all__ = ["ADULTS", "WHO", "WhoReport", "who_report"]

WHO = ("adult women", "minors", "men", "LGBTQ")
"""Groups that a service may be for. Each may also use services that are for any."""
ADULTS = (
    "places have no counts of women, men or LGBTQ people: women and men are weighed as all adults, LGBTQ as all people"
)
NO_TEST = "people are counted at points within their ZIP code areas; a cluster says that neighbours are alike, not why"
_SEED = 20_261_122
_Q = 0.05


@dataclass(frozen=True, eq=False)
class WhoReport:
    """Who is served when, and how evenly; made by :func:`who_report`.

    Attributes
    ----------
    matrix
        People by category, eligibility and time of week in four classes; see :func:`kcgeo.access.continuum_matrix`.
        The row ``all required`` takes each place's worst class of the required categories.
    classes
        ``place_id, eligibility, when`` and the class of each category at each place.
    sites
        Listed sites within the headline cutoff by place, one column a category.
    shares
        By category: ``gini_index`` (people-weighted Gini of those sites), ``palma_index`` (ranked by the share of
        people in poverty), ``poor_count``, ``poor_share`` and ``shortfall_share`` of people over the cutoff.
    lorenz
        ``category, people_share, access_share``.
    groups
        By category and group: ``people_count, mean_min, gap_min, unreached_share, beyond_share``.
    farthest_min
        Minutes to the farthest of the required categories by place.
    clusters
        Gi* and local Moran of ``farthest_min`` by place; empty where the extra ``stats`` is not installed.
    released
        The same tables as releases: ``service_matrix, matrix_places`` (one category), ``equity, lorenz, group_gaps,
        hot_spots``.
    """

    cutoff_min: float
    required: tuple[str, ...]
    matrix: pd.DataFrame
    classes: pd.DataFrame
    sites: pd.DataFrame
    shares: pd.DataFrame
    lorenz: pd.DataFrame
    groups: pd.DataFrame
    farthest_min: pd.Series[float]
    clusters: pd.DataFrame
    released: dict[str, Released]

    def matrix_chart(self) -> Plate:
        """Draw the matrix: category by eligibility by time of week."""
        return present.matrix_chart(self.released["service_matrix"], cutoff_min=self.cutoff_min, required=self.required)

    def matrix_map(self, ground: Background) -> Plate:
        """Draw where one kind of help is known to be open, by eligibility and time of week."""
        return present.matrix_map(self.released["matrix_places"], ground=ground, cutoff_min=self.cutoff_min)

    def lorenz_chart(self) -> Plate:
        """Draw the Lorenz curve of each required category."""
        return present.lorenz_chart(self.released["lorenz"], self.released["equity"], cutoff_min=self.cutoff_min)

    def group_chart(self) -> Plate:
        """Draw the gaps between groups of people."""
        return present.group_gap_chart(self.released["group_gaps"], cutoff_min=self.cutoff_min)

    def hot_spot_map(self, ground: Background) -> Plate:
        """Draw where far and near places cluster more than by chance."""
        return present.hot_spot_map(self.released["hot_spots"], ground=ground, required=self.required)


def who_report(measured: Measured, *, map_category: str | None = None) -> WhoReport:
    """Ask of a study who is left out: by eligibility and hour, by share of access, by group, by neighbourhood.

    Parameters
    ----------
    measured
        Made by :func:`kcgeo.study.measure`, for anybody at any time: eligibility and hour are asked here.
    map_category
        The kind of help of the map; the one that differs most by group and hour where not given.

    Raises
    ------
    KcgeoError
        For an unknown category or tables that cannot be computed with.
    """
    key = measured.key and f"{measured.key}-who-{map_category or ''}"
    return kept(key, lambda: _who_report(measured, map_category))


def _who_report(measured: Measured, map_category: str | None) -> WhoReport:
    study, required = measured.study, measured.study.gaps.required
    cutoff_min = study.gaps.headline_cutoff_min
    services = measured.listed
    placed = services.loc[services.geometry.notna(), ["service_id", "geometry"]]
    pairs = travel.costs(measured.network, measured.places, placed, cutoff_min=study.travel.search_cutoff_min)
    matrix, classes = _matrix(measured, services, pairs, cutoff_min)
    shown = map_category or _telling(matrix)
    if shown not in classes.columns:
        raise TableError(f"There is no map of '{shown}'; choose from {', '.join(classes.columns[3:])}.")
    people = measured.places.set_index("place_id")
    sites = _sites(measured, measured.services, pairs, cutoff_min)
    shares, curves = _shares(measured, sites, people, cutoff_min)
    farthest = measured.place_times[[f"{category}_min" for category in required]].max(axis=1, skipna=False)
    clusters = pd.DataFrame()
    if find_spec("esda") and find_spec("libpysal"):  # the extra 'stats'; all else stands without it
        clusters = access.hot_spots(farthest.rename("farthest_min"), measured.places, rng=_SEED, q=_Q)
    groups = _groups(measured, people[list(GROUPS)], farthest, cutoff_min)
    return WhoReport(
        cutoff_min=cutoff_min,
        required=required,
        matrix=matrix,
        classes=classes,
        sites=sites,
        shares=shares,
        lorenz=curves,
        groups=groups,
        farthest_min=farthest,
        clusters=clusters,
        released=_released(
            measured,
            matrix=matrix,
            classes=_one(classes, shown),
            shares=shares,
            curves=curves,
            groups=groups,
            clusters=clusters,
        ),
    )


def _matrix(
    measured: Measured, services: gpd.GeoDataFrame, pairs: pd.DataFrame, cutoff_min: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the matrix of all categories that have a place, and the class of the required chain by place."""
    study, places = measured.study, measured.places
    kinds, areas = data.load("categories"), data.areas(study)
    known = list(kinds.loc[kinds["has_place"], "category"])
    required = list(study.gaps.required)
    people = places.set_index("place_id")
    adults = (people["population_count"] - people["under18_count"]).astype(float)
    demand = {"minors": people["under18_count"].astype(float), "LGBTQ": people["population_count"].astype(float)}
    offers = offered(services)
    times = pairs.pivot(index="from_id", columns="to_id", values="time_min")
    times = times.reindex(index=people.index, columns=offers["service_id"].unique())
    opened: dict[tuple[str, str], pd.DataFrame] = {}
    unclear: dict[tuple[str, str], pd.DataFrame] = {}
    calls: dict[str, pd.DataFrame] = {}
    for who in WHO:
        listed = fitting(services, eligibility=who)
        calls[who] = data.referral(places, listed, areas=areas, categories=known)
        demand.setdefault(who, adults)
        for when, moment in MOMENTS.items():
            if moment is not None:
                hours = data.open_state(listed["opening_hours"], moment, points=listed.geometry)
                for state, tables in (("open", opened), ("unknown", unclear)):
                    near = _nearest_of_kinds(times, offers, listed[hours == state])
                    tables[who, when] = pd.DataFrame(near, index=times.index).add_suffix("_min")
    chain, rest = (
        access.continuum_matrix(opened, unclear, demand, categories=categories, cutoff_min=cutoff_min, referral=calls)
        for categories in (required, [name for name in known if name not in required] or required)
    )
    rest = rest[~rest["category"].isin([*required, access.ALL_REQUIRED])]
    classes = access.service_classes(
        opened, unclear, people.index, categories=known, cutoff_min=cutoff_min, referral=calls
    )
    return pd.concat([chain, rest], ignore_index=True), classes.drop(columns=access.ALL_REQUIRED)


def _telling(matrix: pd.DataFrame) -> str:
    """Return the kind of help for which the hour matters most, and of these the one for which the group does."""
    kinds = matrix[matrix["category"] != access.ALL_REQUIRED]
    by_hour = _spread(kinds.groupby(["category", "eligibility"])["open_share"]).groupby(level=0).max()
    found = pd.DataFrame({"hour": by_hour, "group": _spread(kinds.groupby("category")["open_share"])})
    found = found.fillna(0.0).reset_index()
    return str(found.sort_values(["hour", "group", "category"], ascending=[False, False, True])["category"].iloc[0])


def _spread(grouped: Any) -> Any:
    return grouped.max() - grouped.min()


def _one(classes: pd.DataFrame, category: str) -> pd.DataFrame:
    table = classes[["place_id", "eligibility", "when", category]].rename(columns={category: "service_class"})
    return table.assign(category=category)


def _nearest_of_kinds(
    times: pd.DataFrame, offers: gpd.GeoDataFrame, services: gpd.GeoDataFrame
) -> dict[str, npt.NDArray[np.float64]]:
    """Minutes from each place to the nearest of some services of each category that they offer; NaN where out of reach.

    Parameters
    ----------
    times
        Minutes by place and ``service_id``.
    offers
        All that is offered, of :func:`kcgeo.data.directory.services.offered`; read once for many choices of services.
    services
        The services that count.
    """
    rows = offers[offers["service_id"].isin(services["service_id"])].drop_duplicates(["category", "site_id"])
    minutes, at = times.to_numpy(dtype=np.float64), times.columns.get_indexer(pd.Index(rows["service_id"]))
    groups = rows["category"].reset_index(drop=True)
    return {
        str(category): np.fmin.reduce(minutes[:, at[own]], axis=1)
        for category, own in groups.groupby(groups).indices.items()
    }


def _sites(measured: Measured, services: gpd.GeoDataFrame, pairs: pd.DataFrame, cutoff_min: float) -> pd.DataFrame:
    """Count listed sites of each required category within the cutoff by place."""
    listed = data.by_category(services)
    found = {}
    for category in measured.study.gaps.required:
        ids = listed.loc[listed["category"] == category, "service_id"]
        own = pairs[pairs["to_id"].isin(ids)]
        ones = pd.Series(1.0, index=pd.Index(ids, name="to_id"))
        found[category] = access.cumulative(
            own, ones, origins=pd.Index(measured.places["place_id"]), cutoff_min=cutoff_min
        )
    return pd.DataFrame(found)


def _shares(
    measured: Measured, sites: pd.DataFrame, people: gpd.GeoDataFrame, cutoff_min: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gini, Palma and access poverty of each category, and the Lorenz curves; a category without any site has none."""
    living = people["population_count"].astype(float)
    # people are ranked from the poorest place to the one with the least poverty
    wealth = 1 - people["poverty_count"] / living.where(living > 0)
    rows, curves = [], []
    for category in sites.columns:
        poverty = access.access_poverty(measured.place_times[f"{category}_min"], living, line=cutoff_min, better="less")
        row: dict[str, object] = {"category": category, **poverty[["poor_count", "poor_share", "shortfall_share"]]}
        if sites[category].to_numpy() @ living.to_numpy() > 0:
            row["gini_index"] = access.gini(sites[category], living)
            row["palma_index"] = access.palma(sites[category], living, rank_by=wealth.fillna(0.0))
            curves.append(access.lorenz(sites[category], living).assign(category=category))
        rows.append(row)
    shares = pd.DataFrame(rows).assign(ranked_by="share of people not in poverty")
    return shares, pd.concat(curves, ignore_index=True)


def _groups(measured: Measured, people: pd.DataFrame, farthest: pd.Series[float], cutoff_min: float) -> pd.DataFrame:
    """Mean minutes of each group and share beyond the cutoff, by required category and for the farthest of them."""
    times = {category: measured.place_times[f"{category}_min"] for category in measured.study.gaps.required}
    parts = []
    for name, minutes in {**times, access.ALL_REQUIRED: farthest}.items():
        table = access.group_gap(minutes, people, reference=GROUPS[0])
        near = (minutes.reindex(people.index) <= cutoff_min).to_numpy()
        beyond = pd.Series({group: people.loc[~near, group].sum() / people[group].sum() for group in people.columns})
        table = table.rename(columns={"mean": "mean_min", "gap": "gap_min"}).drop(columns="ratio")
        parts.append(table.assign(category=name, beyond_share=beyond).reset_index())
    return pd.concat(parts, ignore_index=True)


def _released(
    measured: Measured,
    *,
    matrix: pd.DataFrame,
    classes: pd.DataFrame,
    shares: pd.DataFrame,
    curves: pd.DataFrame,
    groups: pd.DataFrame,
    clusters: pd.DataFrame,
) -> dict[str, Released]:
    """Pass all tables through the gate as tables of equity."""
    geography = release_background(measured)["places"]
    about = measured.places[["place_id", "place_name", "county_fips", "population_count", "geometry"]]
    tables: dict[str, tuple[pd.DataFrame, tuple[str, ...]]] = {
        "service_matrix": (matrix, (ADULTS,)),
        "matrix_places": (about.merge(classes, on="place_id"), (ADULTS,)),
        "equity": (shares, ("Gini of listed sites in reach, people-weighted; Palma ranks people by poverty",)),
        "lorenz": (curves, ()),
        "group_gaps": (groups, ()),
    }
    if len(clusters):
        columns = {"gi_class": "cluster", "value": "farthest_min", "gi_z": "z", "moran_i": "moran_index"}
        spots = clusters.rename(columns=columns).drop(columns="moran_class").rename_axis("place_id").reset_index()
        tables["hot_spots"] = about.merge(spots, on="place_id"), (NO_TEST,)
    released: dict[str, Released] = {}
    for name, (table, said) in tables.items():
        notes = (model_note(measured), LOWER_BOUND, LISTED, ODBL, *said)
        asked = asked_of(measured.study)
        released |= let_out(measured.study, {name: table}, kind="equity", notes=notes, about=asked, geography=geography)
    return released
