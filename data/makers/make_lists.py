"""Make the short lists: categories, terms, hours, stages, plan_elements, hsds_mapping, authorisations.

The raw files were written by hand from the facts collected in 2026-11: the categories and area names that services use,
the reading of each text of opening hours (blank where the text gives no timetable), and the elements that the Model
City plan names (25 of the 29 it states). The authorisations were decided one by one from the pages that they name.
"""

from __future__ import annotations

from pathlib import Path

from tables import DERIVED, RAW, field_names, read_csv, write_csv

RENAMED = {
    "location_disclosure": {
        "our_column": "disclosure",
        "note": "extension (exact|area|withheld); enforce before export: only an exact row may have a location",
    }
}
PLAN_DOCUMENT = "003_faceab03b72c5f63.txt"
INFORMS = {
    "Identify": "Coverage of outreach and drop-in by hours; completeness of reports by agency; the rest not",
    "Restore": "Gaps and access by type and eligibility; siting at coarse scale; no census of people",
    "Demand": "Programme rows only, never part of a survivor's score",
    "Local government": "Advocacy centres and shelters against where children live; Kansas and Missouri side by side",
    "Research": "Reproducible notebooks; another metro by one study file",
}


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Give ids, true and false, and one row for each area and county."""
    categories = [
        row | {"shelter_like": row["shelter_like"] == "yes", "has_place": row["has_place"] == "yes"}
        for row in read_csv(raw / "categories.csv")
    ]
    write_csv(derived / "categories.csv", categories, field_names("categories"), ["category"])
    write_csv(derived / "terms.csv", read_csv(raw / "terms.csv"), field_names("terms"), ["term_kind", "term"])
    write_csv(derived / "hours.csv", read_csv(raw / "hours.csv"), field_names("hours"), ["hours"])
    write_csv(derived / "stages.csv", read_csv(raw / "stages.csv"), field_names("stages"), ["stage_number"])
    write_csv(derived / "law.csv", read_csv(raw / "law.csv"), field_names("law"), ["law_id"])
    elements = [
        row
        | {
            "element_id": f"E{number:02d}",
            "in_focus": row["in_focus"] == "yes",
            "informs": INFORMS[row["group"]],
            "source_document": PLAN_DOCUMENT,
        }
        for number, row in enumerate(read_csv(raw / "plan_elements.csv"), start=1)
    ]
    write_csv(derived / "plan_elements.csv", elements, field_names("plan_elements"), ["element_id"])
    opened = read_csv(raw / "authorisations.csv")
    write_csv(derived / "authorisations.csv", opened, field_names("authorisations"), ["organization_name", "scope"])
    mapping = [row | RENAMED.get(row["our_column"], {}) for row in read_csv(raw / "hsds_mapping.csv")]
    write_csv(derived / "hsds_mapping.csv", mapping, field_names("hsds_mapping"), ["our_column"])


if __name__ == "__main__":
    make()
