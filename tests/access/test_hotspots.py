"""Gi* against published z, local Moran by its formula, and the control of false discoveries."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from kcgeo.access import hot_spots
from kcgeo.access.spatial.hotspots import adjusted
from kcgeo.errors import CrsError, TableError
from tests.worlds import line_of_four


def layer(xy, crs="EPSG:26915"):
    ids = [f"p{k:03}" for k in range(len(xy))]
    return gpd.GeoDataFrame({"place_id": ids}, geometry=gpd.points_from_xy(*np.asarray(xy, float).T), crs=crs)


def test_published_gi_star(shared):
    known = json.loads((shared / "oracles" / "getis_ord_6pt.json").read_text())
    places = layer(known["points"])
    values = pd.Series(known["y"], index=places["place_id"])
    table = hot_spots(
        values, places, rng=np.random.default_rng(1), neighbour_count=None, band_m=float(known["threshold"])
    )
    np.testing.assert_allclose(table["gi_z"], known["Gi_star_z"], rtol=1e-9)


def test_moran_by_hand():
    values, places = line_of_four()
    table = hot_spots(values, places, rng=np.random.default_rng(1), neighbour_count=None, band_m=1000)
    np.testing.assert_allclose(table["moran_i"], [0.75, 0, 0, 0.75], atol=1e-12)


def town(seed=0, count=120):
    rng = np.random.default_rng(seed)
    xy = rng.random((count, 2)) * 50_000
    places = layer(xy)
    near = np.hypot(*(xy - 25_000).T) < 12_000
    return places, pd.Series(rng.random(count) + 3 * near, index=places["place_id"]), near


def test_a_planted_cluster_is_found_and_noise_is_not():
    places, values, near = town()
    table = hot_spots(values, places, rng=np.random.default_rng(1))
    hot = (table["gi_class"] == "hot spot").to_numpy()
    assert hot.sum() > 0.5 * near.sum()
    assert (hot & ~near).sum() <= 0.2 * hot.sum()
    assert set(table.loc[hot, "moran_class"]) <= {"high-high", "low-high", "not significant"}
    noise = values.sample(frac=1, random_state=3).set_axis(values.index)
    assert (hot_spots(noise, places, rng=np.random.default_rng(1))["gi_class"] == "not significant").mean() > 0.95


def test_the_smallest_p_can_pass_and_the_seed_decides():
    places, values, _ = town()
    one, two = (hot_spots(values, places, rng=np.random.default_rng(5)) for _ in range(2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    pd.testing.assert_frame_equal(one, hot_spots(values, places, rng=5), check_exact=True)
    assert one["p"].min() <= 0.05 / len(values)
    with pytest.raises(TableError, match="give at least 4800"):
        hot_spots(values, places, rng=np.random.default_rng(5), permutations=999)


def test_storage_and_metric_coordinates_agree():
    places, values, _ = town()
    shifted = places.set_geometry(places.geometry.translate(340_000, 4_320_000))
    metric = hot_spots(values, shifted, rng=np.random.default_rng(5))
    stored = hot_spots(values, shifted.to_crs("EPSG:4326"), rng=np.random.default_rng(5))
    np.testing.assert_allclose(metric["gi_z"], stored["gi_z"], atol=1.2)
    assert (metric["gi_class"] == stored["gi_class"]).mean() > 0.95


def test_islands_and_unreached_places_are_classes_of_their_own():
    places = layer([[0, 0], [900, 0], [1800, 0], [90_000, 0], [2700, 0]])
    values = pd.Series([1.0, 2, 3, 4, np.nan], index=places["place_id"])
    table = hot_spots(values, places, rng=np.random.default_rng(1), neighbour_count=None, band_m=1000)
    assert table["gi_class"].tolist()[3:] == ["no neighbours", "no value"]
    assert table["moran_class"].tolist()[3:] == ["no neighbours", "no value"]
    assert table.loc[["p003", "p004"], ["gi_z", "moran_i", "p", "q"]].isna().all(axis=None)
    assert table["p"].notna().sum() == 3


def test_band_includes_its_own_value():
    places = layer([[0, 0], [1000, 0], [5000, 0]])
    values = pd.Series([1.0, 2, 3], index=places["place_id"])
    for band_m, linked in ((999.9, 0), (1000, 2), (1000.1, 2)):
        table = hot_spots(values, places, rng=np.random.default_rng(1), neighbour_count=None, band_m=band_m)
        assert (table["gi_class"] != "no neighbours").sum() == linked


def test_equal_values_and_nothing_known_are_results():
    places, values, _ = town(count=20)
    flat = hot_spots(values * 0 + 7, places, rng=np.random.default_rng(1))
    assert (flat["gi_class"] == "not significant").all()
    assert flat["gi_z"].isna().all()
    unknown = hot_spots(values * np.nan, places, rng=np.random.default_rng(1))
    assert (unknown["moran_class"] == "no value").all()


def test_order_of_places_means_nothing():
    places, values, _ = town(count=40)
    rng = [np.random.default_rng(2) for _ in range(2)]
    one = hot_spots(values, places, rng=rng[0])
    two = hot_spots(values, places.iloc[::-1], rng=rng[1])
    pd.testing.assert_frame_equal(one, two)
    turned = hot_spots(values.iloc[::-1], places, rng=np.random.default_rng(2))
    assert turned.index.equals(values.index[::-1])
    pd.testing.assert_frame_equal(one, turned.loc[values.index])


def test_refusals():
    places, values, _ = town(count=20)
    rng = np.random.default_rng(1)
    with pytest.raises(TableError, match="only one of them has p000"):
        hot_spots(values.drop("p000"), places, rng=rng)
    with pytest.raises(TableError, match="infinite"):
        hot_spots(values.where(values > values.min(), np.inf), places, rng=rng)
    with pytest.raises(TableError, match="between 0 and 1"):
        hot_spots(values, places, rng=rng, q=5)
    with pytest.raises(TableError, match="either neighbour_count or band_m"):
        hot_spots(values, places, rng=rng, band_m=1000)
    with pytest.raises(CrsError, match="no CRS"):
        hot_spots(values, places.set_crs(None, allow_override=True), rng=rng)
    with pytest.raises(CrsError, match="metres"):
        hot_spots(values, places.to_crs("EPSG:4269"), rng=rng)
    with pytest.raises(TableError, match=r"points that EPSG:4269 cannot hold .*x is longitude, y latitude"):
        hot_spots(values, places.set_crs("EPSG:4269", allow_override=True), rng=rng)


def test_p_values_by_counting_all_cases():
    # five places on a line, band of one step; the last has neighbour d alone, d's value 5 is the largest of the other
    # four: of 4 equally likely neighbours 1 is no less and 4 are no more: p tends to 2 x 1/4
    places = layer([[1000 * k, 0] for k in range(5)])
    values = pd.Series([1.0, 2, 3, 5, 4], index=places["place_id"])
    table = hot_spots(
        values, places, rng=np.random.default_rng(1), neighbour_count=None, band_m=1000, permutations=40_000
    )
    assert table.loc["p004", "p"] == pytest.approx(0.5, abs=0.02)
    # b has neighbours a and c, sum 4; pairs of the others 1 3 4 5 sum to 4 5 6 7 8 9: one of six is no more
    assert table.loc["p001", "p"] == pytest.approx(2 / 6, abs=0.02)


def test_adjustment_by_hand():
    # sorted .01 .02 .04 .9 of 4: .04, .04, .0533, .9; ties get the same
    np.testing.assert_allclose(adjusted([0.9, 0.01, 0.04, 0.02]), [0.9, 0.04, 0.16 / 3, 0.04])
    np.testing.assert_allclose(adjusted([0.5, 0.5]), [0.5, 0.5])
    assert adjusted([]).tolist() == []


def test_one_neighbor_is_enough_and_none_is_refused() -> None:
    rng = np.random.default_rng(4)
    values = pd.Series(rng.uniform(0, 9, 12), index=[f"p{number}" for number in range(12)])
    places = gpd.GeoDataFrame(
        {"place_id": values.index}, geometry=gpd.points_from_xy(np.arange(12) * 1000.0, np.zeros(12)), crs="EPSG:26915"
    )
    assert len(hot_spots(values, places, rng=1, neighbour_count=1)) == 12
    with pytest.raises(TableError, match="whole number of 1 or more"):
        hot_spots(values, places, rng=1, neighbour_count=0)
