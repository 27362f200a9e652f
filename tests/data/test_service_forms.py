"""Lists of services as people have them: each small file is read rightly, or refused with the cure.

All rows are invented.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest

from kcgeo import data
from kcgeo.data.directory.cells import read_cells
from kcgeo.data.directory.door import Entered, Word, enter
from kcgeo.data.directory.lists import read_list
from kcgeo.data.directory.look import knows
from kcgeo.data.directory.mapping import Mapped
from kcgeo.data.study.list_options import ListOptions
from kcgeo.errors import KcgeoError

BASIS = "public office, hospital, agency or hotline"
NAMES = "service_id,service_name,organization_name,service_categories,eligibility"
A = "a-1,Example Clinic,Example Health,medical,any"
B = "a-2,Sample Law Clinic,Sample Legal Aid,legal,any"
POINT = {"latitude": 39.11, "longitude": -94.57}


@dataclass(frozen=True)
class Form:
    """A file, and what must come of it: cells by id, a note, or a refusal."""

    name: str
    content: str | bytes | Callable[[Path], None]
    rows: dict[str, dict[str, object]] = field(default_factory=dict)
    note: str = ""
    refused: str = ""
    defaults: dict[str, str] = field(default_factory=dict)
    sheet: str | None = None


def lines(header: str, *cells: str, end: str = "") -> str:
    """Two rows under our names and more columns."""
    body = zip((A, B), cells, strict=False)
    return "\n".join([f"{NAMES},{header}", *(f"{row},{more}" for row, more in body), *([end] if end else [])]) + "\n"


PLACED = lines("latitude,longitude", "39.11,-94.57", "39.12,-94.58")


def book(path: Path, *sheets: tuple[str, list[list[object]]], merge: str = "") -> None:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if merge:
            sheet.merge_cells(merge)
    made.save(path)


def cells_of(text: str) -> list[list[object]]:
    return [list(line.split(",")) for line in text.strip().split("\n")]


def ods(path: Path, text: str) -> None:
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
            for cell in line.split(",")
        )
        + "</table:table-row>"
        for line in text.strip().split("\n")
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    table = f'<table:table table:name="List">{rows}</table:table>'
    content = f"<office:document-content {spaces}><office:body><office:spreadsheet>{table}"
    content += "</office:spreadsheet></office:body></office:document-content>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f'<?xml version="1.0" encoding="UTF-8"?>{content}')
        archive.writestr("META-INF/manifest.xml", "<manifest/>")


def points(crs: int = 4326) -> gpd.GeoDataFrame:
    table = gpd.pd.read_csv(io.StringIO(PLACED), dtype=str)
    at = gpd.points_from_xy(table.pop("longitude").astype(float), table.pop("latitude").astype(float))
    return gpd.GeoDataFrame(table.rename(columns=str), geometry=at, crs=4326).to_crs(crs)


def shapefile(path: Path) -> None:
    path.mkdir()
    short = points(32615).rename(columns={"service_categories": "type", "organization_name": "agency"})
    short = short.rename(columns={"service_id": "id", "service_name": "name", "eligibility": "who"})
    short.to_file(path / "places.shp")


def zipped(path: Path, **files: str | bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)


def kml(head: str = "") -> str:
    mark = (
        "<Placemark><name>Example Clinic</name><description>medical</description>"
        "<ExtendedData><Data name='Who is served'><value>all</value></Data></ExtendedData>"
        "<Point><coordinates>-94.57,39.11,0</coordinates></Point></Placemark>"
    )
    return f"<?xml version='1.0'?>{head}<kml xmlns='http://www.opengis.net/kml/2.2'><Document>{mark}</Document></kml>"


def geojson(**more: object) -> str:
    names = dict(zip(NAMES.split(","), A.split(","), strict=True)) | more
    shape = {"type": "Point", "coordinates": [-94.57, 39.11]}
    return json.dumps(
        {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": names, "geometry": shape}]}
    )


def endless(path: Path) -> None:
    book(path, ("List", cells_of(PLACED)))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b'r="G3"', b'r="XFD1048576"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def endless_ods(path: Path) -> None:
    ods(path, PLACED)
    with zipfile.ZipFile(path) as archive:
        content = archive.read("content.xml").replace(
            b"<table:table-row>", b'<table:table-row table:number-rows-repeated="1048576">'
        )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", content)


READ = {"a-1": {"categories": ("medical",), **POINT}, "a-2": {"categories": ("legal",)}}
ONE = {"a-1": POINT}

FORMS = [
    Form("control.csv", PLACED, READ),
    Form("tabs.tsv", PLACED.replace(",", "\t"), READ, note="tabs between its cells"),
    Form("semicolons.csv", PLACED.replace(",", ";"), READ, note="semicolons"),
    Form("bars.txt", PLACED.replace(",", "|"), READ, note="bars"),
    Form("utf16.csv", PLACED.encode("utf-16"), READ, note="UTF-16"),
    Form("accents.csv", PLACED.replace("Example Health", "Niñez").encode("cp1252"), READ, note="Windows-1252"),
    Form("title.csv", f"Resource list of the county,,,\n\n{PLACED}", READ, note="header was found in line 3"),
    Form("total.csv", PLACED + "Total,2,,,,,\n", READ, note="line 4|Line 4 was left out"),
    Form("parts.csv", PLACED.replace("a-2,", "LEGAL HELP,,,,,,\na-2,"), READ, note="title of a part"),
    Form("blank-lines.csv", PLACED.replace("\na-2", "\n\n,,,,,,\na-2"), READ),
    Form("twice.csv", PLACED.replace("latitude", "service_id", 1), refused="names the column 'service_id' twice"),
    Form("stray.csv", PLACED.replace("-94.57", "-94.57,x"), refused="Line 2 of stray.csv has more cells"),
    Form("header-only.csv", PLACED.split("\n")[0], refused="holds no rows"),
    Form("quote.csv", PLACED.replace("Example Clinic", '"Example'), refused="unclosed quotation mark"),
    Form("bytes.csv", b"a\x00b", refused="no text file"),
    Form("page.pdf", b"%PDF-1.4", refused="give CSV, TSV, .xlsx"),
    Form("sheet.xlsx", lambda path: book(path, ("List", cells_of(PLACED))), READ),
    Form(
        "read-me.xlsx",
        lambda path: book(path, ("READ ME", [["Ask Sample Person"]]), ("Services", cells_of(PLACED))),
        READ,
        note="sheet 'Services' was read; not 'READ ME'",
    ),
    Form(
        "two-lists.xlsx",
        lambda path: book(path, ("Kansas", cells_of(PLACED)), ("Missouri", cells_of(PLACED))),
        refused="several sheets that look like lists .Kansas, Missouri.; choose one with --option sheet=NAME",
    ),
    Form(
        "chosen.xlsx",
        lambda path: book(path, ("Kansas", cells_of(PLACED)), ("Missouri", cells_of(PLACED))),
        READ,
        sheet="Missouri",
    ),
    Form(
        "merged.xlsx",
        lambda path: book(
            path,
            (
                "List",
                [
                    [*row[:2], "Example Health" if at < 2 else None, *row[3:]] if at else row
                    for at, row in enumerate(cells_of(PLACED))
                ],
            ),
            merge="C2:C3",
        ),
        {"a-1": {"organization_name": "Example Health"}, "a-2": {"organization_name": "Example Health"}},
    ),
    Form(
        "numbers.xlsx",
        lambda path: book(path, ("L", [[*NAMES.split(","), "Zip", "beds"], [*A.split(","), 64106.0, None]])),
        {"a-1": {"postal_code": "64106", "coordinate_precision": "zip"}},
    ),
    Form("text.xlsx", b"no workbook", refused="is no .xlsx workbook"),
    Form("endless.xlsx", endless, refused="columns or"),
    Form("list.ods", lambda path: ods(path, PLACED), READ),
    Form("endless.ods", endless_ods, refused="cells, the limits"),
    Form("points.geojson", geojson(), ONE),
    Form("foreign.geojson", "<OGRVRTDataSource/>", refused="its content is not what .geojson files hold"),
    Form("vsicurl.gpkg", b"/vsicurl/http://127.0.0.1/x.gpkg", refused="its content is not what .gpkg files hold"),
    Form("points.gpkg", lambda path: points(26915).to_file(path), READ),
    Form("folder", shapefile, {"a-1": {"service_name": "Example Clinic"}}),
    Form("points.kml", kml(), {"row-00001": {"categories": ("medical",), **POINT}}),
    Form("entities.kml", kml(head="<!DOCTYPE kml [<!ENTITY a 'b'>]>"), refused="defines entities"),
    Form("points.kmz", lambda path: zipped(path, doc__kml=kml()), {"row-00001": {"eligibility": "any"}}),
    Form("list.zip", lambda path: zipped(path, list__csv=PLACED), READ),
    Form("nested.zip", lambda path: zipped(path, inner__zip=b"PK\x05\x06" + bytes(18)), refused="holds no file that"),
    Form("two.zip", lambda path: zipped(path, a__csv=PLACED, b__csv=PLACED), refused="holds several lists"),
    Form("lat-lng.csv", lines("Lat,Lng", "39.11,-94.57", "39.12,-94.58"), READ, note="'Lng' was taken for longitude"),
    Form("x-y.csv", lines("X,Y", "-94.57,39.11", "-94.58,39.12"), READ),
    Form("pair.csv", lines("Coordinates", '"39.11, -94.57"', '"-94.58, 39.12"'), READ | {"a-2": {"latitude": 39.12}}),
    Form("wkt.csv", lines("geom", "POINT (-94.57 39.11)", "POINT Z (-94.58 39.12 0)"), READ, note="from one cell"),
    Form("socrata.csv", lines("Location", '"1 Example St\nKansas City, MO 64106\n(39.11, -94.57)"', ""), ONE),
    Form("degrees.csv", lines("latitude,longitude", '"39°06\'36""N",94 34 12 W', ""), ONE, note="was read as 39.11"),
    Form("minutes.csv", lines("latitude,longitude", "39°06.6'N,94°34.2'W", "39.12 N,94.58 W"), READ),
    Form("comma.csv", lines("latitude,longitude", '"39,11","-94,57"', '"39,12","-94,58"'), READ, note="decimal comma"),
    Form("web.csv", lines("x,y", "-10527484.26,4737803.97", ""), {"a-1": {"latitude": pytest.approx(39.11, abs=0.05)}}),
    Form("feet.csv", lines("x,y", "2765000.1,1065000.2", ""), refused="metres or feet of a map projection"),
    Form("west.csv", lines("latitude,longitude", "39.11,94.57", ""), refused="lacks its minus sign"),
    Form("no-place.csv", f"{NAMES}\n{A}\n{B}\n", refused="no row has a point, so no map.*columns found: service_id"),
    Form("zip.csv", lines("Zip Code", "64106-1234", "64108"), {"a-1": {"coordinate_precision": "zip"}}, note="its ZIP"),
    Form(
        "address.csv",
        lines("Address", '"1 Example St, Kansas City, MO 64106"', '"2 Example St, Olathe, KS 66061"'),
        {"a-1": {"city": "Kansas City", "state": "MO", "postal_code": "64106"}},
        note="split from physical_address",
    ),
    Form("missing.csv", lines("lat,lon", "39.11,-94.57", ","), READ, note="a-2: the row has no coordinates"),
    Form(
        "words.csv",
        PLACED.replace("medical,any", '"Counseling; Case Management",Women & Men'),
        {"a-1": {"categories": ("counselling", "case_management"), "eligibility": "any", "minimum_age": 18}},
    ),
    Form("unknown.csv", PLACED.replace("medical", "medcal"), refused="'medcal' is unknown .did you mean medical"),
    Form("who.csv", PLACED.replace("medical,any", "medical,wemen"), refused="'wemen' .did you mean adult women"),
    Form("nobody.csv", PLACED.replace("medical,any", "medical,"), refused="--option eligibility=any"),
    Form("filled.csv", PLACED.replace("medical,any", "medical,"), READ, defaults={"eligibility": "any"}),
    Form(
        "state.csv", lines("State,Zip", "Missouri,64106", "Mo.,64108"), {"a-1": {"state": "MO"}, "a-2": {"state": "MO"}}
    ),
    Form(
        "ages.csv",
        lines("Zip,Ages served", "64106,12-17", "64108,18+"),
        {"a-1": {"maximum_age": 17}, "a-2": {"minimum_age": 18}},
    ),
    Form(
        "dates.csv",
        lines("Zip,Last updated", "64106,45231", "64108,May 2024"),
        {"a-1": {"verified_on": 2023}, "a-2": {"verified_on": 2024}},
        note="year of a date",
    ),
    Form(
        "hours.csv",
        lines("Zip,Hours of Operation", "64106,M-F 8-5", "64108,call us"),
        {"a-1": {"opening_hours": "Mo-Fr 08:00-17:00"}},
        note="a-2: the hours could not be read surely",
    ),
    Form("bell.csv", PLACED.replace("Example Clinic", "Exam\aple Clinic"), READ, note="control characters"),
    Form(
        "no-ids.csv",
        "\n".join(line.split(",", 1)[1] for line in [*PLACED.split("\n")[:3], PLACED.split("\n")[1]]),
        {"row-00002": POINT},
        note="line 4 says the same; it counts once",
    ),
    Form("columns.csv", lines("Zip,Board,Fax", "64106,x,1", "64108,y,2"), note="2 columns.*left out: Board, Fax"),
    Form("one-column.csv", lines("Zip,Board", "64106,x", "64108,y"), note="1 column of one-column.csv is none of ours"),
]


def entered(path: Path, form: Form, **word: object) -> Entered:
    mapped = Mapped(defaults=form.defaults)
    cells = read_cells(path, known=lambda name: knows(name, mapped), sheet=form.sheet)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return enter(
            cells,
            word=Word(mapped, BASIS, **word),  # type: ignore[arg-type]
            counties=COUNTIES,
            areas=AREAS,
            what=path.name,
        )


COUNTIES, AREAS = data.load("counties"), data.load("areas")


def test_there_are_sixty_forms() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS) >= 60


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_form(form: Form, tmp_path: Path) -> None:
    path = tmp_path / form.name
    if callable(form.content):
        form.content(path)
    else:
        path.write_bytes(form.content if isinstance(form.content, bytes) else form.content.encode())
    if form.refused:
        with pytest.raises(KcgeoError, match=form.refused):
            entered(path, form)
        return
    came = entered(path, form)
    table = came.services.set_index("service_id").assign(
        latitude=came.services.geometry.y.to_numpy(), longitude=came.services.geometry.x.to_numpy()
    )
    for identity, cells in form.rows.items():
        for column, value in cells.items():
            found = table.loc[identity, column]
            assert found == (pytest.approx(value, abs=1e-6) if isinstance(value, float) else value), (identity, column)
    assert not form.note or gpd.pd.Series(came.notes).str.contains(form.note).any(), came.notes


def wider(tmp_path: Path, *states: str, far: tuple[str, str] = ("38.63", "-90.20")) -> Entered:
    """Two rows near Kansas City and one in St. Louis, each with a state."""
    path = tmp_path / "state.csv"
    rows = [(A, "39.11,-94.57"), (B, "39.12,-94.58"), ("c-3,Demo Clinic,Demo Health,medical,any", ",".join(far))]
    body = "\n".join(f'{row},{point},exact,"{BASIS}",{state}' for (row, point), state in zip(rows, states, strict=True))
    path.write_text(f"{NAMES},latitude,longitude,disclosure,disclosure_basis,state\n{body}\n")
    return read_list(path, ListOptions(), counties=data.load("counties"), areas=data.load("areas"))


def test_rows_of_another_part_of_the_state_are_left_out_with_a_note(tmp_path: Path) -> None:
    found = wider(tmp_path, "MO", "MO", "MO")
    assert found.services["service_id"].tolist() == ["a-1", "a-2"]
    assert any("1 of 3 rows stand more than 100 km" in note and "c-3" in note for note in found.notes)


@pytest.mark.parametrize(
    ("state", "far"), [("KS", ("38.63", "-90.20")), ("", ("38.63", "-90.2")), ("MO", ("30", "-5"))]
)
def test_a_far_point_that_may_be_a_slip_is_refused(state: str, far: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(KcgeoError, match=r"c-3: the point lies about \d+ km"):
        wider(tmp_path, "MO", "MO", state, far=far)


def test_a_list_that_is_all_of_another_region_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "far.csv"
    path.write_text(
        f'{NAMES},latitude,longitude,disclosure,disclosure_basis,state\n{A},38.63,-90.2,exact,"{BASIS}",MO\n'
    )
    with pytest.raises(KcgeoError, match="the list is about another region"):
        data.services(path=path)


def test_languages_cost_papers_and_access_stay_beside_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    more = '39.11,-94.57,exact,"public office, hospital, agency or hotline",Spanish,free,Photo ID,ramp'
    header = f"{NAMES},latitude,longitude,disclosure,disclosure_basis,Languages Offered,Fees,Documents Required,ADA"
    path.write_text(f"{header}\n{A},{more}\n")
    row = data.services(path=path).iloc[0]
    kept = ["languages", "cost", "required_documents", "accessibility"]
    assert row[kept].to_list() == ["Spanish", "free", "Photo ID", "ramp"]


def test_a_list_of_flat_records_is_read_and_nested_ones_are_told_where_to_go(tmp_path: Path) -> None:
    path = tmp_path / "api.json"
    path.write_text('[{"id": 1, "Nombre": "Example", "Categoría": "medical", "lat": 39.1, "lng": -94.5, "x": null}]')
    cells = read_cells(path, known=lambda name: knows(name, Mapped()))
    assert cells.table.iloc[0].to_dict() == {
        "id": "1", "Nombre": "Example", "Categoría": "medical", "lat": "39.1", "lng": "-94.5", "x": "",
    }  # fmt: skip
    path.write_text('[{"id": "1", "organization": {"id": "2"}}]')
    with pytest.raises(KcgeoError, match="for HSDS use kcgeo data add hsds"):
        read_cells(path, known=lambda name: knows(name, Mapped()))
