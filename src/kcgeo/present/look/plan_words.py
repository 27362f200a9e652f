"""A plan for new sites in words: question, answer, proof, how sure it is; the same on page, map and terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kcgeo import terms
from kcgeo.disclosure import Released, require_released
from kcgeo.errors import TableError
from kcgeo.present.look import words

__all__ = ["GROUP_NAMES", "MODELS", "PlanWords", "one_row", "plan_words", "share_pair"]

GROUP_NAMES = {key: group.label if key == "population_count" else group.phrase for key, group in terms.groups().items()}
MODELS = {
    "max_coverage": "most people within reach (maximal covering)",
    "p_median": "fewest minutes for all people together (p-median)",
    "p_center": "shortest longest drive (p-center)",
    "backup_coverage": "most people with two sites in reach (backup cover)",
    "min_sites": "fewest sites that reach every place (set covering)",
}

_TIE = 1e-9
_MORE_IS_BETTER = ("max_coverage", "backup_coverage")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class PlanWords:
    """Sentences about one plan; made by :func:`plan_words`.

    Attributes
    ----------
    question, answer
        What was asked, and in which areas the new sites would stand.
    headline
        The answer as the title of a map.
    proof
        Objective, bound, gap, status and model.
    sure
        Sentences on draws, closures and existing sites of unknown status.
    parameters
        All that was asked, one phrase each.
    limits
        What the numbers do not say.
    """

    question: str
    answer: str
    headline: str
    proof: str
    sure: tuple[str, ...]
    parameters: tuple[str, ...]
    limits: tuple[str, ...]


def one_row(released: Released) -> Mapping[str, Any]:
    """Return the single row of a release."""
    table = require_released(released, kind="siting").table
    if len(table) != 1:
        raise TableError(f"The release '{released.name}' holds {len(table)} rows; a plan is one row.")
    return {str(key): value for key, value in table.iloc[0].items()}


def plan_words(released: Mapping[str, Released]) -> PlanWords:
    """Say a plan in words.

    Parameters
    ----------
    released
        Releases ``plan, new_sites, by_group, alternatives, closures, robustness`` of :mod:`kcgeo.study`.

    Raises
    ------
    DisclosureError, TableError
        For tables that were not released, or are not a plan.
    """
    plan = one_row(released["plan"])
    groups = require_released(released["by_group"], kind="siting").table.set_index("group")
    group: Mapping[Any, float] = groups.loc[[str(plan["group"])]].iloc[0].to_dict()
    sites = require_released(released["new_sites"], kind="siting").table.sort_values("rank")
    people, cutoff = _who(plan), f"{plan['cutoff_min']:g} minutes"
    label = words.category_label(str(plan["category"])).lower()
    gained = words.thousands(group["gained_count"])
    count = _NUMBERS[len(sites)] if len(sites) < len(_NUMBERS) else str(len(sites))
    few, where = ("site", "area") if len(sites) == 1 else ("sites", "areas")
    asked = _asked(plan)
    shares = " instead of ".join(reversed(share_pair(group["before_share"], group["after_share"])))
    sought = f"new {terms.categories()[str(plan['category'])].plural if len(sites) > 1 else f'{label} {few}'}"
    return PlanWords(
        question=f"Where would {count} {sought} for {asked} help most?",
        answer=(
            f"{label.capitalize()} for {asked}, in the {where} of {_joined(sites['name'].astype(str).tolist())}."
            f" {gained} more {people} would live within {cutoff} of a public site: {shares}."
        ),
        headline=f"{count.capitalize()} new {few}: {gained} more {people} within {cutoff}",
        proof=_proof(plan),
        sure=_sure(plan, released),
        parameters=_parameters(plan),
        limits=(
            words.LOWER_BOUND,
            words.MODEL,
            "Where people live within a ZIP code area is modeled.",
            "A listed site is not a free bed; staff, money and consent are not in the model.",
        ),
    )


def share_pair(before: float, after: float) -> tuple[str, str]:
    """Two shares (0..1) in percent, with a decimal where whole numbers would hide the change.

    >>> share_pair(0.76, 0.93), share_pair(0.991, 0.994)
    (('76%', '93%'), ('99.1%', '99.4%'))
    """
    one, two = words.percent(before), words.percent(after)
    return (one, two) if one != two or before == after else (f"{before * 100:.1f}%", f"{after * 100:.1f}%")


def _asked(plan: Mapping[str, Any]) -> str:
    asked = plan["eligibility"]
    if asked == "any_listed":
        return "whomever they serve"
    return "anybody" if asked in (None, "any", "anyone") else str(asked)


def _who(plan: Mapping[str, Any]) -> str:
    name = GROUP_NAMES.get(str(plan["group"]), str(plan["group"]))
    return "people" if name == "all people" else name


def _joined(names: list[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "no area"


def _unit(plan: Mapping[str, Any]) -> str:
    if plan["unit"] == "people":
        weight = plan["referral_weight_share"]
        return "people" if weight == 1 else f"weighted people (one whom a referral serves counts {weight:g})"
    return str(plan["unit"])


def _proof(plan: Mapping[str, Any]) -> str:
    more = plan["measure"] in _MORE_IS_BETTER
    value, bound = f"{plan['objective']:,.0f} {_unit(plan)}", f"{plan['bound']:,.0f}"
    model = f"Model: {MODELS[str(plan['measure'])]}; bounded twice, by a solver and in whole numbers, then checked."
    among = f"{plan['candidate_count']:,.0f} areas"
    if plan["status"] == "optimal":
        return (
            f"Proven best: {value}; no other choice of {among} gives {'more' if more else 'less'}"
            f" (bound {bound}, gap 0). {model}"
        )
    why = "the time limit" if plan["status"] == "time_limit" else "a stop by hand"
    return (
        f"Not proven: best plan before {why}, {value}; no choice of {among} gives"
        f" {'more' if more else 'less'} than {bound} (gap {plan['gap'] * 100:.2g}%). {model}"
    )


def _sure(plan: Mapping[str, Any], released: Mapping[str, Released]) -> tuple[str, ...]:
    said = [*_drawn(plan, released), *_closed(released)]
    if plan["reason"]:
        said.append(f"Stopped by hand before {plan['reason']}.")
    return tuple(said)


def _drawn(plan: Mapping[str, Any], released: Mapping[str, Released]) -> Iterator[str]:
    """Say what draws leave of the plan, and which of equal plans holds best under them."""
    draws = require_released(released["robustness"], kind="siting").table
    plans = require_released(released["alternatives"], kind="siting").table
    groups = require_released(released["by_group"], kind="siting").table.set_index("group")
    if len(draws):
        draws = draws.set_index("plan")
        row: Mapping[Any, float] = draws.loc[[1]].iloc[0].to_dict()
        low, high = words.thousands(row["gained_count_low"]), words.thousands(row["gained_count_high"])
        yield (
            f"Speeds and places drawn {plan['draw_count']:g} times: {low} to {high} more {_who(plan)}, so that"
            f" {words.percent(row['covered_share_low'])} to {words.percent(row['covered_share_high'])} are within reach"
            " (9 draws of 10)."
        )
        middle = row["covered_share_median"]
        if middle < float(groups["after_share"].loc[str(plan["group"])]) - 0.01:
            yield f"The middle draw gives {words.percent(middle)}: a plan is seldom as good outside its model."
    equal = plans[plans["worse_share"] < _TIE]
    if len(equal) > 1:
        yield f"{words.counted(len(equal) - 1, 'other plan is', 'other plans are')} exactly as good."
        held = draws["best_share"].reindex(equal["plan"]).to_numpy(dtype=float) if "best_share" in draws else None
        # two standard errors of the difference of two shares: under them the draws name no winner
        if held is not None and held.max() - held[0] > 2 * (0.5 / float(plan["draw_count"])) ** 0.5:
            yield f"Of these equals, {equal['name'].iloc[int(held.argmax())]} holds best in the draws."


def _closed(released: Mapping[str, Released]) -> Iterator[str]:
    """Say what the loss of a public site would do, and how sure it is that the sites are there."""
    closed = require_released(released["closures"], kind="siting").table
    if closed.empty:
        yield "No public site of this kind is listed today."
        return
    worst = closed.sort_values(["covered_share", "name"]).iloc[0]
    share = words.percent(worst["covered_share"])
    yield f"If {worst['name']} closed, {share} would be within reach with the new sites."
    doubtful = int((closed["status"] == "unknown").sum())
    if doubtful:
        yield (
            f"Of {words.counted(len(closed), 'public site')} counted as open, {doubtful} "
            f"{'is' if doubtful == 1 else 'are'} listed with unknown status: call first."
        )


def _parameters(plan: Mapping[str, Any]) -> tuple[str, ...]:
    capacity = plan["capacity_count"]
    own = "places of a table of one's own, each shown as the hexagon of about 36 km² around it"
    areas = {"places": "ZIP code areas", "own": own}.get(str(plan["area"]), "hexagons of about 36 km²")
    return (
        f"kind of help: {words.category_label(str(plan['category'])).lower()}",
        f"for: {_asked(plan)}",
        f"people counted: {GROUP_NAMES.get(str(plan['group']), plan['group'])}",
        f"within {plan['cutoff_min']:g} minutes, the value itself included",
        f"new sites: {plan['new_count']:g} beside {plan['existing_count']:g} public",
        f"candidates: {plan['candidate_count']:g} {areas}, never addresses",
        f"weight of a person served by referral: {plan['referral_weight_share']:g} (nobody to call: 1)",
        "capacity of a new site: " + ("no limit" if pd.isna(capacity) else f"{capacity:,.0f} people"),
        f"nearly as good: within {plan['within_share'] * 100:g}%",
    )
