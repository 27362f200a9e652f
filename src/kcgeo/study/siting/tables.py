"""What leaves of a siting answer: every table of it passes the release gate here."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from kcgeo.disclosure import Released
from kcgeo.siting import SitingResult
from kcgeo.study.releases import LISTED, LOWER_BOUND, ODBL, let_out, model_note, release_background, release_services
from kcgeo.study.siting.answer import SitingAnswer

__all__ = ["SITING_TABLES", "release_siting"]

SITING_TABLES = (
    "plan", "new_sites", "by_group", "by_place", "alternatives", "good_areas", "front", "closures", "robustness",
)  # fmt: skip
"""Releases that are written as tables."""
AREAS = "candidates are areas, never addresses; a plan says where to look, not which house"


def release_siting(answer: SitingAnswer) -> dict[str, Released]:
    """Pass every table of an answer through the release gate.

    Returns
    -------
    dict
        Background (``counties, corridors, towns, places``), ``services``, ``reach`` (minutes by cell before and after)
        and the tables of :data:`SITING_TABLES`.

    Raises
    ------
    DisclosureError
        Where a table holds what must stay.
    """
    measured, ask = answer.measured, answer.question
    released = release_background(measured)
    study, notes = measured.study, (model_note(measured), LOWER_BOUND, LISTED, ODBL)
    released["services"] = release_services(measured)
    reach = answer.cell_times.add_prefix(f"{ask.category}_").reset_index()
    released |= let_out(study, {"reach": reach}, kind="surface", notes=notes)
    tables, places = _tables(answer), released["places"]
    by_place = {"by_place": tables.pop("by_place")}
    released |= let_out(study, by_place, kind="siting", notes=(*notes, AREAS), geography=places)
    # outlines of candidates are areas, not points of the study: they need no geography
    released |= let_out(study, tables, kind="siting", notes=(*notes, AREAS))
    return released


def _tables(answer: SitingAnswer) -> dict[str, pd.DataFrame]:
    outlines = answer.candidates.set_index("candidate_id").geometry
    frequency = answer.frequency.set_index("candidate_id")["plan_share"]
    chosen = answer.new_sites.assign(plan_share=answer.new_sites["candidate_id"].map(frequency))
    status = answer.existing.set_index("name")["service_status"]
    columns = ["covered_count", "covered_share", "lost_count", "worst_time_min"]
    closures = answer.closures[columns].rename_axis("name").reset_index()
    closures.insert(1, "status", closures["name"].map(status.groupby(level=0).first()))
    return {
        "plan": _plan(answer),
        "new_sites": _outlined(chosen, outlines),
        "by_group": answer.by_group.reset_index(),
        "by_place": answer.by_place,
        "alternatives": _alternatives(answer),
        "good_areas": _outlined(answer.frequency, outlines),
        "front": _front(answer),
        "closures": closures,
        "robustness": answer.robustness.reset_index() if len(answer.robustness) else pd.DataFrame({"plan": []}),
    }


def _outlined(table: pd.DataFrame, outlines: gpd.GeoSeries) -> gpd.GeoDataFrame:
    shapes = outlines.reindex(table["candidate_id"]).array
    return gpd.GeoDataFrame(table, geometry=shapes, crs=outlines.crs)


def _plan(answer: SitingAnswer) -> pd.DataFrame:
    """One row: what was asked and what was proven."""
    ask, plan = answer.question, answer.plan
    return pd.DataFrame(
        [
            {
                "plan": 1,
                "category": ask.category,
                "eligibility": ask.eligibility or "any",
                "group": ask.group,
                "measure": ask.objective,
                "unit": plan.unit,
                "objective": _whole(plan.objective),
                "bound": _whole(plan.bound) if np.isfinite(plan.bound) else np.nan,
                "gap": plan.gap,
                "status": plan.status,
                "cutoff_min": float(ask.cutoff_min),
                "area": ask.candidates,
                "candidate_count": len(answer.candidates),
                "existing_count": len(answer.existing),
                "new_count": len(plan.new),
                "referral_weight_share": float(ask.referral_weight),
                "capacity_count": np.nan
                if ask.capacity is None or isinstance(ask.capacity, str)
                else float(ask.capacity),
                "within_share": float(ask.within_share),
                "draw_count": len(answer.robustness) and ask.draw_count,
                "reason": ", ".join(answer.unfinished),
            }
        ]
    )


def _named(answer: SitingAnswer, plan: SitingResult) -> str:
    return "; ".join(answer.names_of(plan))


def _alternatives(answer: SitingAnswer) -> pd.DataFrame:
    """Good plans, the best first; all but the first carry the bound of the plans that were left."""
    return pd.DataFrame(
        [
            {
                "plan": number,
                "name": _named(answer, plan),
                "objective": _whole(plan.objective),
                "unit": plan.unit,
                "worse_share": abs(plan.objective - answer.plan.objective) / max(abs(answer.plan.objective), 1e-9),
                "status": plan.status,
            }
            for number, plan in enumerate(answer.alternatives, start=1)
        ]
    )


def _front(answer: SitingAnswer) -> pd.DataFrame:
    names = answer.candidates.set_index("candidate_id")["name"]
    held = set(answer.existing["id"])
    front = answer.front
    said = ["; ".join(str(names[area]) for area in sites if area not in held) for sites in front["chosen"]]
    table = front.drop(columns="chosen").assign(plan=range(1, len(front) + 1), name=said)
    # nobody is left without a way: a place that no open site reaches within the search has no number
    if "weighted_count" in table:
        table["weighted_count"] = table["weighted_count"].map(_whole)
    return table.assign(worst_time_min=table["worst_time_min"].astype(float).replace(np.inf, np.nan))


def _whole(value: float) -> float:
    """Round what is large: a fraction of a person says nothing, and reads like a position in metres."""
    return float(np.round(value)) if abs(value) >= 1000 else float(value)
