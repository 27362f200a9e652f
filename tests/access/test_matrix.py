"""Who is served when: four classes, unknown hours never open."""

import numpy as np
import pandas as pd
import pytest

from kcgeo.access import ALL_REQUIRED, continuum_matrix
from kcgeo.errors import TableError

INDEX = pd.Index(["a", "b", "c", "d"], name="place_id")
PEOPLE = pd.Series([40.0, 30, 20, 10], index=INDEX)
MINORS = pd.Series([4.0, 0, 2, 4], index=INDEX)
NOON, NIGHT = "weekday noon", "weeknight 02:00"


def tables():
    """Legal at noon: a is served, b finds a door of unknown hours, c a confidential service, d nothing."""
    nan = np.nan
    open_times = {
        ("men", NOON): pd.DataFrame({"legal_min": [30.0, 31, nan, nan], "medical_min": [1.0, 1, 1, 1]}, index=INDEX),
        ("men", NIGHT): pd.DataFrame({"medical_min": [1.0, 1, 60, nan]}, index=INDEX),
        ("minors", NOON): pd.DataFrame({"legal_min": [5.0, 5, 5, 5]}, index=INDEX),
    }
    unknown_times = {
        ("men", NOON): pd.DataFrame({"legal_min": [1.0, 30, 31, nan]}, index=INDEX),
        ("men", NIGHT): pd.DataFrame({"legal_min": [1.0, 30, 31, nan]}, index=INDEX),
    }
    referral = pd.DataFrame({"legal": [True, True, True, False]}, index=INDEX)
    return open_times, unknown_times, referral


def matrix(**options):
    open_times, unknown_times, referral = tables()
    settings = {"categories": ["legal", "medical"], "cutoff_min": 30, "referral": referral} | options
    demand = settings.pop("demand", {"men": PEOPLE, "minors": MINORS})
    table = continuum_matrix(open_times, unknown_times, demand, **settings)
    return table.set_index(["category", "eligibility", "when"])


def test_by_hand():
    table = matrix()
    counts = ["open_count", "hours_unknown_count", "by_referral_count", "none_count"]
    assert table.loc[("legal", "men", NOON), counts].tolist() == [40, 30, 20, 10]
    # at night nobody is known to be open: a and b meet a door of unknown hours, which never counts as open
    assert table.loc[("legal", "men", NIGHT), counts].tolist() == [0, 70, 20, 10]
    assert table.loc[("medical", "men", NIGHT), counts].tolist() == [70, 0, 0, 30]
    assert table.loc[("legal", "minors", NOON), counts].tolist() == [10, 0, 0, 0]
    assert table.loc[("medical", "minors", NOON), counts].tolist() == [0, 0, 0, 10]
    # the chain takes each place's worst link
    assert table.loc[(ALL_REQUIRED, "men", NOON), counts].tolist() == [40, 30, 20, 10]
    assert table.loc[(ALL_REQUIRED, "men", NIGHT), counts].tolist() == [0, 70, 0, 30]


def test_counts_sum_to_the_people_and_shares_to_one():
    table = matrix()
    counts = table.filter(like="_count").drop(columns="total_count")
    np.testing.assert_allclose(counts.sum(axis=1), table["total_count"])
    np.testing.assert_allclose(table.filter(like="_share").sum(axis=1), 1)


@pytest.mark.parametrize(("cutoff_min", "served"), [(np.nextafter(30, 0), 0), (30, 40), (np.nextafter(30, 31), 40)])
def test_the_cutoff_itself_is_inside(cutoff_min, served):
    assert matrix(cutoff_min=cutoff_min).loc[("legal", "men", NOON), "open_count"] == served


def test_one_demand_and_no_referral():
    table = matrix(demand=PEOPLE, referral=None)
    assert table.loc[("legal", "minors", NOON), "total_count"] == 100
    assert (table["by_referral_count"] == 0).all()
    assert matrix(demand=PEOPLE * 0)["open_share"].isna().all()


def test_refusals():
    open_times, unknown_times, referral = tables()
    with pytest.raises(TableError, match="no demand for 'minors'"):
        matrix(demand={"men": PEOPLE})
    with pytest.raises(TableError, match="No category"):
        matrix(categories=[])
    with pytest.raises(TableError, match="There are no times"):
        continuum_matrix({}, {}, PEOPLE, categories=["legal"], cutoff_min=30)
    with pytest.raises(TableError, match="lack d, which the demand names"):
        short = {key: table.drop("d") for key, table in open_times.items()}
        continuum_matrix(short, {}, PEOPLE, categories=["legal"], cutoff_min=30)
    with pytest.raises(TableError, match="lacks a"):
        matrix(referral=referral.drop("a"))
    with pytest.raises(TableError, match="negative"):
        bad = {key: table - 100 for key, table in open_times.items()}
        continuum_matrix(bad, unknown_times, PEOPLE, categories=["legal"], cutoff_min=30)
