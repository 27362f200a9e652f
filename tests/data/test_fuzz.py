"""Damaged files of every kind: a layer or a refusal, nothing else, and nothing left behind.

Here a few of each family; ``make fuzz`` reads 10,000 of each.
"""

from __future__ import annotations

import random
import shutil
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("osmium", reason="the samples need osmium (extra network)")

from tests.fuzzing import FAMILIES, Sample, build_samples, mutated, outcome

from kcgeo.data.formats.registry import READERS
from kcgeo.data.study.settings import Study

pytestmark = pytest.mark.slow

Samples = tuple[Study, list[Sample]]


@pytest.fixture(scope="module")
def samples(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return build_samples(root, tmp_path_factory.mktemp("samples") / "files")


def test_every_kind_has_a_sample_that_is_sound(samples: Samples, tmp_path: Path) -> None:
    study, all_samples = samples
    files = {name for name, reader in READERS.items() if not reader.is_address}
    assert {sample.kind for sample in all_samples} == files == {kind for kinds in FAMILIES.values() for kind in kinds}
    for sample in all_samples:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            converted = READERS[sample.kind].read(sample.path, study, **sample.options)
        assert converted.write(tmp_path / "layer") > 0, sample.name


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_damaged_files_are_read_or_refused(family: str, samples: Samples, tmp_path: Path) -> None:
    study, all_samples = samples
    mine = [sample for sample in all_samples if sample.kind in FAMILIES[family]]
    found = set()

    @settings(max_examples=16, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(sample=st.sampled_from(mine), seed=st.integers(0, 2**31))
    def check(sample: Sample, seed: int) -> None:
        found.add(outcome(sample, study, seed, tmp_path))

    check()
    assert "refused" in found


def test_one_seed_gives_one_damage(samples: Samples, tmp_path: Path) -> None:
    for number, sample in enumerate(samples[1]):
        for name in ("a", "b"):
            mutated(sample.path, tmp_path / name, random.Random(number))
        one, other = (
            sorted(p for p in (tmp_path / name).rglob("*") if p.is_file()) or [tmp_path / name] for name in "ab"
        )
        assert [item.read_bytes() for item in one] == [item.read_bytes() for item in other], sample.name
        for name in "ab":
            place = tmp_path / name
            shutil.rmtree(place) if place.is_dir() else place.unlink()
