"""What each kind of released table may hold: an allowlist of columns, the words for its rules, and its sort keys.

A column that is not on the list of its kind does not leave. The list names quantities, never places: travel times,
counts, shares, states, and the ids of public geography (grid cells, census areas, counties, routes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kcgeo import terms

__all__ = ["CATEGORIES", "CONTRACTS", "Contract"]

CATEGORIES = tuple(terms.categories())

_PER_CATEGORY = rf"(?:{'|'.join(CATEGORIES)})(?:_[a-z0-9]+)*_(?:min|state|reason|covered|count|share)"
_QUANTITY = r"[a-z][a-z0-9_]*_(?:min|km|mi|mi2|km2|kmh|count|share|rate|per_1000|index|rank)"
_STATISTIC = r"[a-z][a-z0-9_]*_(?:low|high|median|mean|p[0-9]{1,2}|se|value|z|p|q)"

_GEOGRAPHY = (
    "cell_id",
    "place_id",
    "place_name",
    "county_fips",
    "county",
    "state",
    "in_msa",
    "population_count",
    "under18_count",
    "poverty_count",
    "household_count",
    "no_vehicle_household_count",
    "land_area_km2",
)
_RESULT = ("category", "eligibility", "time_of_week", "when", "group", "measure", "value", "unit", "note", "reason")


@dataclass(frozen=True)
class Contract:
    """The allowlist of one kind.

    ``columns`` are exact names, ``patterns`` are whole-name regular expressions; ``geometry`` names the allowed types
    of a column "geometry"; ``numeric_pattern_only`` says that a column let in by a pattern must hold numbers, booleans
    or one of the short ``words``.
    """

    kind: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    rules: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    geometry: tuple[str, ...] = ()
    words: frozenset[str] = frozenset({*terms.STATES, "beyond_cutoff", "not_connected", "off_network", "unknown_hours"})

    def allows(self, column: str) -> bool:
        """Say whether a column of this name may leave."""
        return (
            column in self.columns
            or (column == "geometry" and bool(self.geometry))
            or any(re.fullmatch(pattern, column) for pattern in self.patterns)
        )


_EXACT_ONLY = "computed from exact-level services and area flags only; confidential services are not counted"

CONTRACTS: dict[str, Contract] = {
    contract.kind: contract
    for contract in (
        Contract(
            "services",
            (
                "service_id",
                "organization_id",
                "organization_name",
                "service_name",
                "categories",
                "service_status",
                "eligibility",
                "minimum_age",
                "maximum_age",
                "capacity_beds",
                "hours",
                "opening_hours",
                "phone",
                "url",
                "location_type",
                "physical_address",
                "city",
                "county",
                "state",
                "postal_code",
                "coordinate_precision",
                "coordinate_source",
                "service_area",
                "verified_on",
                "disclosure",
                "disclosure_basis",
                "area",
                "site_id",
            ),
            ("disclosure", "organization_name", "service_name", "service_id"),
            (
                "exact rows keep their place and need a basis",
                "area rows keep name, categories, hotline phone and approved area only",
                "withheld rows are left out; ids are made from the published row alone",
            ),
            geometry=("Point",),
        ),
        Contract(
            "surface",
            (*_GEOGRAPHY, "time_min", "reason"),
            ("cell_id", "place_id"),
            (_EXACT_ONLY,),
            (_PER_CATEGORY,),
            geometry=("Polygon", "MultiPolygon"),
        ),
        Contract(
            "coverage",
            (*_RESULT, *_GEOGRAPHY, "cutoff_min", "area"),
            ("group", "category", "eligibility", "time_of_week", "when", "cutoff_min", "county_fips", "state"),
            (_EXACT_ONLY,),
            (_QUANTITY, _STATISTIC),
        ),
        Contract(
            "gaps",
            (
                *_GEOGRAPHY,
                "name",
                "category",
                "status",
                "access",
                "missing",
                "covered",
                "covered_with_referral",
                "lacking",
                "by_referral",
                "reason",
                "time_min",
            ),
            ("place_id", "cell_id", "category"),
            (_EXACT_ONLY,),
            (_PER_CATEGORY, _QUANTITY, "|".join(CATEGORIES)),
            geometry=("Polygon", "MultiPolygon", "Point"),
        ),
        Contract(
            "background",
            (
                *_GEOGRAPHY,
                "name",
                "kind",
                "route",
                "exit",
                "label",
                "milepost_mi",
                "milepost_system",
                "system",
                "side",
                "state_name",
                "area",
                "length_km",
                "from_milepost_mi",
                "to_milepost_mi",
                "rank",
                "city",
                "id",
            ),
            ("kind", "place_id", "cell_id", "county_fips", "route", "state", "milepost_mi", "exit", "name", "area"),
            ("public geography only: counties, state line, corridors, exits, cities, census areas, grid cells",),
            (_QUANTITY,),
            geometry=("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"),
        ),
        Contract(
            "reporting",
            (
                "claim_id",
                "aggregate_id",
                "series",
                "quantity",
                "value_number",
                "in_focus",
                "informs",
                "value",
                "value_low",
                "value_high",
                "unit",
                "definition",
                "population_definition",
                "geography",
                "geo_fips",
                "period",
                "period_type",
                "is_estimate",
                "stated_by",
                "source_document",
                "source_org",
                "times_stated",
                "paraphrase",
                "known_problems",
                "contradicts",
                "evidence",
                "evidence_kind",
                "evidence_grade",
                "grade_reason",
                "use_in_tool",
                "note",
                "element_id",
                "element",
                "stated_count",
                "named_count",
                "year",
                "reported",
                "status",
                "county_fips",
                "county",
                "state",
                "group",
                "disputed",
                "remark_id",
                "remark_kind",
                "short_text",
            ),
            ("claim_id", "aggregate_id", "element_id", "remark_id", "series", "geography", "period"),
            ("published aggregates and graded claims; no record of a person",),
            (_QUANTITY,),
        ),
        Contract(
            "profile",
            (
                *_RESULT,
                "route",
                "state",
                "system",
                "milepost_system",
                "milepost_mi",
                "from_milepost_mi",
                "to_milepost_mi",
                "from_mi",
                "to_mi",
                "exit",
                "label",
                "time_min",
                "nearest_exit",
                "county_fips",
                "side",
            ),
            ("route", "state", "category", "milepost_mi", "from_milepost_mi", "from_mi"),
            (_EXACT_ONLY, "roads are not evidence of trafficking"),
            (_PER_CATEGORY, _QUANTITY),
            geometry=("Point", "LineString"),
        ),
        Contract(
            "siting",
            (
                *_RESULT,
                *_GEOGRAPHY,
                "candidate_id",
                "from_id",
                "to_id",
                "time_min",
                "cutoff_min",
                "name",
                "area",
                "chosen",
                "existing",
                "objective",
                "bound",
                "gap",
                "status",
                "plan",
                "plan_id",
                "rank",
                "step",
                "change",
                "before",
                "after",
                "covered",
                "population",
            ),
            ("plan_id", "plan", "step", "rank", "group", "category", "candidate_id", "place_id", "cell_id", "from_id"),
            (_EXACT_ONLY, "candidates are areas, never addresses"),
            (_PER_CATEGORY, _QUANTITY, _STATISTIC),
            geometry=("Polygon", "MultiPolygon", "Point"),
        ),
        Contract(
            "matrix",
            (
                "candidate_id",
                "place_id",
                "category",
                "eligibility",
                "when",
                "time_min",
                "unknown_hours_min",
                "by_referral",
                "referral_unknown_hours",
                "not_collected",
            ),
            ("candidate_id", "category", "eligibility", "when", "place_id"),
            (_EXACT_ONLY, "candidates are grid cells, never addresses"),
        ),
        Contract(
            "equity",
            (
                *_RESULT,
                *_GEOGRAPHY,
                "statistic",
                "ranked_by",
                "cluster",
                "significant",
                "z",
                "p",
                "q",
                "low",
                "high",
                "draw",
                "name",
                "service_class",
                "certainty",
            ),
            ("measure", "statistic", "group", "category", "place_id", "cell_id", "population_share"),
            (_EXACT_ONLY,),
            (_PER_CATEGORY, _QUANTITY, _STATISTIC),
            geometry=("Polygon", "MultiPolygon", "Point"),
        ),
        Contract(
            "settings",
            ("key", "value", "unit", "source", "section", "note", "resource", "title", "licence", "vintage", "file"),
            ("section", "key", "resource"),
            ("parameters and sources of a run",),
        ),
        Contract(
            "demonstration",
            ("publisher", "step_east", "step_north", "shown", "fits", "is_shelter", "places_count"),
            ("publisher", "step_north", "step_east"),
            ("an invented town and shelter, in steps of a plain grid; no row stands for a real place",),
            (_QUANTITY,),
        ),
        Contract(
            "chain",
            ("stage", "county_fips", "county", "binds", "note", "plan", "area"),
            ("stage_index", "county_fips", "plan", "area"),
            (_EXACT_ONLY, "beds of confidential sites are not counted, in no total"),
            (_QUANTITY, r"[a-z_]+_(?:week|days)"),
        ),
        Contract(
            "people",
            (
                "row",
                "column",
                "group",
                "category",
                "eligibility",
                "county_fips",
                "county",
                "state",
                "area",
                "age_group",
                "period",
                "count",
                "population_count",
                "rate_per_1000",
                "suppressed",
            ),
            ("row", "group", "county_fips", "county", "area", "age_group", "category", "eligibility", "period"),
            (
                "counts of 1 to 10 people are suppressed, with complementary suppression",
                "no rate is given under 20 events",
            ),
        ),
    )
}
