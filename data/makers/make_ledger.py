"""Make derived/claims.csv, aggregates.csv, reporting_remarks.csv, county_denominators.csv: what is said and reported.

The raw files are the tables of facts collected in 2026-11 from five source documents and public pages. ``value`` stays
as printed; ``value_number`` is the same as a number, blank where the source prints none. Percent of the county table
become shares of 1. The remarks were written by hand from the notes of the same facts: what a chart must say beside a
series.
"""

from __future__ import annotations

import re
from pathlib import Path

from tables import DERIVED, RAW, field_names, read_csv, write_csv

SHARES = {
    "under18_2010_share": "under18_pct_2010",
    "under18_2015_19_share": "under18_pct_acs_2015_19",
    "poverty_2006_10_share": "poverty_pct_acs_2006_10",
    "poverty_2012_16_share": "poverty_pct_acs_2012_16",
    "poverty_2015_19_share": "poverty_pct_acs_2015_19",
    "poverty_2015_19_moe_share": "poverty_moe_acs_2015_19",
    "poverty_under18_2015_19_share": "poverty_under18_pct_acs_2015_19",
    "poverty_saipe_2021_share": "poverty_pct_2021_saipe",
}


def number(text: str) -> str:
    """Return the text where all of it is one number, else blank: "12 of 13" or "95-98" are not one number."""
    return text if re.fullmatch(r"-?\d+(\.\d+)?", text) else ""


def make(raw: Path = RAW, derived: Path = DERIVED) -> None:
    """Add numbers beside printed values; turn percent into shares."""
    for name, key in (("claims", "claim_id"), ("aggregates", "aggregate_id")):
        rows = [row | {"value_number": number(row["value"])} for row in read_csv(raw / f"{name}.csv")]
        write_csv(derived / f"{name}.csv", rows, field_names(name), [key])
    remarks = read_csv(raw / "reporting_remarks.csv")
    write_csv(derived / "reporting_remarks.csv", remarks, field_names("reporting_remarks"), ["remark_id"])
    counties = []
    for row in read_csv(raw / "county_denominators.csv"):
        county, state = re.fullmatch(r"(.+) County ([A-Z]{2})", row["county"]).groups()
        counties.append(
            {
                "county_fips": row["geo_fips"],
                "name": county,
                "state": state,
                "in_msa": row["in_kc_msa"] == "True",
                "population_2010_count": row["pop_2010_decennial"],
                "population_2020_count": row["pop_2020_estimates_base"],
                "population_2023_count": row["pop_2023_estimate"],
            }
            | {new: _share(row[old]) for new, old in SHARES.items()}
        )
    fields = field_names("county_denominators")
    write_csv(derived / "county_denominators.csv", counties, fields, ["county_fips"])


def _share(percent: str) -> str:
    return f"{float(percent) / 100:.3f}" if percent else ""


if __name__ == "__main__":
    make()
