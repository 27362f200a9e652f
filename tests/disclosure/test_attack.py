"""The attacker fails on what the house publishes and succeeds on three publishers that leak."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kcgeo import data
from kcgeo.disclosure.attack import best_candidates, candidate_losses
from kcgeo.errors import KcgeoError

from . import leaky_town
from .leaky_town import (
    SIDE,
    classes_of_15_minutes,
    donut_mask,
    honest,
    honest_layers,
    rounded_county_sums,
    text_of,
    town,
)

HIDING = [
    f"n{i:02d}-{j:02d}" for i, j in [(4, 9), (8, 14), (12, 7), (14, 13), (17, 8), (9, 18), (19, 19), (1, 12), (15, 1)]
]


@pytest.fixture(scope="module")
def place():
    return town()


@pytest.fixture(scope="module")
def candidates(place):
    """Every crossing of the area: the reader knows no more than the area."""
    return place.nodes["node_id"].tolist()


def least_places(surface, *, but):
    """Where a surface is least, but for places that known services explain: the simplest attack of all."""
    open_places = surface.drop(index=[place for place in but if place in surface.index]).dropna()
    return sorted(open_places.index[open_places <= open_places.min() + 1e-9])


def errors(place, guesses, hidden):
    """Mean distance of the guesses to the truth, in grid steps; the attacker picks one of equal guesses by lot."""
    return float(np.mean([place.distance_steps(guess, hidden) for guess in guesses]))


@pytest.mark.parametrize(
    "publisher", [classes_of_15_minutes, donut_mask, rounded_county_sums], ids=lambda f: f.__name__
)
def test_the_attacker_finds_the_shelter_behind_leaky_publishers(place, candidates, publisher):
    rng = np.random.default_rng(7)
    found = []
    for hidden in HIDING:
        losses = candidate_losses(publisher(place, hidden, candidates, rng), candidates)
        found.append(errors(place, best_candidates(losses), hidden))
    # a guess within the area is off by about half the town's side
    guess = np.mean([errors(place, candidates, hidden) for hidden in HIDING])
    assert guess > SIDE / 3
    assert np.median(found) <= 0.5, found
    assert np.mean(found) < guess / 5, found


def test_the_argmin_stands_on_the_door_of_a_surface_made_from_the_shelter(place):
    known = place.known["node_id"].tolist()
    for hidden in HIDING:
        assert least_places(leaky_town.times_of(place, "emergency_shelter", hidden), but=known) == [hidden]


@pytest.mark.slow
def test_the_attacker_is_reduced_to_guessing_by_what_the_house_publishes(place, candidates, tmp_path):
    texts, guesses, least = set(), [], []
    for hidden in HIDING:
        released = honest(place, hidden, tmp_path)
        texts.add(text_of(released))
        guesses.append(best_candidates(candidate_losses(honest_layers(place, released, candidates), candidates)))
        surface = released["surface"].table.set_index("cell_id")["emergency_shelter_min"]
        least.append(least_places(surface, but=place.known["node_id"].tolist()))
    # one and the same text wherever the shelter is, so one and the same guess
    assert len(texts) == 1
    for attempts in (guesses, least):
        assert all(attempt == attempts[0] for attempt in attempts)
        # averaged over all places where it could be, no fixed guess beats the best fixed guess, which needs no map
        mean = np.mean([errors(place, attempts[0], hidden) for hidden in candidates])
        best = min(np.mean([place.distance_steps(one, hidden) for hidden in candidates]) for one in candidates)
        assert mean >= best - 1e-9
        hits = sum(hidden in attempts[0] for hidden in candidates) / len(attempts[0])
        assert hits <= 1


def test_the_same_layers_give_the_shelter_away_once_it_is_used(place, candidates, tmp_path):
    """The guard of the test above: with the shelter wrongly at exact level the joint attack finds it at once."""
    found = []
    for hidden in HIDING[:4]:
        wrong = leaky_town.Town(
            place.nodes,
            place.network,
            pd.concat([place.known, pd.DataFrame({"node_id": [hidden], "category": ["emergency_shelter"]})]),
            place.people,
            place.quarter,
        )
        released = honest(wrong, hidden, tmp_path)
        losses = candidate_losses(honest_layers(place, released, candidates), candidates)
        found.append(errors(place, best_candidates(losses), hidden))
    assert max(found) == 0


@pytest.mark.parametrize("column", ["latitude", "longitude", "physical_address", "postal_code", "city"])
def test_the_true_place_cannot_enter_the_file(place, tmp_path, column):
    path = leaky_town.directory(place, HIDING[0], tmp_path)
    table = pd.read_csv(path, dtype="str")
    table.loc[table["service_id"] == "svc-hidden", column] = "38.99123"
    table.to_csv(path, index=False)
    with pytest.raises(KcgeoError) as refusal:
        data.services(path=path)
    assert "svc-hidden" in str(refusal.value) and "38.99123" not in str(refusal.value)
