"""A study's own layers: put, replaced, taken back; nothing half-added."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from kcgeo.data.study.layers import Layer, checked_layer, layers_folder, put_layer, read_layers, remove_layer
from kcgeo.errors import IntegrityError, StudyError

ABOUT = {
    "source_name": "bg.zip",
    "source_sha256": "0" * 64,
    "source_kind": "block-groups",
    "title": "Block groups",
    "vintage": "2020",
    "licence": "US-Government-Works",
}


def _put(study: Path, text: str, kind: str = "services", *, rows: int = 1) -> Layer:
    def write(path: Path) -> int:
        path.write_text(text)
        return rows

    return put_layer(study, kind, write, **ABOUT, notes=("One row was mended.",))


def test_a_layer_is_read_as_it_was_put(tmp_path: Path) -> None:
    study = tmp_path / "town.toml"
    assert read_layers(study) == ()
    layer = _put(study, "a\n", rows=3)
    assert read_layers(study) == (layer,)
    assert checked_layer(layer).read_text() == "a\n"
    assert (layer.rows, layer.notes, layer.path.suffix) == (3, ("One row was mended.",), ".csv")


def test_a_new_layer_replaces_the_former_of_its_kind_only(tmp_path: Path) -> None:
    study = tmp_path / "town.toml"
    _put(study, "a\n")
    other = _put(study, "x\n", "places")
    assert other.path.name.endswith(".csv.gz")
    _put(study, "b\n")
    names = {layer.kind: checked_layer(layer).read_text() for layer in read_layers(study)}
    assert names == {"services": "b\n", "places": "x\n"}
    assert len(list(layers_folder(study).iterdir())) == 3  # two files and the register


def test_two_that_are_added_at_once_both_stay(tmp_path: Path) -> None:
    study, begun = tmp_path / "town.toml", threading.Event()

    def slow(path: Path) -> int:
        begun.set()
        time.sleep(0.3)  # the other one comes meanwhile
        path.write_text("slow")
        return 1

    first = threading.Thread(target=lambda: put_layer(study, "places", slow, **ABOUT))
    first.start()
    begun.wait()
    _put(study, "a\n")
    first.join()
    assert [checked_layer(layer).read_text() for layer in read_layers(study)] == ["slow", "a\n"]


def test_a_failed_write_leaves_the_former_layer_whole_and_no_scrap(tmp_path: Path) -> None:
    study = tmp_path / "town.toml"

    def broken(path: Path) -> int:
        path.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        put_layer(study, "services", broken, **ABOUT)
    assert not layers_folder(study).exists()
    layer = _put(study, "a\n")
    before = sorted(path.name for path in layers_folder(study).iterdir())
    with pytest.raises(OSError, match="disk full"):
        put_layer(study, "services", broken, **ABOUT)
    assert read_layers(study) == (layer,)
    assert sorted(path.name for path in layers_folder(study).iterdir()) == before


def test_a_changed_file_is_refused_with_the_cure(tmp_path: Path) -> None:
    layer = _put(tmp_path / "town.toml", "a\n")
    layer.path.write_text("b\n")
    with pytest.raises(IntegrityError, match=r"kcgeo data add block-groups bg\.zip"):
        checked_layer(layer)


def test_a_layer_can_be_taken_back_and_foreign_files_stay(tmp_path: Path) -> None:
    study = tmp_path / "town.toml"
    layer = _put(study, "a\n")
    own = [layers_folder(study) / name for name in ("notes.txt", "services-2026.csv", "streets-backup.npz")]
    for path in own:
        path.write_text("mine")
    assert remove_layer(study, "services")
    assert not remove_layer(study, "services")
    assert read_layers(study) == () and not layer.path.exists() and all(path.exists() for path in own)


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2, "layers": []}', '{"format": 1, "layers": [{"kind": "x"}]}'])
def test_a_register_of_another_make_is_refused(tmp_path: Path, text: str) -> None:
    study = tmp_path / "town.toml"
    layers_folder(study).mkdir()
    (layers_folder(study) / "layers.json").write_text(text)
    with pytest.raises(StudyError, match="no register of layers"):
        read_layers(study)


def test_a_path_in_the_register_cannot_leave_the_folder(tmp_path: Path) -> None:
    study = tmp_path / "town.toml"
    _put(study, "a\n")
    register = layers_folder(study) / "layers.json"
    content = json.loads(register.read_text())
    content["layers"][0]["path"] = "../../elsewhere.csv"
    register.write_text(json.dumps(content))
    assert read_layers(study)[0].path == layers_folder(study) / "elsewhere.csv"
