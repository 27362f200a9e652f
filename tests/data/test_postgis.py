"""Tables of a real PostgreSQL with PostGIS, which this test starts on loopback and stops."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from kcgeo import data
from kcgeo.data.formats.registry import READERS
from kcgeo.data.study.layers import layers_folder
from kcgeo.errors import CrsError, KcgeoError, TableError, WithheldWarning
from kcgeo.study.file.add import add_layer

BASIS = "public office, hospital, agency or hotline"
PASSWORD = secrets.token_hex(8)
USER = "postgres"


def absent(why: str) -> None:
    if os.environ.get("KCGEO_REQUIRE_POSTGIS") == "1":
        pytest.fail(why)
    pytest.skip(why)


def programs() -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    control = list(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))
    if not folders or not control:
        absent("PostgreSQL with PostGIS is not on this machine (Debian: make postgis)")
    return folders[-1]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of a temporary database with PostGIS; the server refuses to run as root, so it runs as its own user."""
    pytest.importorskip("psycopg", reason="the extra postgis is not installed")
    bin_folder = programs()
    as_user: list[str] = []
    if os.geteuid() == 0:
        if USER not in {item.pw_name for item in pwd.getpwall()}:
            absent("no unprivileged user to run PostgreSQL")
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    folder = Path(tempfile.mkdtemp(prefix="kcgeo-pg-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "password").write_text(PASSWORD)
    if as_user:
        for item in (folder, folder / "password"):
            shutil.chown(item, USER, USER)

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60)

    place = str(folder / "data")
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        access = ("-U", "owner", "-A", "scram-sha-256", f"--pwfile={folder}/password")
        run(str(bin_folder / "initdb"), "-D", place, *access, "-N", "--locale=C", "-E", "UTF8")
        run(str(bin_folder / "pg_ctl"), "-D", place, "-l", str(folder / "log"), "-w", "-o", settings, "start")
        try:
            address = f"postgresql://owner:{PASSWORD}@127.0.0.1:{port}/postgres"
            fill(address)
            yield address
        finally:
            run(str(bin_folder / "pg_ctl"), "-D", place, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(address: str) -> None:
    import psycopg

    with psycopg.connect(address) as connection:
        connection.execute("CREATE EXTENSION postgis")
        connection.execute(
            "CREATE TABLE help (service_id text, organization_name text, service_name text, service_categories text[],"
            " eligibility text, minimum_age int, geom geometry(Point, 26915))"
        )
        rows = [
            ("a1", "Example Agency", "Law clinic", ["legal"], 18, -94.57, 39.0997),
            ("a2", "Example Agency", "Clinic talks", ["counselling", "case_management"], None, -94.58, 39.09),
            ("a3", "Hidden House", "Rooms", ["emergency_shelter"], None, -94.59, 39.08),
        ]
        for number, name, service, kinds, age, lon, lat in rows:
            connection.execute(
                "INSERT INTO help VALUES (%s, %s, %s, %s, 'any', %s,"
                " ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 4326), 26915))",
                (number, name, service, kinds, age, lon, lat),
            )
        connection.execute("CREATE SCHEMA other")
        connection.execute(
            "CREATE TABLE other.bare AS SELECT service_id, service_name, geom::geometry(Point) FROM help"
        )
        connection.execute("UPDATE other.bare SET geom = ST_SetSRID(geom, 0)")
        connection.execute("ALTER TABLE other.bare ALTER geom TYPE geometry(Point, 0) USING ST_SetSRID(geom, 0)")
        study = data.read_study(data.default_study())
        places = data.places(study)
        connection.execute("CREATE TABLE blocks (place_id text, population_count int, geom geometry(Point, 4326))")
        for code, group in places.groupby("county_fips"):
            point = group.geometry.iloc[0]
            connection.execute(
                "INSERT INTO blocks VALUES (%s, %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
                (f"{code}000100", 100, point.x, point.y),
            )
        connection.execute("CREATE TABLE roads (route text, geom geometry(LineString, 4326))")
        for row in data.corridors(study).itertuples():
            connection.execute(
                "INSERT INTO roads VALUES (%s, ST_GeomFromText(%s, 4326))", (row.route, shapely.to_wkt(row.geometry))
            )


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_bytes(data.default_study().read_bytes())
    return path


def test_services_become_a_layer_and_the_password_stays_out(server: str, own: Path) -> None:
    with pytest.warns(WithheldWarning, match="a3"):
        added = add_layer(own, "postgis-services", server, options={"table": "help", "basis": BASIS})
    rows = data.directory(data.read_study(own))
    assert rows["service_id"].tolist() == ["a1", "a2", "withheld-001"]
    assert rows["disclosure"].tolist() == ["exact", "exact", "withheld"]
    assert rows["categories"].tolist()[1] == ("counselling", "case_management")
    assert rows.geometry.iloc[0].distance(shapely.Point(-94.57, 39.0997)) < 1e-7
    assert any("EPSG:26915" in note for note in added.layer.notes)
    for path in layers_folder(own).iterdir():
        text = path.read_text()
        assert not [word for word in (PASSWORD, "owner", "Hidden", "Rooms", "39.08") if word in text]
    with pytest.warns(WithheldWarning):
        again = add_layer(own, "postgis-services", server, options={"table": "public.help", "basis": BASIS})
    assert again.layer.source_sha256 == added.layer.source_sha256


def test_places_and_corridors_become_layers(server: str, own: Path) -> None:
    add_layer(own, "postgis-places", server, options={"table": "blocks"})
    add_layer(own, "postgis-corridors", server, options={"table": "roads"})
    study = data.read_study(own)
    assert len(data.places(study)) == len(study.counties)
    layer = study.layer("corridors")
    assert layer is not None and set(gpd.read_file(layer.path)["route"]) == set(study.corridors)


@pytest.mark.parametrize(
    ("kind", "table", "words"),
    [
        ("postgis-services", "nothing", "is not there or may not be read"),
        ("postgis-services", "help; DROP TABLE help", "must be letters, digits"),
        ("postgis-services", None, "Name the table"),
        ("postgis-places", "help", "no column place_id"),
        ("postgis-corridors", "blocks", "holds Point; wanted are LineString"),
        ("postgis-places", "pg_class", "is not there"),
    ],
)
def test_wrong_tables_are_refused(kind: str, table: str | None, words: str, server: str, own: Path) -> None:
    options = {} if table is None else {"table": table}
    with pytest.raises(TableError, match=words) as caught:
        add_layer(own, kind, server, options=options)
    assert PASSWORD not in str(caught.value)
    assert not layers_folder(own).exists()


def test_shapes_without_reference_system_are_refused(server: str, own: Path) -> None:
    with pytest.raises(CrsError, match="no reference system"):
        add_layer(own, "postgis-services", server, options={"table": "other.bare", "basis": BASIS})


def test_a_wrong_password_and_a_dead_server_are_told_without_it(server: str, own: Path) -> None:
    wrong = server.replace(PASSWORD, "no-such-secret")
    dead = "postgresql://owner:no-such-secret@127.0.0.1:1/postgres"
    for address in (wrong, dead, "postgresql://owner:no-such-secret@:x:y/z", "mysql://owner:no-such-secret@host/db"):
        with pytest.raises(KcgeoError) as caught:
            READERS["postgis-services"].read(address, data.read_study(own), table="help")
        assert "no-such-secret" not in str(caught.value) and "owner" not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
