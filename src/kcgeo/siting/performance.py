"""How given sites do: on other travel times, with a site closed, before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from kcgeo.access.pairs import text_ids, upto
from kcgeo.errors import SolverError, first_ids, raise_all
from kcgeo.siting.assemble import nearest_open
from kcgeo.siting.instance import Floats, Instance, check_cutoff, check_groups, read_instance

__all__ = ["change_by_place", "closures", "coverage_by_group", "gain_by_site", "performance"]

_COLUMNS = ["covered_count", "covered_share", "person_min", "mean_time_min", "worst_time_min", "unserved_count"]


def performance(
    sites: Collection[str], costs: pd.DataFrame, demand: pd.Series[float], *, cutoff_min: float
) -> pd.Series[float]:
    """Work out how given sites serve given people.

    Parameters
    ----------
    sites
        Open sites; ids without a pair in ``costs`` serve nobody.
    costs, demand, cutoff_min
        As in `max_coverage`.

    Returns
    -------
    Series
        ``covered_count`` and ``covered_share`` within the cutoff; ``person_min`` and ``mean_time_min`` of the people
        with any pair to an open site; ``worst_time_min`` of these places; ``unserved_count`` people without one.
    """
    instance = read_instance(costs, demand)
    raise_all(check_cutoff(cutoff_min), SolverError)
    return pd.Series(_measure(instance, _times(instance, sites), cutoff_min), index=_COLUMNS, dtype=float)


def _times(instance: Instance, sites: Collection[str]) -> Floats:
    """Minutes of each place to the nearest of the sites, infinite without one."""
    wanted = set(text_ids(sites, "sites"))
    chosen = np.array([site in wanted for site in instance.site_ids], dtype=bool)
    place, _, time_min, _ = nearest_open(instance, chosen)
    times = np.full(instance.place_count, np.inf)
    times[place] = time_min
    return times


def _measure(instance: Instance, times: Floats, cutoff_min: float) -> list[float]:
    served = np.isfinite(times)
    covered = float(instance.people[times <= upto(cutoff_min)].sum())
    people = float(instance.people[served].sum())
    person_min = float((instance.people[served] * times[served]).sum())
    return [
        covered,
        covered / instance.total_people,
        person_min,
        person_min / people if people > 0 else float("nan"),
        float(times[served].max()) if served.any() else float("nan"),
        instance.total_people - people,
    ]


def closures(
    sites: Collection[str],
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    cutoff_min: float,
    closing: Iterable[str],
) -> pd.DataFrame:
    """Measure a plan with one site closed at a time.

    Parameters
    ----------
    sites
        Open sites of the plan, existing ones included.
    costs, demand, cutoff_min
        As in `max_coverage`.
    closing
        Sites to close, one after the other; usually ``plan.existing``.

    Returns
    -------
    DataFrame
        By ``closed_id``: the columns of `performance` and ``lost_count``, the people who lose their cover. The site
        whose loss hurts most comes first.
    """
    sites, shut = set(text_ids(sites, "sites")), sorted(set(text_ids(closing, "closing")))
    foreign = [site for site in shut if site not in sites]
    if foreign:
        raise SolverError(f"These sites are not open and cannot close: {first_ids(foreign)}.")
    raise_all(check_cutoff(cutoff_min), SolverError)
    instance = read_instance(costs, demand)
    whole = _measure(instance, _times(instance, sites), cutoff_min)[0]
    rows = [
        _measure(instance, _times(instance, [other for other in sites if other != site]), cutoff_min) for site in shut
    ]
    table = pd.DataFrame(rows, index=pd.Index(shut, name="closed_id", dtype="str"), columns=_COLUMNS, dtype=float)
    table["lost_count"] = whole - table["covered_count"]
    return table.sort_values("lost_count", ascending=False, kind="stable")


def change_by_place(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    before: Collection[str],
    after: Collection[str],
    cutoff_min: float,
) -> pd.DataFrame:
    """Compare minutes and cover of each place before and after; the table behind a difference map.

    Parameters
    ----------
    costs, demand, cutoff_min
        As in `max_coverage`.
    before, after
        Open sites.

    Returns
    -------
    DataFrame
        On demand's index: ``demand_count, before_min, after_min`` (NaN: no pair to an open site) and ``change``,
        one of ``gained``, ``lost``, ``stays_covered`` and ``stays_uncovered``.
    """
    raise_all(check_cutoff(cutoff_min), SolverError)
    instance = read_instance(costs, demand)
    old, new = _times(instance, before), _times(instance, after)
    edge = upto(cutoff_min)
    was, is_now = old <= edge, new <= edge
    cases = [~was & is_now, was & ~is_now, was & is_now]
    change = np.select(cases, ["gained", "lost", "stays_covered"], "stays_uncovered")
    table = pd.DataFrame(
        {
            "demand_count": instance.people,
            "before_min": np.where(np.isfinite(old), old, np.nan),
            "after_min": np.where(np.isfinite(new), new, np.nan),
            "change": change,
        },
        index=pd.Index(instance.place_ids),
    )
    return table.reindex(text_ids(demand.index, "demand")).set_axis(demand.index)


def coverage_by_group(
    costs: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    before: Collection[str],
    after: Collection[str],
    cutoff_min: float,
) -> pd.DataFrame:
    """Compare how many of each group are covered before and after.

    Parameters
    ----------
    costs, cutoff_min
        As in `max_coverage`.
    groups
        People of each group (a column each), indexed by place.
    before, after
        Open sites.

    Returns
    -------
    DataFrame
        By ``group``: ``total_count, before_count, after_count, gained_count, before_share, after_share``.
    """
    check_groups(groups)
    rows = []
    for name in groups.columns:
        total = float(groups[name].sum())
        first = performance(before, costs, groups[name], cutoff_min=cutoff_min)["covered_count"]
        last = performance(after, costs, groups[name], cutoff_min=cutoff_min)["covered_count"]
        rows.append([total, first, last, last - first, first / total, last / total])
    columns = ["total_count", "before_count", "after_count", "gained_count", "before_share", "after_share"]
    return pd.DataFrame(rows, index=pd.Index(list(groups.columns), name="group"), columns=columns, dtype=float)


def gain_by_site(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    *,
    existing: Collection[str],
    new: Collection[str],
    cutoff_min: float,
) -> pd.DataFrame:
    """Order new sites by the people each brings within reach beyond those before it.

    The first is the one that gains most beside the existing sites, the next the one that gains most beside these, and
    so on: the order in which a planner would open them.

    Parameters
    ----------
    costs, demand, cutoff_min
        As in `max_coverage`.
    existing, new
        Sites open now, and sites to be ordered.

    Returns
    -------
    DataFrame
        One row for each new site: ``to_id, gained_count`` (people newly within the cutoff), ``covered_count`` and
        ``covered_share`` with all sites up to this one open. Gains add up to what the plan gains.
    """
    raise_all(check_cutoff(cutoff_min), SolverError)
    instance = read_instance(costs, demand)
    open_sites = list(text_ids(existing, "existing sites"))
    left = set(text_ids(new, "new sites")) - set(open_sites)
    covered = float(instance.people[_times(instance, open_sites) <= upto(cutoff_min)].sum())
    rows = []
    while left:
        reach = {
            site: float(instance.people[_times(instance, [*open_sites, site]) <= upto(cutoff_min)].sum())
            for site in left
        }
        best = min(reach, key=lambda site: (-reach[site], site))
        rows.append((best, reach[best] - covered, reach[best], reach[best] / instance.total_people))
        covered = reach[best]
        open_sites.append(best)
        left.remove(best)
    table = pd.DataFrame(rows, columns=["to_id", "gained_count", "covered_count", "covered_share"])
    return table.astype({"to_id": "str", "gained_count": float, "covered_count": float, "covered_share": float})
