"""The doors of the rooms: what a signature does not name is told in one sentence, and nothing else changes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from kcgeo import access, data, siting, study
from kcgeo.doors import door
from kcgeo.errors import KcgeoError, SolverError, TableError

BAD = ["30", None, [1, 2], {"a": 1}, np.nan, object(), b"x", 1j, pd.DataFrame(), np.ones((2, 2)), iter([1])]


def spoiled(function: Callable[..., Any], right: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return each argument with each thing that it is not; what is left out or None by default stays so."""
    names = inspect.signature(function).parameters
    return [
        (name, bad)
        for name in right
        for bad in BAD
        if not (bad is None and names[name].default is None) and str(names[name].annotation) != "Any"
    ]


C = pd.DataFrame({"from_id": ["a", "b"], "to_id": ["x", "x"], "time_min": [1.0, 2.0]})
D = pd.Series({"a": 5.0, "b": 5.0})
TIMES = pd.DataFrame({"legal_min": [5.0, 50.0]}, index=pd.Index(["a", "b"], name="place_id"))
POINTS = gpd.GeoDataFrame({"place_id": list("abcd")}, geometry=gpd.points_from_xy([0, 1, 2, 3], [0] * 4), crs=26915)
CALLS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (access.states, {"times": TIMES, "cutoff_min": 30}),
    (access.coverage_table, {"times": TIMES, "groups": pd.DataFrame({"population_count": D}), "cutoffs_min": [30]}),
    (access.continuum, {"times": TIMES, "demand": D, "required": ["legal"], "cutoff_min": 30}),
    (access.cumulative, {"costs": C, "supply": pd.Series({"x": 1.0}), "cutoff_min": 30, "origins": D.index}),
    (access.erlang_c, {"load": 2.0, "beds": 5}),
    (access.contiguity, {"areas": POINTS.set_geometry(POINTS.buffer(0.5))}),
    (siting.p_median, {"costs": C, "demand": D, "new_count": 1}),
    (siting.coverage_by_group, {"costs": C, "groups": pd.DataFrame({"a": D}), "before": [], "after": ["x"],
                                "cutoff_min": 5}),
]  # fmt: skip


@pytest.mark.parametrize(("function", "right"), CALLS, ids=[one.__name__ for one, _ in CALLS])
def test_each_argument_of_another_kind_is_told(function: Callable[..., Any], right: dict[str, Any]) -> None:
    function(**right)
    for name, bad in spoiled(function, right):
        try:
            function(**{**right, name: bad})
        except KcgeoError as told:
            assert str(told)
        else:  # the keys of a dict are a list of ids as good as any; a number that is none never is
            assert not isinstance(bad, str | float | complex), (name, bad)


def test_what_no_table_can_hold_is_told() -> None:
    for cells, words in [
        ({"from_id": [["a"], ["b"]]}, "lists in the cells of from_id"),
        ({"from_id": ["a", None]}, "from_id"),
    ]:
        with pytest.raises(TableError, match=words):
            access.nearest(C.assign(**cells), origins=D.index)
    with pytest.raises(TableError, match="lack the categories medical"):
        access.lacking(pd.DataFrame({"legal": ["none"]}), ["medical"])


def test_whole_numbers_may_come_as_any_number() -> None:
    assert access.erlang_c(2.0, 5.0) == access.erlang_c(2.0, np.int64(5)) == access.erlang_c(2.0, 5)  # type: ignore[arg-type]
    for large in (1e300, 10**18):
        with pytest.raises(TableError, match="beds is"):
            access.erlang_c(2.0, large)  # type: ignore[arg-type]


def test_a_fault_of_the_function_stays_what_it_is() -> None:
    def broken(table: pd.DataFrame, names: Sequence[str], more: Mapping[str, int], ids: Collection[str]) -> None:
        raise ZeroDivisionError(len(table))

    def refusing(table: pd.DataFrame) -> None:
        raise SolverError("own words")

    with pytest.raises(ZeroDivisionError):
        door(broken)(C, ["a"], {"a": 1}, {"b"})
    with pytest.raises(TableError, match=r"names is 'a', a str; give a list\.\nmore is a list; give a dict\."):
        door(broken)(C, "a", [1], {"b"})  # type: ignore[arg-type]
    with pytest.raises(SolverError, match="own words"):
        door(refusing)([1])  # type: ignore[arg-type]


@pytest.mark.parametrize("point", [None, shapely.Point(), shapely.Point(np.nan, 1), shapely.Point(1e300, 0)])
def test_points_that_are_nowhere_are_named(point: Any) -> None:
    def counted(places: gpd.GeoDataFrame) -> int:
        size = places.geometry.bounds.abs().max(axis=1, skipna=False)
        if not (size < 1e9).all():
            raise IndexError(size.max())
        return len(size)

    lost = POINTS.set_geometry([point, *POINTS.geometry.iloc[1:]])
    assert door(counted)(POINTS) == 4
    with pytest.raises(TableError, match="no finite point in the rows 0; leave these out"):
        door(counted)(lost)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda s: study.measure([1]), "study is a list; give Study"),
        (lambda s: study.scenario(s, move={"a": 1}), "move is a dict"),
        (lambda s: study.scenario(s, open_hours={"a": 1}), "open_hours is a dict"),
        (lambda s: study.week(s, categories=[1]), "There is no category '1'"),
        (lambda s: study.site(s, category="legal", new_count="2", cutoff_min=30), "new_count is '2'"),
        (lambda s: study.reach(s, 5, minutes=[15]), "starts is 5"),
        (lambda s: study.catchment(s, "legal", minutes="30", with_map=False), "minutes is '30'"),
        (lambda s: study.county_answer(None, "x"), "measured is None"),
    ],
)
def test_questions_of_a_study_have_a_door_too(ask: Callable[[Any], Any], words: str) -> None:
    with pytest.raises(KcgeoError, match=words):
        ask(study.load(data.default_study()))
