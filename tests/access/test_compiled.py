from __future__ import annotations

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest

from kcgeo.access import decay, two_step_fca
from kcgeo.access.competition import catchments, compiled
from kcgeo.errors import TableError

pytest.importorskip("numba", reason="the extra 'fast' (numba) is not installed")

STEPS = decay.step([10, 20, 30], [1, 0.68, 0.22])


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_MANY_PAIRS", 0)
    monkeypatch.setattr(compiled, "_VERY_MANY_PAIRS", 0)


def world(seed: int) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    rng = np.random.default_rng(seed)
    places, sites = [f"p{n:03d}" for n in range(60)], [f"s{n:02d}" for n in range(12)]
    pairs = pd.DataFrame(
        [(place, site, float(rng.integers(0, 40))) for place in places for site in sites if rng.random() < 0.4],
        columns=["from_id", "to_id", "time_min"],
    )
    people = pd.Series(rng.integers(0, 900, len(places)).astype(float), index=places)
    return pairs, people, pd.Series(rng.integers(0, 30, len(sites)).astype(float), index=sites)


def plainly(pairs: pd.DataFrame, people: pd.Series, beds: pd.Series, steps: decay.Decay) -> pd.Series:
    """Measure without the compiled passes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catchments, "two_steps", lambda *tables: None)
        return two_step_fca(pairs, people, beds, decay=steps)


def as_categories(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs.assign(**{name: pd.Categorical(pairs[name]) for name in ("from_id", "to_id")})


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("seed", range(5))
def test_the_compiled_way_is_the_plain_way_to_the_last_bit(seed: int) -> None:
    pairs, people, beds = world(seed)
    plain = plainly(pairs, people, beds, STEPS)
    more = people.reindex(["a0", *people.index, "z9"], fill_value=4.0)  # places that reach nothing keep their rows
    for table in (as_categories(pairs), pairs):
        found = compiled.two_steps(table, people, beds, STEPS)
        assert found is not None
        assert (found == plain.to_numpy()).all()
        pdt.assert_series_equal(two_step_fca(table, people, beds, decay=STEPS), plain, check_exact=True)
        pdt.assert_series_equal(
            two_step_fca(table, more, beds, decay=STEPS), plainly(pairs, more, beds, STEPS), check_exact=True
        )


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("rings", [1, 2, 3, 4, 5])
def test_edges_hold_with_any_number_of_rings(rings: int) -> None:
    steps = decay.step(list(range(5, 5 * rings + 1, 5)), [1 / (ring + 1) for ring in range(rings)])
    edge = [value + shift for value in range(0, 30, 5) for shift in (0.0, -1e-9, 1e-9) if value + shift >= 0]
    pairs = pd.DataFrame({"from_id": [f"p{n:02d}" for n in range(len(edge))], "to_id": "s", "time_min": edge})
    people, beds = pd.Series(2.0, index=pairs["from_id"].to_numpy()), pd.Series({"s": 7.0})
    found = compiled.two_steps(as_categories(pairs), people, beds, steps)
    assert (found is None) == (rings > 4)
    if found is not None:
        assert (found == plainly(pairs, people, beds, steps).to_numpy()).all()


@pytest.mark.usefixtures("always")
def test_what_is_in_doubt_is_left_to_the_plain_way() -> None:
    pairs, people, beds = world(1)
    table = as_categories(pairs)
    assert compiled.two_steps(table, people, beds, decay.gaussian(10, 30)) is None
    for ids in (table, pairs):
        assert compiled.two_steps(ids.iloc[::-1], people, beds, STEPS) is None
        assert compiled.two_steps(ids.iloc[[0, 0]], people, beds, STEPS) is None
        pdt.assert_series_equal(
            two_step_fca(ids.iloc[::-1], people, beds, decay=STEPS), plainly(pairs, people, beds, STEPS)
        )
    faults = [
        (table.assign(time_min=table["time_min"].where(table.index > 0, -1.0)), people, beds, "negative"),
        (table.assign(time_min=table["time_min"].where(table.index > 0)), people, beds, "missing"),
        (table, people.drop("p005"), beds, "p005"),
        (table, people, beds.drop("s03"), "s03"),
        (table, people.where(people.index != "p005", -1.0), beds, "negative"),
        (table.iloc[[0, 0]], people, beds, "more than once"),
        (pairs.assign(from_id=pairs["from_id"].where(pairs.index > 0)), people, beds, "from_id"),
        (pairs.assign(to_id=pairs["to_id"].where(pairs.index > 0)), people, beds, "to_id"),
    ]
    for costs, demand, supply, words in faults:
        with pytest.raises(TableError, match=words):
            two_step_fca(costs, demand, supply, decay=STEPS)


def test_few_pairs_are_not_worth_it() -> None:
    pairs, people, beds = world(2)
    assert compiled.two_steps(as_categories(pairs), people, beds, STEPS) is None
