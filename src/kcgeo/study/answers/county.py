"""One county: who lives there, what is reached, what is lacking and how far, whom to call; pages, a map and cards."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from kcgeo import present
from kcgeo.disclosure import Released
from kcgeo.errors import StudyError
from kcgeo.findings import LANGUAGES
from kcgeo.study.answer import Answer, Desk, Extra, Figure, Scene
from kcgeo.study.measure import Measured
from kcgeo.study.releases import LISTED, LOWER_BOUND, let_out, model_note, release_all
from kcgeo.study.sources import asked_of

__all__ = [
    "COUNTY_USES",
    "county_answer",
    "county_facts_of",
    "county_fips",
    "county_table",
    "write_all_counties",
    "write_county_pages",
]

COUNTY_USES = ("gaps", "place_times", "services", "areas", "counties")


def county_fips(released: Released, asked: str) -> str:
    """Find a county by its five digits or by its name, with or without "County" and the state.

    Raises
    ------
    StudyError
        None of that name, or several; the nearest names are proposed.
    """
    table = released.table
    named = {str(row["county_fips"]): (str(row["name"]), str(row["state"])) for row in table.to_dict("records")}
    if asked in named:
        return asked
    words = asked.lower().replace(",", " ").replace("county", " ").split()
    state = words.pop().upper() if words and words[-1].upper() in {state for _, state in named.values()} else None
    wanted = " ".join(words)
    found = [key for key, (name, own) in named.items() if name.lower() == wanted and state in (None, own)]
    if len(found) == 1:
        return found[0]
    known = sorted(f"{name} {state}" for name, state in named.values())
    near = difflib.get_close_matches(asked, known, n=3, cutoff=0.4) or known
    raise StudyError(
        f"'{asked}' is {'several counties' if found else 'no county'} of the study; did you mean {', '.join(near)}?"
    )


def county_facts_of(scene: Scene) -> list[present.County]:
    """Facts of every county of a study, the one whose people lack the most first."""
    codes = sorted(map(str, scene["counties"].table["county_fips"].unique()))
    facts = [present.county_facts(scene.tables, code) for code in codes]
    return sorted(facts, key=lambda one: (-one.lack.value, one.fips))


def county_table(measured: Measured, facts: Sequence[present.County]) -> Released:
    """Release what the pages say as one table: a row for each county and required kind of help, and one for all."""
    rows = []
    for one in facts:
        share = one.lack.share if one.lack.of else float("nan")
        about = {"county_fips": one.fips, "state": one.state, "total_count": one.lack.of}
        rows.append({**about, "category": "all required", "none_count": one.lack.value, "none_share": share})
        rows += [
            {
                **about,
                "category": row.category,
                "covered_share": row.in_reach_share,
                "by_referral_share": row.by_referral_share,
                "unknown_share": row.unknown_share,
                "none_share": row.lacking_share,
                "median_min": row.median_min,
            }
            for row in one.kinds
        ]
    notes = (model_note(measured), LOWER_BOUND, LISTED)
    study, table = measured.study, pd.DataFrame(rows)
    return let_out(study, {"county": table}, kind="coverage", notes=notes, about=asked_of(study))["county"]


def county_answer(measured: Measured, asked: str, *, released: dict[str, Released] | None = None) -> Answer:
    """Answer for one county: a page on paper, a page in each language, a map, cards and a table.

    Parameters
    ----------
    measured
        Made by :func:`kcgeo.study.measure`.
    asked
        FIPS code of five digits, or a name such as "Ray County MO".
    released
        What :func:`kcgeo.study.release_all` gave, where it is at hand.

    Raises
    ------
    StudyError
        For a county that is none of the study's.
    """
    tables = dict(released or release_all(measured))
    fips = county_fips(tables["counties"], asked)
    facts = present.county_facts(tables, fips)
    tables["county"] = county_table(measured, [facts])
    figures = (
        _figure("county", present.county_page, fips, formats=("pdf",)),
        _figure("county_map", present.county_map, fips),
    )
    extras = (
        Extra("Wrote the pages", COUNTY_USES, partial(write_county_pages, fips=fips), binds=True),
        Extra("Wrote the cards", COUNTY_USES, partial(_write_cards, fips=fips)),
    )
    return Answer(
        "county",
        measured.study,
        findings=(facts.lack,),
        tables=tables,
        figures=figures,
        extras=extras,
        shown=("county",),
        about={"county_fips": fips},
    )


def _figure(name: str, make: object, fips: str, *, formats: tuple[str, ...] = ("png", "svg", "pdf")) -> Figure:
    uses = ("cell_times", "gaps", *COUNTY_USES, "corridors", "towns")
    question = "What is lacking in the county?"
    return replace(Figure(name, question, uses, partial(_draw, make=make, fips=fips)), formats=formats)


def _draw(scene: Scene, *, make: object, fips: str) -> present.Plate:
    ground = present.county_ground(scene.tables, fips, crs=scene.study.crs, rivers=scene.study.travel.barriers)
    facts = present.county_facts(scene.tables, fips)
    plate: present.Plate = make(scene.tables, facts, ground=ground)  # type: ignore[operator]
    return plate


def write_county_pages(desk: Desk, *, fips: str, place: str = "") -> list[Path]:
    """Write ``county-<fips>.html`` and its Spanish sister, with the map where it was drawn."""
    drawn = [path for one in desk.drawn if one.figure.name == "county_map" for path in one.paths]
    picture = next((path.read_text(encoding="utf-8") for path in drawn if path.suffix == ".svg"), "")
    facts = present.county_facts(desk.scene.tables, fips)
    return [
        present.save_page(
            present.county_web_page(desk.scene.tables, facts, picture=picture, language=language),
            desk.folder / place / f"county-{fips}{'' if language == 'en' else f'-{language}'}.html",
        )
        for language in LANGUAGES
    ]


def write_all_counties(desk: Desk, *, place: str) -> list[Path]:
    """Write the pages of every county of the study, in words and numbers."""
    return [
        path for one in county_facts_of(desk.scene) for path in write_county_pages(desk, fips=one.fips, place=place)
    ]


def _write_cards(desk: Desk, *, fips: str) -> list[Path]:
    facts = present.county_facts(desk.scene.tables, fips)
    return [
        present.write_cards(desk.folder / f"cards-{fips}-{language}.pdf", [facts], language=language)
        for language in LANGUAGES
    ]
