"""Access where people compete for the same places: floating catchment areas and spatial availability.

All four take ``costs``, ``demand``, ``supply`` and a decay ``W``, and differ in who is counted as competing. ``P_i`` is
the people of a place, ``S_j`` the capacity of a site, ``W_ij = decay(t_ij)``; a pair past the cutoff weighs 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from kcgeo.access.competition.compiled import two_steps
from kcgeo.access.decay import Decay
from kcgeo.access.equity import column_of, read_values, refuse_gaps
from kcgeo.access.pairs import Pairs, read_pairs
from kcgeo.errors import TableError

__all__ = [
    "balanced_fca",
    "normalised",
    "ratio",
    "spatial_availability",
    "three_step_fca",
    "two_step_fca",
    "weighted_pairs",
]

Floats = npt.NDArray[np.float64]


def weighted_pairs(
    costs: pd.DataFrame, demand: pd.Series[float], supply: pd.Series[float], decay: Decay
) -> tuple[Pairs, Floats, Floats, Floats]:
    """Return the pairs inside the cutoff, people, capacities and the weight of each pair."""
    pairs, people, capacity = read_pairs(costs, demand=demand, supply=supply)
    pairs = pairs.within(decay.cutoff_min)
    return pairs, people, capacity, decay(pairs.time_min)


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide, with 0 where the whole is 0: a site that nobody shares serves nobody."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def two_step_fca(
    costs: pd.DataFrame, demand: pd.Series[float], supply: pd.Series[float], *, decay: Decay
) -> pd.Series[float]:
    """Capacity per person: each site is shared among all who reach it, each place adds up its shares.

    ``R_j = S_j / sum_i P_i W_ij``; ``A_i = sum_j R_j W_ij``

    With ``decay.step([30])`` this is 2SFCA, with several rings or a Gaussian E2SFCA. What is handed out is the supply
    that people reach: ``sum_i P_i A_i = sum of S_j`` over sites with people in reach.

    Parameters
    ----------
    costs
        ``from_id, to_id, time_min``.
    demand
        People by place.
    supply
        Capacity (beds, hours) by site.
    decay
        Weight of a time, with its cutoff.

    Returns
    -------
    Series
        ``supply_per_person`` by place, in the order of ``demand``; 0 where no site is in reach, never NaN. A site with
        no people in reach is shared by nobody and counts 0.

    Raises
    ------
    TableError
        For faults of the tables.

    References
    ----------
    Luo & Wang (2003), Environment and Planning B 30; Luo & Qi (2009), Health & Place 15.

    >>> from kcgeo.access.decay import step
    >>> costs = pd.DataFrame({"from_id": ["a", "b"], "to_id": ["x", "x"], "time_min": [5.0, 9.0]})
    >>> people, beds = pd.Series({"a": 30.0, "b": 10.0, "c": 5.0}), pd.Series({"x": 8.0})
    >>> two_step_fca(costs, people, beds, decay=step([10])).tolist()
    [0.2, 0.2, 0.0]
    """
    quick = two_steps(costs, demand, supply, decay)
    if quick is not None:
        return pd.Series(quick, index=demand.index, name="supply_per_person")
    pairs, people, capacity, weight = weighted_pairs(costs, demand, supply, decay)
    share = ratio(capacity, pairs.sum_by_site(people[pairs.origin] * weight))
    per_person = pairs.sum_by_origin(share[pairs.site] * weight)
    return pd.Series(per_person, index=demand.index, name="supply_per_person")


def three_step_fca(
    costs: pd.DataFrame,
    demand: pd.Series[float],
    supply: pd.Series[float],
    *,
    decay: Decay,
    selection: Decay | None = None,
) -> pd.Series[float]:
    """Capacity per person where people first spread over the sites in reach, the nearer the likelier.

    ``G_ij = W_ij / sum_k W_ik``; ``R_j = S_j / sum_i P_i G_ij W_ij``; ``A_i = sum_j G_ij R_j W_ij``

    A place with many sites around it burdens each of them less than 2SFCA assumes. Hands out the supply that people
    reach: ``sum_i P_i A_i = sum of S_j`` over sites with people in reach.

    Parameters
    ----------
    costs, demand, supply, decay
        As in :func:`two_step_fca`.
    selection
        Weight ``V`` by which people choose, ``G_ij = V_ij / sum_k V_ik`` over all pairs within its own cutoff; None
        takes ``decay``. With a wider cutoff a place also chooses sites beyond its catchment, as in pysal's access.

    Returns
    -------
    Series
        ``supply_per_person`` by place, in the order of ``demand``; 0 where no site is in reach, never NaN.

    Raises
    ------
    TableError
        For faults of the tables.

    References
    ----------
    Wan, Zou & Sternberg (2012), International Journal of Geographical Information Science 26.

    Examples
    --------
    >>> import pandas as pd
    >>> from kcgeo import access
    >>> from kcgeo.access import decay
    >>> costs = pd.DataFrame({"from_id": ["a", "a", "b"], "to_id": ["x", "y", "y"], "time_min": [10.0, 20.0, 30.0]})
    >>> people = pd.Series([100.0, 50.0], index=pd.Index(["a", "b"], name="place_id"))
    >>> beds = pd.Series([4.0, 6.0], index=pd.Index(["x", "y"], name="service_id"))
    >>> access.three_step_fca(costs, people, beds, decay=decay.step(30)).round(4).tolist()
    [0.07, 0.06]
    """
    choice = decay if selection is None else selection
    pairs, people, capacity = read_pairs(costs, demand=demand, supply=supply)
    weight, pull = decay(pairs.time_min), choice(pairs.time_min)
    chosen = ratio(pull, pairs.sum_by_origin(pull)[pairs.origin]) * weight
    share = ratio(capacity, pairs.sum_by_site(people[pairs.origin] * chosen))
    per_person = pairs.sum_by_origin(share[pairs.site] * chosen)
    return pd.Series(per_person, index=demand.index, name="supply_per_person")


def balanced_fca(
    costs: pd.DataFrame, demand: pd.Series[float], supply: pd.Series[float], *, decay: Decay
) -> pd.Series[float]:
    """Level of service where neither a person nor a place in a queue is counted twice.

    ``G_ij = W_ij / sum_j W_ij`` (people divided over sites); ``H_ij = W_ij / sum_i W_ij`` (sites divided over places);
    ``L_j = S_j / sum_i P_i G_ij``; ``A_i = sum_j L_j H_ij``

    Keeps the people (``sum_j sum_i P_i G_ij`` is all who reach a site) and the level of service
    (``sum_i A_i = sum_j L_j``), not ``sum_i P_i A_i``.

    Parameters
    ----------
    costs, demand, supply, decay
        As in :func:`two_step_fca`.

    Returns
    -------
    Series
        ``service_level`` by place, in the order of ``demand``; 0 where no site is in reach, never NaN.

    Raises
    ------
    TableError
        For faults of the tables.

    References
    ----------
    Paez, Higgins & Vivona (2019), Demand and level of service inflation in floating catchment area methods,
    PLoS ONE 14.

    Examples
    --------
    >>> import pandas as pd
    >>> from kcgeo import access
    >>> from kcgeo.access import decay
    >>> costs = pd.DataFrame({"from_id": ["a", "a", "b"], "to_id": ["x", "y", "y"], "time_min": [10.0, 20.0, 30.0]})
    >>> people = pd.Series([100.0, 50.0], index=pd.Index(["a", "b"], name="place_id"))
    >>> beds = pd.Series([4.0, 6.0], index=pd.Index(["x", "y"], name="service_id"))
    >>> access.balanced_fca(costs, people, beds, decay=decay.step(30)).round(4).tolist()
    [0.11, 0.03]
    """
    pairs, people, capacity, weight = weighted_pairs(costs, demand, supply, decay)
    to_sites = ratio(weight, pairs.sum_by_origin(weight)[pairs.origin])
    to_places = ratio(weight, pairs.sum_by_site(weight)[pairs.site])
    level = ratio(capacity, pairs.sum_by_site(people[pairs.origin] * to_sites))
    return pd.Series(pairs.sum_by_origin(level[pairs.site] * to_places), index=demand.index, name="service_level")


def spatial_availability(
    costs: pd.DataFrame, demand: pd.Series[float], supply: pd.Series[float], *, decay: Decay
) -> pd.Series[float]:
    """Capacity that is left for a place once all sites are divided among those who compete for them.

    ``V_i = sum_j S_j F_ij`` with ``F_ij = P_i W_ij / sum_k P_k W_kj``: the product of the share by people and the share
    by nearness, brought to sum 1 at each site. ``sum_i V_i = sum of S_j`` over sites with people in reach.

    Parameters
    ----------
    costs, demand, supply, decay
        As in :func:`two_step_fca`.

    Returns
    -------
    Series
        ``available_supply_count`` by place, in the order of ``demand``: capacity, not per person; 0 where no site is in
        reach or nobody lives, never NaN.

    Raises
    ------
    TableError
        For faults of the tables.

    References
    ----------
    Soukhov, Paez, Higgins & Mohamed (2023), Introducing spatial availability, PLoS ONE 18.

    Examples
    --------
    >>> import pandas as pd
    >>> from kcgeo import access
    >>> from kcgeo.access import decay
    >>> costs = pd.DataFrame({"from_id": ["a", "a", "b"], "to_id": ["x", "y", "y"], "time_min": [10.0, 20.0, 30.0]})
    >>> people = pd.Series([100.0, 50.0], index=pd.Index(["a", "b"], name="place_id"))
    >>> beds = pd.Series([4.0, 6.0], index=pd.Index(["x", "y"], name="service_id"))
    >>> access.spatial_availability(costs, people, beds, decay=decay.step(30)).round(4).tolist()
    [8.0, 2.0]
    """
    pairs, people, capacity, weight = weighted_pairs(costs, demand, supply, decay)
    pull = people[pairs.origin] * weight
    part = ratio(pull, pairs.sum_by_site(pull)[pairs.site])
    available = pairs.sum_by_origin(capacity[pairs.site] * part)
    return pd.Series(available, index=demand.index, name="available_supply_count")


def normalised(values: pd.Series[float], weights: pd.Series[float]) -> pd.Series[float]:
    """Access as a multiple of what people have on average: 1 is the mean over people, 0 nothing.

    Parameters
    ----------
    values
        Access by place, such as ``supply_per_person``.
    weights
        People by place, with the same ids.

    Returns
    -------
    Series
        By place, in the order of ``values``, without unit; pysal's access calls it ``normalize=True``.

    Raises
    ------
    TableError
        Differing ids, negative or missing values, or nobody with any access.

    >>> normalised(pd.Series({"a": 1.0, "b": 4.0}), pd.Series({"a": 2, "b": 1})).tolist()
    [0.5, 2.0]
    """
    column, people = read_values(values, weights)
    refuse_gaps(column)
    mean = float((column * people).sum() / people.sum())
    if not mean > 0:
        raise TableError("Nobody has any access, so there is no mean to compare with.")
    return (column_of(values, "values") / mean).rename("access_ratio")
