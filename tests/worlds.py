"""Towns small enough to work out by hand; each says its arithmetic."""

from __future__ import annotations

import pandas as pd

__all__ = ["coverage_town", "two_clinic_town"]


def two_clinic_town() -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Three places with people and one clinic pair; the fourth place reaches nothing.

    Minutes::

                 east (6 beds)  west (3 beds)
        a  100        0              20
        b  200       10              30
        c   50        -              10
        d   40        -               -
    """
    costs = pd.DataFrame(
        [("a", "east", 0.0), ("a", "west", 20.0), ("b", "east", 10.0), ("b", "west", 30.0), ("c", "west", 10.0)],
        columns=["from_id", "to_id", "time_min"],
    )
    demand = pd.Series([100.0, 200.0, 50.0, 40.0], index=pd.Index(["a", "b", "c", "d"], name="place_id"))
    supply = pd.Series([6.0, 3.0], index=pd.Index(["east", "west"], name="service_id"))
    return costs, demand, supply


def coverage_town() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Four places, two categories with a public address and shelters that are confidential throughout.

    Minutes, people (of them under 18), and whether a confidential service of the category serves the place::

                legal  medical   people  under 18   referral: legal  shelter
        a         10       30      50       10               no        yes
        b         40       31      30       20              yes         no
        c          -        0      20        0               no        yes
        empty     30        5       0        0               no         no
    """
    index = pd.Index(["a", "b", "c", "empty"], name="place_id")
    nan = float("nan")
    times = pd.DataFrame({"legal_min": [10, 40, nan, 30], "medical_min": [30.0, 31.0, 0.0, 5.0]}, index=index)
    groups = pd.DataFrame({"population_count": [50, 30, 20, 0], "under18_count": [10, 20, 0, 0]}, index=index)
    referral = pd.DataFrame({"legal": [False, True, False, False], "shelter": [True, False, True, False]}, index=index)
    return times, groups, referral
