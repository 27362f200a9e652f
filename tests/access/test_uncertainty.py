"""Draws on a road of three towns where every number can be worked out, and on the packaged study."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from shapely import Point

import kcgeo.data
from kcgeo.access import STATED_RANGES, Ranges, arc_parts, draw_times, headlines
from kcgeo.errors import TableError
from kcgeo.travel import friction_network, nearest_times
from tests.worlds import three_towns_road

FIXED = Ranges(
    local_factor=(1, 1),
    highway_factor=(1, 1),
    circuity_factor=(1, 1),
    cutoff_min=(30, 30),
    sigma_min=(15, 15),
    exists_chance=0.5,
    radius_m={"rooftop": 0.0, "zip": 1_000.0},
)


def draw(ranges, *, count=40, seed=1, sites=None, **options):
    parts, places, ours = three_towns_road()
    settings = {"ranges": ranges, "draw_count": count, "search_cutoff_min": 60, "rng": np.random.default_rng(seed)}
    return draw_times(parts, places, ours if sites is None else sites, **(settings | options))


def test_with_nothing_drawn_it_is_the_nearest_time():
    parts, places, sites = three_towns_road()
    drawn = draw(FIXED).of("medical")
    known = nearest_times(parts.network, places, sites[sites["category"] == "medical"])["time_min"]
    for column in drawn:
        np.testing.assert_allclose(drawn[column], known)


def test_speeds_and_circuity_by_hand():
    # streets: 10 x 1.5 / 2 = 7.5 minutes; highway: 20 / 0.8 + 2 = 27 minutes
    drawn = draw(replace(FIXED, local_factor=(2, 2), highway_factor=(0.8, 0.8), circuity_factor=(1.5, 1.5)))
    np.testing.assert_allclose(drawn.of("medical").loc[:, 0], [7.5, 0, 27])


def test_only_services_of_unknown_status_come_and_go_and_inactive_ones_stay_away():
    never, always = (draw(replace(FIXED, exists_chance=chance)).of("shelter") for chance in (0, 1))
    assert never.isna().all(axis=None)
    np.testing.assert_allclose(always[0], [32, 22, 0])
    some = draw(FIXED, count=400).of("shelter").notna()
    assert (some.all() | ~some.any()).all()  # the three places see the same shelter
    assert some.iloc[0].mean() == pytest.approx(0.5, abs=0.1)
    assert draw(FIXED).of("medical").notna().all(axis=None)


def test_coordinates_move_within_their_precision_only():
    _, _, sites = three_towns_road()
    vague = sites.assign(coordinate_precision="zip")
    vague.geometry = [Point(4_500, 0), Point(20_000, 0), Point(0, 0)]  # halfway to the west is 2.5 km
    assert set(np.unique(draw(replace(FIXED, radius_m={"zip": 400.0}), sites=vague).of("medical").loc["middle"])) == {0}
    moved = draw(replace(FIXED, radius_m={"zip": 2_900.0}), sites=vague, count=300).of("medical").loc["west"]
    assert set(np.unique(moved.dropna())) == {0.0, 10.0}
    assert moved.isna().any()  # beyond 2 km of every node: off the network


def test_beyond_the_search_is_not_reached_and_the_bound_is_inside():
    assert draw(FIXED, search_cutoff_min=32).of("shelter").iloc[0].max() == 32
    nothing = draw(replace(FIXED, cutoff_min=(31, 31.9)), search_cutoff_min=31.9).of("shelter")
    assert nothing.loc["west"].isna().all() if "west" in nothing.index else nothing.iloc[0].isna().all()


def test_the_seed_decides():
    one, two, other = draw(STATED_RANGES, seed=3), draw(STATED_RANGES, seed=3), draw(STATED_RANGES, seed=4)
    np.testing.assert_array_equal(one.time_min, two.time_min)
    pd.testing.assert_frame_equal(one.parameters, two.parameters, check_exact=True)
    assert not one.parameters.equals(other.parameters)
    for name, (low, high) in {"local_factor": (25 / 35, 45 / 35), "cutoff_min": (25, 35)}.items():
        assert one.parameters[name].between(low, high).all()


def test_longest_is_missing_where_one_link_is_missing():
    drawn = draw(replace(FIXED, exists_chance=1.0))
    np.testing.assert_allclose(drawn.longest(["medical", "shelter"])[0], [32, 22, 22])
    gone = draw(replace(FIXED, exists_chance=0.0))
    assert gone.longest(["medical", "shelter"]).isna().all(axis=None)
    with pytest.raises(TableError, match="no category 'legal'"):
        drawn.of("legal")


def groups():
    return pd.DataFrame(
        {"population_count": [50.0, 30, 20], "poverty_count": [10.0, 0, 10]}, index=["west", "middle", "east"]
    )


def test_headlines_by_hand():
    drawn = draw(replace(FIXED, exists_chance=1.0), count=2)
    row = headlines(drawn, groups(), required=["medical", "shelter"], rng=np.random.default_rng(1)).iloc[0]
    # medical at 10, 0 and 22 minutes; shelter at 32, 22 and 0; cutoff 30
    assert row["medical covered_share, population_count"] == 1
    assert row["shelter covered_share, population_count"] == 0.5
    assert row["shelter covered_share, poverty_count"] == 0.5
    assert row["all required covered_share, population_count"] == 0.5
    assert row["medical mean_min, population_count"] == pytest.approx((50 * 10 + 20 * 22) / 100)
    weights = np.exp(-0.5 * (np.array([10, 0, 22]) / 15) ** 2)
    assert row["medical weighted_share, population_count"] == pytest.approx(weights @ [50, 30, 20] / 100)
    none = headlines(drawn, groups(), required=["legal"], rng=np.random.default_rng(1))
    assert (none["all required covered_share, population_count"] == 0).all()


def test_sampling_errors_move_a_cluster_as_one_and_only_where_given():
    drawn = draw(replace(FIXED, exists_chance=1.0), count=3_000)
    clusters = pd.Series(["w", "w", "e"], index=["west", "middle", "east"])
    margins = pd.DataFrame({"poverty_count": [0.3, np.nan]}, index=["w", "e"])
    table = headlines(
        drawn, groups(), required=["shelter"], rng=np.random.default_rng(1), margins=margins, clusters=clusters
    )
    assert (table["shelter covered_share, population_count"] == 0.5).all()
    # poverty covered: 10 (east, sure) of 10 + 10 f with f of standard deviation 0.3 / 1.645
    factor = 1 / table["shelter covered_share, poverty_count"] - 1
    assert factor.mean() == pytest.approx(1, abs=0.02)
    assert factor.std() == pytest.approx(0.3 / 1.645, rel=0.05)


def test_refusals():
    _, _, sites = three_towns_road()
    with pytest.raises(TableError, match="no column service_status"):
        draw(FIXED, sites=sites.drop(columns="service_status"))
    with pytest.raises(TableError, match="street of clinic, new"):
        draw(FIXED, sites=sites.assign(coordinate_precision="street"))
    with pytest.raises(TableError, match="draw_count"):
        draw(FIXED, count=0)
    with pytest.raises(TableError, match="below the largest cutoff"):
        draw(FIXED, search_cutoff_min=29)
    drawn, rng = draw(FIXED, count=1), np.random.default_rng(1)
    with pytest.raises(TableError, match="only one has west"):
        headlines(drawn, groups().drop("west"), required=["medical"], rng=rng)
    with pytest.raises(TableError, match="together"):
        headlines(drawn, groups(), required=["medical"], rng=rng, margins=groups())
    with pytest.raises(TableError, match="no row in margins"):
        strays = pd.Series("county", index=["west", "middle", "east"])
        headlines(drawn, groups(), required=["medical"], rng=rng, margins=groups(), clusters=strays)


def test_parts_of_the_packaged_network_give_other_speeds_exactly():
    study = kcgeo.data.read_study(kcgeo.data.default_study())
    parts = arc_parts(study)
    assert np.abs(parts.times(1, 1, 1) - parts.network.arcs.time_ms).max() <= 1
    assert (parts.local_ms > 0).any()
    assert (parts.highway_ms > 0).any()
    travel = study.travel
    quick = tuple((density, 1.2 * kmh) for density, kmh in travel.local_kmh)
    changed = replace(travel, local_kmh=quick, highway_kmh=0.9 * travel.highway_kmh, circuity=1.1 * travel.circuity)
    rebuilt = friction_network(replace(study, travel=changed))
    assert np.abs(parts.times(1.2, 0.9, 1.1) - rebuilt.arcs.time_ms).max() <= 2


def test_people_who_move_within_their_area_keep_their_number() -> None:
    parts, places, sites = three_towns_road()
    draws = draw_times(parts, places, sites, ranges=STATED_RANGES, draw_count=200, search_cutoff_min=60, rng=1)
    groups = pd.DataFrame({"population_count": [60.0, 30.0, 10.0]}, index=draws.place_ids)
    together = pd.Series(["one", "one", "one"], index=draws.place_ids)
    apart = pd.Series(["a", "b", "c"], index=draws.place_ids)
    ask = {"required": ["shelter"], "rng": 3}
    still, alone, moved = (headlines(draws, groups, areas=areas, **ask) for areas in (None, apart, together))
    name = "shelter covered_share, population_count"
    np.testing.assert_allclose(still[name], alone[name])
    assert moved[name].std() > still[name].std()
    # all are within reach in some draws: then it does not matter where they are
    everybody = still[name] == 1
    np.testing.assert_allclose(moved.loc[everybody, name], 1)
