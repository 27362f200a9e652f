"""Directories in spreadsheets: mapping, encodings, limits, and the rules of disclosure."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest

from kcgeo import data
from kcgeo.data.directory.cells import MAX_COLUMNS, read_cells
from kcgeo.data.directory.closing.words import matches
from kcgeo.data.formats.services.service_layer import add_services
from kcgeo.data.study.layers import put_layer
from kcgeo.errors import TableError, WithheldWarning
from kcgeo.study import Answer
from kcgeo.study.folder.manifest import build

BASIS = "public office, hospital, agency or hotline"
HEADER = ["Agency Name", "Program", "Kind", "Who", "Street", "ZIP", "Lat", "Long", "Board"]
ROWS = [
    ["Example Agency", "Law clinic", "Lawyers", "everybody", "12 Example Street", "64106", "39.0997", "-94.5701", "x"],
    ["Niñez", "Clinic talks", "counselling", "children", "14 Example Street", "64106", "", "", "y"],
]
MAPPING = """
[columns]
"Agency Name" = "organization_name"
"Program" = "service_name"
"Kind" = "service_categories"
"Who" = "eligibility"
"Street" = "physical_address"
"ZIP" = "postal_code"
"Lat" = "latitude"
"Long" = "longitude"

[values.service_categories]
"Lawyers" = "legal|case_management"

[values.eligibility]
"everybody" = "any"
"children" = "minors"
"""


@pytest.fixture(scope="module")
def study() -> data.Study:
    return data.read_study(data.default_study())


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    path = tmp_path / "theirs.toml"
    path.write_text(MAPPING)
    return str(path)


def text_of(rows: list[list[str]], separator: str = ",") -> str:
    return "\n".join(separator.join(row) for row in [HEADER, *rows]) + "\n"


def read(path: Path, study: data.Study, mapping: str, **options: str) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    converted = add_services(path, study, mapping=mapping, **{"basis": BASIS} | options)
    converted.write(path.with_suffix(".layer.csv"))
    return data.services(path=path.with_suffix(".layer.csv")), converted.notes


@pytest.mark.parametrize(
    ("encoding", "separator", "note"),
    [
        ("utf-8", ",", None),
        ("utf-8-sig", ";", "semicolons"),
        ("cp1252", "\t", "read as Windows-1252"),
        ("utf-16", ",", "UTF-16"),
    ],
)
def test_encodings_and_separators(
    encoding: str, separator: str, note: str | None, study: data.Study, mapping: str, tmp_path: Path
) -> None:
    path = tmp_path / "providers.csv"
    path.write_bytes(text_of(ROWS, separator).encode(encoding))
    rows, notes = read(path, study, mapping)
    assert rows["organization_name"].tolist() == ["Example Agency", "Niñez"]
    assert rows["categories"].tolist() == [("legal", "case_management"), ("counselling",)]
    assert rows["eligibility"].tolist() == ["any", "minors"]
    assert rows["service_id"].tolist() == ["row-00002", "row-00003"]
    assert rows["coordinate_precision"].tolist() == ["street", "zip"]
    assert note is None or any(note in text for text in notes)
    assert "1 column of providers.csv is none of ours and was left out: Board." in notes
    assert any("row-00003: the row has no point and was placed at the point of its ZIP code" in text for text in notes)


def test_workbook_with_the_sheet_that_is_named(study: data.Study, mapping: str, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["nothing here"])
    sheet = book.create_sheet("Services")
    sheet.append(HEADER)
    for row in ROWS:
        sheet.append([float(cell) if cell.replace(".", "").replace("-", "").isdigit() else cell for cell in row])
    book.save(tmp_path / "book.xlsx")
    rows, _ = read(tmp_path / "book.xlsx", study, mapping, sheet="Services")
    assert rows["postal_code"].tolist() == ["64106", "64106"]
    assert rows.geometry.iloc[0].x == -94.5701
    with pytest.raises(TableError, match="no sheet of that name; it has Sheet, Services"):
        read(tmp_path / "book.xlsx", study, mapping, sheet="Other")


def test_where_people_sleep_comes_in_as_withheld(study: data.Study, mapping: str, tmp_path: Path) -> None:
    hidden = [
        "Hidden House",
        "Rooms",
        "emergency_shelter",
        "everybody",
        "16 Secret Street",
        "64108",
        "39.08",
        "-94.58",
        "z",
    ]
    named = [
        "Refuge of the North",
        "Talks",
        "counselling",
        "everybody",
        "18 Secret Street",
        "64108",
        "39.09",
        "-94.58",
        "z",
    ]
    path = tmp_path / "providers.csv"
    path.write_text(text_of([*ROWS, hidden, named]))
    with pytest.warns(WithheldWarning, match="row-00004, row-00005"):
        rows, notes = read(path, study, mapping)
    assert rows["disclosure"].tolist() == ["exact", "exact", "withheld", "withheld"]
    # their own ids are often made of a name; counselling comes before emergency_shelter, whatever the file's order
    assert rows["service_id"].tolist()[2:] == ["withheld-001", "withheld-002"]
    assert rows["categories"].tolist()[2:] == [("counselling",), ("emergency_shelter",)]
    layer = path.with_suffix(".layer.csv").read_text()
    assert not [word for word in ("Secret", "Hidden", "Refuge", "Rooms", "39.08", "39.09,", "64108") if word in layer]
    path.write_text(text_of(ROWS))
    assert read(path, study, mapping)[1] == notes


@pytest.mark.filterwarnings("ignore:.*came in as withheld")
def test_what_the_manifest_tells_does_not_depend_on_withheld_rows(
    study: data.Study, mapping: str, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_bytes(data.default_study().read_bytes())
    hidden = [
        "Hidden House",
        "Rooms",
        "emergency_shelter",
        "everybody",
        "16 Secret Street",
        "64108",
        "39.08",
        "-94.58",
        "z",
    ]
    told = []
    for rows in (ROWS, [*ROWS, hidden]):
        path = tmp_path / "providers.csv"
        path.write_text(text_of(rows), encoding="utf-8")
        converted = add_services(path, study, mapping=mapping, basis=BASIS)
        layer = put_layer(
            own,
            "services",
            converted.write,
            source_name=path.name,
            source_sha256=str(len(rows)),
            source_kind="services",
            title=converted.title,
            vintage="",
            licence="",
            notes=converted.notes,
        )
        assert layer.rows == 2  # how many are hidden is told nowhere
        (tmp_path / "out").mkdir(exist_ok=True)
        told.append(build(tmp_path / "out", Answer("tried", data.read_study(own)), releases=[])["parameters"]["layers"])
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({2: "Beekeeping"}, "row-00002: the category 'Beekeeping' is unknown"),
        ({3: "citizens"}, "row-00002"),
        ({6: "12 Example Street"}, "row-00002"),
        ({6: "inf"}, "row-00002"),
        ({7: "94.5701"}, "row-00002"),
    ],
)
def test_faults_are_refused_by_id(
    cells: dict[int, str], words: str, study: data.Study, mapping: str, tmp_path: Path
) -> None:
    row = [cells.get(number, cell) for number, cell in enumerate(ROWS[0])]
    path = tmp_path / "providers.csv"
    path.write_text(text_of([row, ROWS[1]]))
    with pytest.raises(TableError) as caught:
        read(path, study, mapping)
    assert all(words in sentence for sentence in caught.value.problems[:1])
    assert "Example Agency" not in str(caught.value)


def test_a_level_is_never_guessed(study: data.Study, mapping: str, tmp_path: Path) -> None:
    path = tmp_path / "providers.csv"
    path.write_text(text_of(ROWS))
    with pytest.raises(TableError, match="row-00002, row-00003: the rows have no disclosure level"):
        add_services(path, study, mapping=mapping)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[columns]\n"Program" = "adress"', "adress, which is no column of ours"),
        ('[columns]\n"Program" = "service_name"\n"Kind" = "service_name"', "gives two of their columns"),
        ('[colums]\n"Program" = "service_name"', "has a key 'colums'"),
        ('[defaults]\ndisclosure = "withheld"', "gives a default for disclosure"),
        ("[columns", "is not a mapping"),
        ("[columns]\nProgram = 3", "every value is a text"),
        ("", "the category 'Lawyers' is unknown"),
    ],
)
def test_wrong_mappings_are_refused(text: str, words: str, study: data.Study, tmp_path: Path) -> None:
    (tmp_path / "providers.csv").write_text(text_of(ROWS))
    (tmp_path / "theirs.toml").write_text(text)
    with pytest.raises(TableError, match=words):
        add_services(tmp_path / "providers.csv", study, mapping=str(tmp_path / "theirs.toml"), basis=BASIS)


def test_a_sheet_that_says_to_be_endless_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.save(tmp_path / "book.xlsx")
    with zipfile.ZipFile(tmp_path / "book.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b'r="B1"', b'r="XFD1"')
    with zipfile.ZipFile(tmp_path / "wide.xlsx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(TableError, match=f"{MAX_COLUMNS:,} columns"):
        read_cells(tmp_path / "wide.xlsx", known=lambda name: False)
    parts["xl/worksheets/sheet1.xml"] = b"<worksheet>" + b" " * (64 << 20) + b"</worksheet>"
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(TableError, match="zip bomb"):
        read_cells(tmp_path / "bomb.xlsx", known=lambda name: False)


@pytest.mark.parametrize(
    "name", ["Albergue del Norte", "Refugio", "YWCA", "Crisis center", "North Lodging", "Ten beds", "S.H.E.L.T.E.R."]
)
def test_words_for_places_where_people_sleep(name: str) -> None:
    assert matches([name], "sleeping") == [True]


@pytest.mark.parametrize("name", ["Legal Aid", "North Hospital", "Counselling at Main", "Bedford Clinic", "Police"])
def test_other_names_are_no_places_where_people_sleep(name: str) -> None:
    assert matches([name], "sleeping") == [False]
