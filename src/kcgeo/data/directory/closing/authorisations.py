"""Who allowed an exact place to be shown: the records, and the rows that they open today.

A record is signed by a person in a role and ends on a day (VAWA, 34 U.S.C. 12291(b)(2): written, time-limited consent),
or it names the public pages on which the place already stands. Without a record that is valid today are not shown: a
place whose basis is :data:`CONSENT`; a place where people sleep in a directory that keeps such records; and, at the
gate, a place at the door or of the organization of a hidden row.
"""

from __future__ import annotations

import csv
from collections.abc import Hashable
from datetime import date
from pathlib import Path

import pandas as pd

from kcgeo.data.directory.closing.doors import plain_text
from kcgeo.data.package.catalogue import load
from kcgeo.data.study.settings import Study
from kcgeo.errors import TableError, raise_all

__all__ = [
    "ALL_ROWS",
    "COLUMNS",
    "EXACT_PLACE",
    "NOTHING",
    "authorisations",
    "authorised",
    "read_authorisations",
    "taken_down",
]

COLUMNS = (
    *("organization_name", "scope", "may_show", "authority"),
    *("signer_role", "signed_on", "expires_on", "evidence"),
)
ALL_ROWS = "all rows"
"""The scope of a record that opens every row of its organization; else ids of services joined by "|"."""
EXACT_PLACE = "exact place"
NAME = "name"
NOTHING = "nothing"
"""What a record may show: the place of its rows, the text in its scope on a row at area level, or (a take-down) nothing
of the row in its scope."""
CONSENT = "written consent of the operator (see authorisations)"
"""The basis of a place that no public page prints: it is shown only while a record opens it."""
SIGNED, PUBLIC = "signed", "public evidence"


def authorisations(study: Study | None = None) -> pd.DataFrame:
    """Return the packaged records, and after them those of the file that a study names."""
    packaged: pd.DataFrame = load("authorisations")[list(COLUMNS)].astype("object")
    packaged = packaged.where(packaged.notna(), "").astype("str")
    if study is None or study.authorisations_path is None:
        return packaged
    return pd.concat([packaged, read_authorisations(study.authorisations_path)], ignore_index=True)


def read_authorisations(path: Path) -> pd.DataFrame:
    """Read a CSV file of authorisations, all as text.

    Parameters
    ----------
    path
        UTF-8, with the columns :data:`COLUMNS`. ``scope`` is "all rows" or ids joined by "|", and ``may_show`` "exact
        place"; or ``scope`` is a text that may stand on a row at area level, and ``may_show`` "name". ``authority`` is
        "signed" (``signer_role``, ``signed_on`` and ``expires_on`` are needed) or "public evidence" (``evidence`` names
        the pages; ``signer_role`` is who decided). Dates are YYYY-MM-DD.

    Raises
    ------
    TableError
        All faults in one go, by the number of the line.
    """
    if not path.is_file():
        raise TableError(f"There is no file {path.name} of authorisations; check services.authorisations.")
    try:
        lines = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise TableError(f"{path.name} cannot be read as CSV (UTF-8); save it as 'CSV UTF-8'.") from None
    if missing := [name for name in COLUMNS if not lines or name not in lines[0]]:
        raise TableError(f"{path.name} has no row, or lacks the column {', '.join(missing)}.")
    rows = pd.DataFrame([{name: (line[name] or "").strip() for name in COLUMNS} for line in lines], dtype="str")
    raise_all([f"{path.name}, line {at}: {fault}." for at, fault in _faults(rows)], TableError)
    return rows


def _faults(rows: pd.DataFrame) -> list[tuple[int, str]]:
    """Collect the line and what is wrong with it."""
    found = []
    for at, row in enumerate(rows.to_dict("records"), start=2):
        needed = ["organization_name", "scope", "signer_role", "signed_on"]
        if row["may_show"] != NOTHING:  # to show less needs no reason and no end
            needed += ["expires_on"] if row["authority"] == SIGNED else ["evidence"]
        found += [(at, f"{name} is blank; fill it in") for name in needed if not row[name]]
        if row["authority"] not in (SIGNED, PUBLIC):
            found.append((at, f"authority is '{SIGNED}' or '{PUBLIC}'"))
        if row["may_show"] not in (EXACT_PLACE, NAME, NOTHING):
            found.append((at, f"may_show is '{EXACT_PLACE}', '{NAME}' or '{NOTHING}'"))
        found += [
            (at, f"{name} is no date; write e.g. 2026-11-30")
            for name in ("signed_on", "expires_on")
            if row[name] and _day(row[name]) is None
        ]
    return found


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def authorised(rows: pd.DataFrame, records: pd.DataFrame, *, today: date | None = None) -> pd.Series[bool]:
    """Say which rows of services a record opens on a day (default: today's date).

    Parameters
    ----------
    rows
        Services with ``service_id`` and ``organization_name``; without a name nothing is opened.
    records
        See :func:`read_authorisations`.

    Examples
    --------
    >>> rows = pd.DataFrame({"service_id": ["s1", "s2"], "organization_name": "Example House"})
    >>> record = {"organization_name": "example  house", "scope": "s1", "may_show": "exact place",
    ...           "authority": "signed", "signed_on": "2026-01-01", "expires_on": "2026-12-31"}
    >>> authorised(rows, pd.DataFrame([record]), today=date(2026, 12, 31)).tolist()
    [True, False]
    >>> authorised(rows, pd.DataFrame([record]), today=date(2027, 1, 1)).tolist()
    [False, False]
    """
    at = date.today() if today is None else today
    opened: set[tuple[str, str]] = set()
    for record in records.to_dict("records"):
        if record["may_show"] == EXACT_PLACE and _valid(record, at):
            name = plain_text(str(record["organization_name"]))
            opened |= {(name, identity.strip()) for identity in str(record["scope"]).split("|")}
    names = rows["organization_name"] if "organization_name" in rows else pd.Series(None, index=rows.index)
    return pd.Series(
        [
            isinstance(name, str)
            and not opened.isdisjoint({(plain_text(name), str(one)), (plain_text(name), ALL_ROWS)})
            for name, one in zip(names, rows["service_id"], strict=True)
        ],
        index=rows.index,
        dtype=bool,
    )


def taken_down(records: pd.DataFrame) -> frozenset[str]:
    """Return the ids of the rows that were taken down."""
    scopes = records.loc[records["may_show"].eq(NOTHING), "scope"]
    return frozenset(one.strip() for scope in scopes for one in str(scope).split("|"))


def _valid(record: dict[Hashable, object], today: date) -> bool:
    """Say whether a record holds on a day; only public evidence may go without an end."""
    signed, expires = _day(record["signed_on"]), _day(record["expires_on"])
    if signed is None or signed > today:
        return False
    return today <= expires if expires is not None else record["authority"] == PUBLIC and not record["expires_on"]
