"""Small files in the form in which the Census Bureau publishes them, for two counties: Wyandotte KS and Clay MO."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import shapely

from kcgeo.data import read_study
from kcgeo.data.study.settings import Study

COUNTIES = ("20209", "29047")
CORNERS = {"20209": (-94.70, 39.08), "29047": (-94.50, 39.25)}
GROUPS = [f"{county}0001{tract:02d}{group}" for county in COUNTIES for tract in (1, 2) for group in (1, 2)]
"""Two tracts of two block groups in each county."""


def small_study(root: Path, folder: Path) -> Path:
    """Write a study of the two counties."""
    lines = (root / "studies" / "kansas-city.toml").read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("counties = ["))
    end = next(number for number in range(start, len(lines)) if lines[number].startswith("]"))
    lines[start : end + 1] = [f"counties = {list(COUNTIES)}".replace("'", '"')]
    path = folder / "town.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def study_of(path: Path) -> Study:
    return read_study(path)


def outlines(*, digits: int = 12) -> gpd.GeoDataFrame:
    """Squares of 0.02 degree side by side, as in a cartographic boundary file."""
    rows = []
    for number, group in enumerate(GROUPS):
        west, south = CORNERS[group[:5]]
        west += 0.02 * (number % 4)
        rows.append({"GEOID": group[:digits], "geometry": shapely.box(west, south, west + 0.02, south + 0.02)})
    table = gpd.GeoDataFrame(rows, crs="EPSG:4269").dissolve("GEOID", as_index=False)
    table["AFFGEOID"] = ("1500000US" if digits == 12 else "1400000US") + table["GEOID"]
    table["NAME"] = "Peña"
    table["ALAND"] = (table.to_crs("EPSG:26915").area * 0.9).astype("int64")
    table["AWATER"] = 1
    return table[["AFFGEOID", "GEOID", "NAME", "ALAND", "AWATER", "geometry"]]


def zipped(table: gpd.GeoDataFrame, path: Path, *, without: tuple[str, ...] = (), encoding: str = "utf-8") -> Path:
    """Write a shapefile and pack it as it is published."""
    folder = path.parent / f"{path.stem}-parts"
    folder.mkdir()
    table.to_file(folder / f"{path.stem}.shp", encoding=encoding)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            if part.suffix not in without:
                archive.write(part, part.name)
    return path


def centers(path: Path, state: str, people: dict[str, int] | None = None, *, encoding: str = "utf-8-sig") -> Path:
    """Write centers of population of one state."""
    lines = ["STATEFP,COUNTYFP,TRACTCE,BLKGRPCE,POPULATION,LATITUDE,LONGITUDE"]
    shapes = outlines().set_index("GEOID").geometry
    for number, group in enumerate(GROUPS):
        if group.startswith(state):
            count = (people or {}).get(group, 1000 + number)
            spot = shapes[group].centroid
            lines.append(f"{group[:2]},{group[2:5]},{group[5:11]},{group[11]},{count},{spot.y:+.6f},{spot.x:+011.6f}")
    lines.append(f"{state},999,000100,1,77,+38.000000,-095.000000")
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def both_centers(folder: Path, people: dict[str, int] | None = None) -> Path:
    folder.mkdir()
    for state in ("20", "29"):
        centers(folder / f"CenPop2020_Mean_BG{state}.txt", state, people)
    return folder


def survey_table(
    path: Path, name: str, cells: dict[int, list[str]], *, ids: list[str], margins: dict[int, list[str]] | None = None
) -> Path:
    """Write a table as data.census.gov gives it: codes, labels, rows, and a comma at the end of each line."""
    level = {5: "860Z200US", 11: "1400000US", 12: "1500000US"}[len(ids[0])]
    codes, labels = ["GEO_ID", "NAME"], ["Geography", "Geographic Area Name"]
    columns: list[list[str]] = []
    for number, values in cells.items():
        codes.append(f"{name}_{number:03d}E")
        labels.append(f"Estimate!!Total:!!Cell {number}")
        columns.append(values)
        codes.append(f"{name}_{number:03d}M")
        labels.append(f"Margin of Error!!Total:!!Cell {number}")
        columns.append((margins or {}).get(number, ["3"] * len(ids)))
    lines = [codes, labels]
    lines += [[f"{level}{place}", f'"Area {place}, Missouri"', *row] for place, *row in zip(ids, *columns, strict=True)]
    path.write_text("".join(",".join(line) + ",\n" for line in lines), encoding="utf-8-sig")
    return path
