"""The page of one county for the browser, in English and in Spanish, in one file that asks no network."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from markupsafe import Markup

from kcgeo import terms
from kcgeo.disclosure import Released
from kcgeo.errors import TableError
from kcgeo.findings import sentences, written
from kcgeo.present.figures.county import County
from kcgeo.present.look import words
from kcgeo.present.web.page import Page, filled

__all__ = ["county_web_page"]

_SHOWN_TOWNS, _SHOWN_CALLS = 12, 8


def county_web_page(
    released: Mapping[str, Released], county: County, *, picture: str = "", language: str = "en"
) -> Page:
    """Make the page of a county: the same form for every county, so that two can be laid side by side.

    Parameters
    ----------
    released
        The tables that the facts were gathered from; the foot names their sources.
    county
        Made by :func:`kcgeo.present.county_facts`.
    picture
        The map as :func:`kcgeo.present.save_figure` writes it in SVG; a page without one is words and numbers only.
    language
        ``en`` or ``es``.

    Raises
    ------
    TableError
        For a picture that is no SVG.
    KcgeoError
        For a sentence that the language does not have.
    """
    if picture and "<svg" not in picture:
        raise TableError("The picture of a county must be an SVG; save the map with formats=['svg'] first.")
    label = {form: text[language] for form, text in sentences()["county_page"].items()}
    kinds = terms.categories()
    name = {key: getattr(kind, "label" if language == "en" else f"label_{language}") for key, kind in kinds.items()}

    def percent(share: float) -> str:
        return written(share, "percent", language)

    return filled(
        "county",
        title=county.lack.say("title", language),
        description=f"{county.name} County, {county.state}",
        styles=("siting",),
        released=[released[key] for key in ("gaps", "place_times", "services", "areas") if key in released],
        language=language,
        lede=f"{county.name} County, {county.state}",
        label=label,
        picture=Markup(_drawing(picture)),
        people=[
            (
                written(count, "people", language),
                getattr(terms.groups()[group], "phrase" if language == "en" else f"phrase_{language}"),
            )
            for group, count in county.people.items()
        ],
        kinds=[
            (
                name[row.category],
                *map(percent, (row.in_reach_share, row.by_referral_share, row.unknown_share, row.lacking_share)),
                label["not_reached"] if np.isnan(row.median_min) else written(row.median_min, "count", language),
            )
            for row in county.kinds
        ],
        cutoff=written(county.lack.about["cutoff_min"], "minutes", language),
        towns=[
            (town, written(people, "people", language), ", ".join(name[kind].lower() for kind in lacks))
            for town, people, lacks in county.lacking[:_SHOWN_TOWNS]
        ],
        calls=[(call.name, words.phone_pieces(call.phone), call.hours) for call in county.calls[:_SHOWN_CALLS]],
        confidential=[
            (organization, ", ".join(name[kind].lower() for kind in offered), words.phone_pieces(phone))
            for organization, offered, phone in county.confidential
        ],
        record_age=county.record_age,
    )


def _drawing(picture: str) -> str:
    """Make an SVG as wide as the page that it stands in."""
    drawing = picture[picture.index("<svg") :] if picture else ""
    for size in ("width", "height"):
        drawing = re.sub(rf'(<svg [^>]*?) {size}="[^"]*"', r"\1", drawing, count=1)
    return drawing
