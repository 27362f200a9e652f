"""A study gets layers of its own: what changes, what stays after a fault, and the way to the gaps by block group."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.data.census_files import GROUPS, both_centers, centers, outlines, small_study, zipped

from kcgeo import data, travel
from kcgeo.data.fetch.download import Fetched
from kcgeo.data.formats.registry import READERS
from kcgeo.data.study.layers import KINDS, layers_folder, read_layers
from kcgeo.errors import KcgeoError, StudyError, TableError
from kcgeo.study.file.add import add_fetched, add_layer, drop_layer
from kcgeo.study.measure import measure


@pytest.fixture
def town(root: Path, tmp_path: Path) -> Path:
    return small_study(root, tmp_path)


def test_every_kind_leads_to_a_reader_and_a_layer() -> None:
    from importlib import import_module

    for kind, reader in READERS.items():
        assert reader.kind == kind
        assert reader.layer in KINDS
        assert reader.example.startswith(f"{kind} ")
        module, name = reader.read.target  # type: ignore[attr-defined]
        assert callable(getattr(import_module(module), name))


@pytest.mark.parametrize(
    "address", ["postgresql://me:no-such-secret@[x/db", "me:no-such-secret@host", "password=no-such-secret"]
)
def test_no_part_of_an_address_is_told(town: Path, address: str) -> None:
    said: list[str] = []
    with pytest.raises(KcgeoError) as caught:
        add_layer(town, "postgis-places", address, options={"table": "blocks"}, step=said.append)
    assert "secret" not in " ".join([*said, *caught.value.problems])


def test_what_changed_is_told(town: Path, tmp_path: Path) -> None:
    said: list[str] = []
    added = add_layer(town, "centers", str(both_centers(tmp_path / "centers")), step=said.append)
    assert added.before.source == "packaged"
    assert (added.after.rows_count, added.after.population_count) == (8, sum(range(1000, 1008)))
    assert added.layer.source_name == "centers"
    assert len(added.layer.source_sha256) == 64
    assert len(said) == 4
    assert list(data.places(data.read_study(town))["place_id"]) == GROUPS
    assert drop_layer(town, "centers") == "places"
    assert read_layers(town) == ()
    after = data.places(data.read_study(town))
    assert (len(after), int(after["population_count"].sum())) == (
        added.before.rows_count, added.before.population_count,
    )  # fmt: skip


def test_a_fault_leaves_the_study_as_it_was(town: Path, tmp_path: Path) -> None:
    add_layer(town, "centers", str(both_centers(tmp_path / "centers")))
    before = {path.name: path.read_bytes() for path in layers_folder(town).iterdir()}
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04nothing")
    for kind, source in [
        ("block-groups", "bad.zip"), ("acs", "bad.zip"), ("primary-roads", "bad.zip"), ("centers", "none.txt"),
        ("rivers", "bad.zip"), ("tracts", "centers"),
    ]:  # fmt: skip
        with pytest.raises(KcgeoError):
            add_layer(town, kind, str(tmp_path / source))
    with pytest.raises(StudyError, match="takes no option colour; it takes layer"):
        add_layer(town, "tracts", str(tmp_path / "bad.zip"), options={"colour": "red"})
    assert {path.name: path.read_bytes() for path in layers_folder(town).iterdir()} == before


def test_a_fault_on_the_first_layer_leaves_no_folder(town: Path, tmp_path: Path) -> None:
    with pytest.raises(TableError):
        add_layer(town, "centers", str(centers(tmp_path / "BG29.txt", "29")))
    assert not layers_folder(town).exists()


def test_a_layer_that_was_spoilt_can_be_replaced(town: Path, tmp_path: Path) -> None:
    source = both_centers(tmp_path / "centers")
    layer = add_layer(town, "centers", str(source)).layer
    layer.path.write_bytes(b"spoilt")
    with pytest.raises(KcgeoError, match="was changed; add it again"):
        data.places(data.read_study(town))
    drop_layer(town, "places")
    assert add_layer(town, "centers", str(source)).layer.sha256 == layer.sha256


def test_fetched_files_are_added_together(town: Path, tmp_path: Path) -> None:
    folder = both_centers(tmp_path / "centers")
    files = [Fetched(path, "http://x", 1, "0" * 64, is_new=True) for path in sorted(folder.iterdir())]
    added = add_fetched(town, "centers", files)
    assert added.layer.source_name == "CenPop2020_Mean_BG20.txt, CenPop2020_Mean_BG29.txt"
    assert added.layer.vintage == "2020"
    assert added.after.rows_count == 8


def test_the_register_names_no_folder_of_this_machine(town: Path, tmp_path: Path) -> None:
    add_layer(town, "block-groups", str(zipped(outlines(), tmp_path / "cb_2020_bg.zip")))
    add_layer(town, "centers", str(both_centers(tmp_path / "centers")))
    text = (layers_folder(town) / "layers.json").read_text()
    assert str(tmp_path) not in text
    (layer,) = json.loads(text)["layers"]
    assert any("Kept from cb_2020_bg.zip" in note for note in layer["notes"])


@pytest.fixture(scope="module")
def block_groups(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Kansas City study with the real block groups; the two-state file written in the Census form."""
    folder = tmp_path_factory.mktemp("kc")
    rows = pd.read_csv(shared / "reference" / "bg2020_popcenters_kc.csv", dtype={"geoid": str})
    source = folder / "centers"
    source.mkdir()
    for state, part in rows.groupby(rows["geoid"].str[:2]):
        lines = ["STATEFP,COUNTYFP,TRACTCE,BLKGRPCE,POPULATION,LATITUDE,LONGITUDE"]
        lines += [
            f"{r.geoid[:2]},{r.geoid[2:5]},{r.geoid[5:11]},{r.geoid[11]},{r.population},{r.latitude},{r.longitude}"
            for r in part.itertuples()
        ]
        (source / f"CenPop2020_Mean_BG{state}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    study = folder / "kc.toml"
    study.write_text((Path(__file__).parents[2] / "studies" / "kansas-city.toml").read_text())
    add_layer(study, "centers", str(source))
    return study


@pytest.mark.slow
def test_gaps_run_on_real_block_groups(block_groups: Path, root: Path) -> None:
    study = data.read_study(block_groups)
    found = measure(study)
    assert len(found.gaps) == 1892
    assert found.place_times.notna().to_numpy().mean() > 0.95
    # the same metro, seen more finely: shares of all people stay near those by ZIP code
    by_zip = measure(data.read_study(root / "studies" / "kansas-city.toml"), network=found.network)
    keys = ["category", "cutoff_min"]
    fine, coarse = (table.coverage.query("group == 'population_count'").set_index(keys) for table in (found, by_zip))
    both = fine["covered_share"].to_frame("fine").join(coarse["covered_share"].rename("coarse"))
    assert (both["fine"] - both["coarse"]).abs().max() < 0.15


def test_density_of_the_grid_stays_sane(block_groups: Path, root: Path) -> None:
    """Local speed follows people per km2 of land: by block group it may differ, by an order of magnitude it may not."""
    fine = data.places(data.read_study(block_groups))
    people_km2 = fine["population_count"] / fine["land_area_km2"]
    assert (fine["land_area_km2"] > 0).all()
    assert 600 < np.average(people_km2, weights=fine["population_count"]) < 4000
    assert people_km2.quantile(0.999) < 30_000
    area = data.counties(data.read_study(block_groups)).to_crs("EPSG:26915").area.sum() / 1e6
    assert fine["land_area_km2"].sum() == pytest.approx(area, rel=1e-4)
    times = [
        travel.friction_network(data.read_study(path)).arcs.time_ms.mean()
        for path in (block_groups, root / "studies" / "kansas-city.toml")
    ]
    assert times[0] == pytest.approx(times[1], rel=0.1)
