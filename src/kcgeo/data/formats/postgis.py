"""Tables of a PostGIS database as layers of a study: services, places, corridors.

The database is only read, in one transaction that may not write, with a limit of time and rows. The password of the
address is handed to the driver and to nobody else: it stands in no register, no message and no log. Better is none in
the address at all: the driver also takes ``PGPASSWORD`` and the file ``~/.pgpass``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from kcgeo.crs import STORAGE
from kcgeo.data.directory.cells import MAX_ROWS
from kcgeo.data.directory.mapping import read_mapping
from kcgeo.data.formats.places.place_file import COUNTS, assemble, write_places
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.services.service_layer import service_layer
from kcgeo.data.formats.streets.tiger import corridor_lines, write_lines
from kcgeo.data.study.list_options import ListOptions
from kcgeo.data.study.settings import Study
from kcgeo.errors import CrsError, TableError, first_ids

__all__ = ["read_corridors", "read_places", "read_services"]

TIMEOUT_S = 120
_CANCELED = "57014"  # query_canceled: the limit of time of a statement
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]{0,62}")


@dataclass(frozen=True)
class _Read:
    """A table as it was read, and what the register may say of its source."""

    rows: gpd.GeoDataFrame
    name: str
    sha256: str
    notes: tuple[str, ...]


def read_services(address: str, study: Study, *, table: str | None = None, **given: str) -> Converted:
    """Read a directory of services; its points become coordinates.

    Parameters
    ----------
    address
        ``postgresql://user@host:port/database``.
    study
        Its counties and approved areas.
    table
        Table or view, with its schema where that is not ``public``.
    **given
        As :class:`kcgeo.data.study.list_options.ListOptions`.

    Raises
    ------
    TableError, CrsError
        One sentence, without password; rows are named by id.
    """
    read = _read(address, table, shapes={"Point"}, needed=False)
    cells = pd.DataFrame(read.rows.drop(columns=read.rows.geometry.name)) if _has_shapes(read.rows) else read.rows
    cells = cells.map(_text)
    if _has_shapes(read.rows):
        points = read.rows.geometry
        has = ~(points.isna() | points.is_empty)
        cells = cells.drop(columns=[name for name in ("latitude", "longitude") if name in cells])
        cells["latitude"] = [repr(point.y) if known else "" for point, known in zip(points, has, strict=True)]
        cells["longitude"] = [repr(point.x) if known else "" for point, known in zip(points, has, strict=True)]
    options = ListOptions(**given)
    layer = service_layer(
        cells,
        study,
        options,
        mapped=read_mapping(options.mapping),
        notes=read.notes,
        title=f"Services of the table {table}",
        what=read.name,
    )
    return replace(layer, source_name=read.name, source_sha256=read.sha256)


def read_places(address: str, study: Study, *, table: str | None = None) -> Converted:
    """Read where people live: ``place_id`` (begins with the county's five digits), points or areas, and counts.

    Of areas the point is one inside. Counts that the table lacks are estimated and said to be, as for any source.
    """
    read = _read(address, table, shapes={"Point", "Polygon", "MultiPolygon"}, needed=True)
    rows = read.rows
    if "place_id" not in rows:
        raise TableError(f"{read.name} has no column place_id; give it in a view of its own.")
    units = pd.DataFrame({"place_id": rows["place_id"].map(_text)})
    for column in (*COUNTS, "land_area_km2"):
        if column in rows:
            units[column] = pd.to_numeric(rows[column], errors="coerce")
            wrong = (
                units[column].lt(0) | units[column].isin([float("inf")]) | (units[column].isna() & rows[column].notna())
            )
            if wrong.any():
                raise TableError(f"{first_ids(units.loc[wrong, 'place_id'])}: {column} is no number from 0 up.")
    empty = rows.geometry.isna() | rows.geometry.is_empty
    if empty.any():
        raise TableError(f"{first_ids(units.loc[empty, 'place_id'])}: the place has no shape.")
    inner = rows.geometry.representative_point()
    units = units.assign(latitude=inner.y.to_numpy(), longitude=inner.x.to_numpy())
    table_of_places, notes, _ = assemble(study, units, what="places")
    return Converted(
        write_places(table_of_places),
        f"Places of the table {table}",
        "",
        "",
        (*read.notes, *notes),
        source_name=read.name,
        source_sha256=read.sha256,
    )


def read_corridors(address: str, study: Study, *, table: str | None = None) -> Converted:
    """Read lines with a column ``route`` ("I-70"); those of the study's routes within its counties are joined."""
    read = _read(address, table, shapes={"LineString", "MultiLineString"}, needed=True)
    if "route" not in read.rows:
        raise TableError(f"{read.name} has no column route; give it in a view of its own.")
    roads = read.rows[["route", read.rows.geometry.name]].rename_geometry("geometry")
    roads = roads[~(roads.geometry.isna() | roads.geometry.is_empty)].explode(ignore_index=True)
    lines, notes = corridor_lines(roads, study)
    missing = [route for route in study.corridors if route not in set(lines["route"])]
    if missing:
        raise TableError(f"{read.name} has no line of {first_ids(missing)} in the counties of the study.")
    return Converted(
        write_lines(lines),
        f"Lines of the table {table}",
        "",
        "",
        (*read.notes, *notes),
        source_name=read.name,
        source_sha256=read.sha256,
    )


def _has_shapes(rows: pd.DataFrame) -> bool:
    return isinstance(rows, gpd.GeoDataFrame) and rows.active_geometry_name is not None


def _text(value: Any) -> str:
    if value is None or (not isinstance(value, list | tuple | dict) and bool(pd.isna(value))):
        return ""
    if isinstance(value, list | tuple):
        return "|".join(str(item) for item in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value).strip()


def _parts(table: str | None) -> tuple[str, str]:
    if table is None:
        raise TableError("Name the table with --option table=NAME (or table=SCHEMA.NAME).")
    schema, _, name = table.rpartition(".")
    schema = schema or "public"
    if not (_NAME.fullmatch(name) and _NAME.fullmatch(schema)):
        raise TableError("The name of the table must be letters, digits and _, with its schema before a dot at most.")
    return schema, name


def _read(address: str, table: str | None, *, shapes: Collection[str], needed: bool) -> _Read:
    """Read a table with its shapes in EPSG:4326."""
    schema, name = _parts(table)
    try:
        import sqlalchemy
        from sqlalchemy import exc
    except ImportError:
        raise TableError("Reading a database needs the extra postgis: pip install 'kcgeo[postgis]'.") from None
    # no sentence of the driver passes: it may hold the address, and rows
    try:
        url = sqlalchemy.make_url(address)
    except Exception:
        raise TableError("The address is none of a database; write postgresql://user@host/database.") from None
    if url.get_backend_name() not in ("postgresql", "postgres") or not url.database:
        raise TableError("The address is none of a PostGIS database; write postgresql://user@host/database.")
    where = f"{url.host or 'this machine'}{f':{url.port}' if url.port else ''}/{url.database}"
    source = f"{where} {schema}.{name}"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise TableError("Reading a database needs the extra postgis: pip install 'kcgeo[postgis]'.") from None
    engine = sqlalchemy.create_engine(
        url.set(drivername="postgresql+psycopg"), poolclass=sqlalchemy.NullPool, connect_args={"connect_timeout": 10}
    )
    try:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SET TRANSACTION READ ONLY"))
            connection.execute(sqlalchemy.text(f"SET LOCAL statement_timeout = {TIMEOUT_S * 1000}"))
            column, srid = _geometry_column(connection, schema, name, source)
            quote = engine.dialect.identifier_preparer.quote_identifier
            query = f"SELECT * FROM {quote(schema)}.{quote(name)} LIMIT {MAX_ROWS + 1}"
            rows = (
                pd.read_sql_query(sqlalchemy.text(query), connection)
                if column is None
                else gpd.read_postgis(sqlalchemy.text(query), connection, geom_col=column)
            )
    except exc.OperationalError as error:
        late = getattr(error.orig, "sqlstate", None) == _CANCELED
        why = "took too long" if late else "does not answer, or refuses the login"
        raise TableError(f"The database {where} {why}.") from None
    except exc.SQLAlchemyError:
        raise TableError(f"The table {schema}.{name} of {where} is not there or may not be read.") from None
    except (ValueError, TypeError, shapely.errors.GEOSException) as error:
        if isinstance(error, TableError | CrsError):
            raise
        raise TableError(f"The table {schema}.{name} of {where} holds what cannot be read.") from None
    finally:
        engine.dispose()
    return _checked(rows, column, srid, source, shapes, needed=needed)


def _geometry_column(connection: Any, schema: str, name: str, source: str) -> tuple[str | None, int]:
    import sqlalchemy

    about = {"schema": schema, "name": name}
    there = connection.execute(
        sqlalchemy.text(
            "SELECT 1 FROM information_schema.columns WHERE table_schema = :schema AND table_name = :name LIMIT 1"
        ),
        about,
    ).first()
    if there is None:
        raise TableError(f"The table {source} is not there or may not be read; check its name and schema.")
    has_postgis = connection.execute(sqlalchemy.text("SELECT to_regclass('geometry_columns')")).scalar()
    if has_postgis is None:
        return None, 0
    found = connection.execute(
        sqlalchemy.text(
            "SELECT f_geometry_column, srid FROM geometry_columns "
            "WHERE f_table_schema = :schema AND f_table_name = :name"
        ),
        about,
    ).all()
    if len(found) > 1:
        raise TableError(f"The table {source} has {len(found)} columns of shapes; give a view with one.")
    return (str(found[0][0]), int(found[0][1])) if found else (None, 0)


def _checked(
    rows: pd.DataFrame, column: str | None, srid: int, source: str, shapes: Collection[str], *, needed: bool
) -> _Read:
    if len(rows) > MAX_ROWS:
        raise TableError(f"The table {source} holds more than {MAX_ROWS:,} rows, the limit; give a view of a region.")
    if rows.empty:
        raise TableError(f"The table {source} holds no rows.")
    if column is None:
        if needed:
            raise TableError(f"The table {source} has no column of shapes.")
        return _Read(rows, source, _digest(rows), ())
    layer = gpd.GeoDataFrame(rows, geometry=column)
    if layer.crs is None:
        raise CrsError(
            f"The shapes of {source} have no reference system (SRID {srid}); set it with UpdateGeometrySRID."
        )
    held = layer.geometry[~(layer.geometry.isna() | layer.geometry.is_empty)]
    wrong = sorted(set(held.geom_type) - set(shapes))
    if wrong:
        raise TableError(f"The table {source} holds {first_ids(wrong)}; wanted are {', '.join(sorted(shapes))}.")
    notes: tuple[str, ...] = ()
    if layer.crs != STORAGE:
        notes = (f"The shapes of {source} were brought from EPSG:{srid} to longitude and latitude.",)
        layer = layer.to_crs(STORAGE)
    digest = _digest(pd.DataFrame(layer).assign(**{column: layer.geometry.to_wkb(hex=True)}))
    return _Read(layer.reset_index(drop=True), source, digest, notes)


def _digest(rows: pd.DataFrame) -> str:
    """Return a hash of the rows in any order: a database promises none."""
    lines = sorted("\x1f".join(_text(value) for value in row) for row in rows.itertuples(index=False, name=None))
    return hashlib.sha256("\x1e".join([*map(str, rows.columns), *lines]).encode("utf-8")).hexdigest()
