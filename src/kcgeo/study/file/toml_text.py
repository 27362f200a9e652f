"""A study as commented TOML."""

from __future__ import annotations

import json
from collections.abc import Sequence

from kcgeo import data
from kcgeo.data.study.settings import Study

__all__ = ["study_text"]


def _list(values: Sequence[object]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def study_text(study: Study, place: str, services: str | None) -> str:
    """Return the study as commented TOML."""
    travel, gaps = study.travel, study.gaps
    names = data.counties(study).set_index("county_fips")
    lines = [
        f"# Study of {study.title}, written by kcgeo study new. Every key is explained in docs/data-dictionary.md.",
        "",
        "[study]",
        f"name = {json.dumps(study.name)}",
        f"title = {json.dumps(study.title, ensure_ascii=False)}",
        f"crs = {json.dumps(study.crs)}    # metric CRS in which distances are measured",
        "counties = [",
        *(f'  "{code}",    # {names.loc[code, "name"]} {names.loc[code, "state"]}' for code in study.counties),
        "]",
        f"corridors = {_list(study.corridors)}    # routes that get a profile by the mile",
        f"downtown = {_list(study.downtown)}    # {place}: longitude, latitude from which example trips start",
        "",
    ]
    if study.routes:
        lines += [
            "# Corridors are traced along the highway graph through these points [longitude, latitude], in the order",
            "# of the road. Known mileposts may be added: mileposts = [[longitude, latitude, mile, state]];",
            "# without them miles are counted along the line.",
        ]
    for route in study.routes:
        lines += [
            "[[study.routes]]",
            f"route = {json.dumps(route.route)}",
            "points = [",
            *(f"  [{lon!r}, {lat!r}]," for lon, lat in route.points),
            "]",
            *([f"mileposts = {_list([list(row) for row in route.mileposts])}"] if route.mileposts else []),
            "",
        ]
    if services is None:
        lines += ["# The services of this place; see docs/data-dictionary.md for the columns.", "# [services]"]
        lines += ['# path = "services.csv"', ""]
    else:
        lines += ["[services]", f"path = {json.dumps(services, ensure_ascii=False)}", ""]
    lines += [
        "[travel]    # speeds of the packaged study: check them against drives that you know",
        f"h3_resolution = {travel.h3_resolution}",
        f"highway_kmh = {travel.highway_kmh}",
        f"local_kmh = {_list([list(step) for step in travel.local_kmh])}    # [people per km2 at least, km/h]",
        f"circuity = {travel.circuity}    # way along streets / straight line",
        f"ramp_min = {travel.ramp_min}    # on or off a highway",
        f"exit_spacing_km = {travel.exit_spacing_km}    # exits put on long highway edges where no list is known",
        f"search_cutoff_min = {travel.search_cutoff_min}",
        f"max_snap_m = {travel.max_snap_m}",
        "",
        "# A river that is crossed on highways only: moves between cells of the two groups of counties are cut. Name",
        "# all counties of the study and around it (kcgeo study check says which are missing); a river must follow",
        "# county lines. Without a barrier local ways cross every river.",
    ]
    for river in travel.barriers:
        lines += [
            "[[travel.barriers]]",
            f"name = {json.dumps(river.name, ensure_ascii=False)}",
            f"side_a = {_list(river.side_a)}",
            f"side_b = {_list(river.side_b)}",
            "",
        ]
    if not travel.barriers:
        lines += ["# [[travel.barriers]]", '# name = "Some River"', '# side_a = ["29183"]', '# side_b = ["29189"]', ""]
    lines += [
        "[gaps]",
        f"cutoffs_min = {_list(gaps.cutoffs_min)}",
        f"headline_cutoff_min = {gaps.headline_cutoff_min}",
        f"required = {_list(gaps.required)}",
    ]
    return "\n".join(lines) + "\n"
