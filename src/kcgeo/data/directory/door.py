"""The one door for rows of services: the rules in their order, for every file, feed and database.

1. **columns**: their names become ours; what is left out is named.
2. **ids**: rows without ids are named by their line; equal rows without ids count once.
3. **repairs**: cells as people write them (:mod:`kcgeo.data.directory.repairs`), each told with its rows.
4. **close**: flags, words, beds, nights, one door, one organisation (:mod:`kcgeo.data.directory.closing.hiding`).
5. **fill**: what a row itself implies, and the defaults of the mapping.
6. **level**: the operator's word opens what is positively public, and row by row what is confirmed.
7. **place**: rows with a ZIP code and no point get the point of their ZIP; hidden rows were cut before.
8. **check**: the rules of the directory (:func:`kcgeo.data.directory.services.checked_rows`), all faults at once.

Nothing that is told of shown rows depends on a hidden one: notes and faults of hidden rows are left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from kcgeo.data.directory.cells import Cells
from kcgeo.data.directory.checking import checked_rows
from kcgeo.data.directory.closing.authorisations import authorisations, authorised
from kcgeo.data.directory.closing.doors import plain_text, same_door
from kcgeo.data.directory.closing.fingerprints import fingerprints
from kcgeo.data.directory.closing.hiding import (
    confidential_rows,
    flag_columns,
    flagged_rows,
    has_place,
    one_organization,
    public_rows,
    sleeping_rows,
)
from kcgeo.data.directory.closing.words import column_of, columns_of_services
from kcgeo.data.directory.mapping import Mapped, split_categories
from kcgeo.data.directory.repairs import Said, repaired
from kcgeo.data.directory.rules import FAR_KM, elsewhere
from kcgeo.data.directory.spots import point_of
from kcgeo.data.package.catalogue import disclosure_bases
from kcgeo.data.places.addresses import AddressRanges, locate_addresses
from kcgeo.data.study.region import packaged
from kcgeo.errors import TableError, WithheldWarning, first_ids, raise_all

__all__ = ["Entered", "Word", "enter", "our_columns"]

_REASONS = {
    "flag": "the source says that the place is confidential",
    "words": "a word of the row says that the place is confidential",
    "sleeping": "place where people sleep, without a public basis",
    "door": "stands at the door of a hidden place",
    "organisation": "its organisation has a hidden place",
    "unconfirmed": "not confirmed as a public place",
}
"""Why a row is hidden, in the order in which reasons count."""

_CONFIRMABLE = ("words", "sleeping", "organisation", "unconfirmed")


@dataclass(frozen=True)
class Word:
    """What the operator says of a list.

    Attributes
    ----------
    mapped
        Their columns and words.
    basis
        Why the places of rows that bring no level are public.
    confirmed
        Key of a row (:func:`confirm_keys`) -> the basis on which the operator opens it.
    records
        Who allowed an exact place to be shown (:mod:`kcgeo.data.directory.closing.authorisations`); where given, a
        place where people sleep opens by a record only. The packaged records always open a row beside a hidden one.
    """

    mapped: Mapped = field(default_factory=Mapped)
    basis: str | None = None
    confirmed: Mapping[str, str] = field(default_factory=dict)
    records: pd.DataFrame | None = None


@dataclass(frozen=True)
class Entered:
    """Rows that came through the door.

    Attributes
    ----------
    services
        The checked directory, as :func:`kcgeo.data.services` returns it.
    notes
        What was assumed, repaired or left out; says nothing of hidden rows.
    hidden
        Reason -> ids, for the operator alone.
    ask
        Rows that open once the operator confirms them: ``key, service_id, organization_name, service_name,
        physical_address, city, reason``.
    doors
        Fingerprints of the hidden rows (:mod:`kcgeo.data.directory.closing.fingerprints`) where they were asked for.
    """

    services: gpd.GeoDataFrame
    notes: tuple[str, ...]
    hidden: Mapping[str, tuple[str, ...]]
    ask: pd.DataFrame
    doors: str = ""


def enter(
    cells: Cells,
    *,
    word: Word,
    counties: gpd.GeoDataFrame,
    areas: pd.DataFrame,
    what: str,
    told: pd.Series | None = None,
    ranges: AddressRanges | None = None,
    remembers: bool = False,
) -> Entered:
    """Bring a list of services through all rules.

    Parameters
    ----------
    cells
        The list as text under its own header.
    word
        Mapping, basis and confirmations of the operator.
    counties, areas
        Area served and approved areas.
    what
        Name of the list, for sentences.
    told
        More words of the source for each row that must be looked through.
    ranges
        Address ranges of the study's streets, along which addresses are placed.
    remembers
        Whether the hidden rows leave fingerprints, by which the doors of other lists are closed.

    Raises
    ------
    TableError
        One sentence for each fault of the whole list; rows are named by id, hidden ones without what they hold.
    """
    said, mapped = Said(), word.mapped
    if word.basis is not None and word.basis not in disclosure_bases():
        raise TableError(f"The basis is unknown; write one of: {'; '.join(disclosure_bases())}.")
    rows, notes = our_columns(cells.table, mapped, what)
    theirs = cells.table.assign(told=rows["service_categories"])
    if told is not None:
        theirs["told"] += "\n" + told.reindex(theirs.index).fillna("").astype("str")
    rows, more = _with_ids(rows, said)
    theirs = theirs.loc[rows.index]
    rows = repaired(rows, mapped, said)
    reasons, phones = _reasons(rows, theirs, word)
    rows.loc[phones, "phone"] = ""
    said.note(rows.index[phones], "the telephone is confidential in the source and was left out.")
    ask = _to_confirm(rows, reasons)
    shown = reasons.eq("") & rows["disclosure"].ne("withheld")
    pointless = rows["coordinate_precision"].eq("none")
    _fill(rows, mapped, shown, said)
    doors = fingerprints(rows[reasons.ne("") | rows["disclosure"].eq("withheld")]) if remembers else ""
    faults = _level(rows, reasons, word)
    at = shown & ~pointless & rows["disclosure"].ne("area") & rows["location_type"].eq("physical") & _has_door(rows)
    if ranges is not None:
        _place_along_streets(rows, at, said, ranges)
    _place(rows, at, said)
    faults += _unplaced(rows, at, said, cells.table, what)
    away = _elsewhere(rows, at, counties, what)
    rows_away = rows.loc[away, "service_id"]
    rows, shown, reasons = rows[~away], shown[~away], reasons[~away]
    if away.any():  # of the shown rows: how many are hidden stands in no note
        notes.append(
            f"{away.sum()} of {away.sum() + shown.sum()} rows stand more than {FAR_KM:.0f} km from the counties of the "
            f"study and were left out: {first_ids(rows_away)}."
        )
    names = rows.loc[shown, "service_id"].to_dict()
    table = rows[columns_of_services()].replace("", None).astype("str")
    services = _checked(table, counties, areas, word.records, [*faults, *said.faults(names)])
    _tell_hours(rows, services, shown, said)
    hidden = {
        text: tuple(rows.loc[reasons.eq(kind), "service_id"])
        for kind, text in _REASONS.items()
        if reasons.eq(kind).any()
    }
    for text, ids in hidden.items():
        cure = "; open rows one by one with --option confirm=FILE" if text in map(_REASONS.get, _CONFIRMABLE) else ""
        sentence = f"{first_ids(ids, limit=20)} came in as withheld: {text}{cure}."
        warnings.warn(sentence, WithheldWarning, stacklevel=3)
    return Entered(services, (*cells.notes, *notes, *more, *said.notes(names)), hidden, ask, doors)


# --- columns and ids --------------------------------------------------------------------------------------------------


def our_columns(table: pd.DataFrame, mapped: Mapped, what: str) -> tuple[pd.DataFrame, list[str]]:
    """Give the columns of a list our names.

    Returns
    -------
    tuple
        All columns of the directory as text (and ``ages``, ``point``, ``location_id`` where they are there), blank
        where the list has none; notes on what was left out or lacks.

    Raises
    ------
    TableError
        No column tells what is offered, or by whom; the sentence lists the columns found and what they may be.
    """
    chosen, notes = _chosen(table, mapped)
    there = {" ".join(str(name).split()).casefold() for name in table.columns}
    lacking = [name for name in mapped.columns if " ".join(name.split()).casefold() not in there]
    given = set(chosen.values()) | set(mapped.defaults)
    needed = [
        *([] if given & {"service_name", "organization_name"} else ["service_name"]),
        *([] if "service_categories" in given else ["service_categories"]),
    ]
    if needed:
        proposal = ", ".join(f"'{name}' = {ours}" for name, ours in chosen.items()) or "none is known"
        lost = f" (the mapping names {first_ids(lacking)}, which is not there)" if lacking else ""
        raise TableError(
            f"{what} has no column for {' and '.join(needed)}{lost}; columns found: "
            f"{', '.join(map(str, table.columns))[:400]}; as far as they are known: {proposal}. Name the others in "
            "[columns] of a mapping (--option mapping=FILE.toml; kcgeo data look FILE --write-mapping writes one)."
        )
    if lacking:
        notes.append(f"{what} has no column {first_ids(lacking)}, which the mapping names; it stays blank.")
    flags = [name for name in flag_columns(table) if mapped.ours(name) is None]
    if flags:
        notes.append(f"{', '.join(map(repr, flags))} says who may see what: it hides rows, or their telephone.")
    left = [str(name) for name in table.columns if str(name) not in (*chosen, *flags)]
    if left:
        notes.append(
            f"{len(left)} column{'s' * (len(left) > 1)} of {what} {'is' if len(left) == 1 else 'are'} none of ours and "
            f"{'was' if len(left) == 1 else 'were'} left out: {', '.join(name[:40] for name in left[:40])}."
        )
    rows = table[list(chosen)].rename(columns=chosen)
    for one, other in (("service_name", "organization_name"), ("organization_name", "service_name")):
        if one not in rows and one not in mapped.defaults:
            rows[one] = rows.get(other, "")
            notes.append(f"{what} has no column {one}; {other} stands for it.")
    extra = [name for name in ("ages", "point", "location_id") if name in rows]
    return rows.reindex(columns=[*columns_of_services(), *extra], fill_value=""), notes


def _chosen(table: pd.DataFrame, mapped: Mapped) -> tuple[dict[str, str], list[str]]:
    """Return their column -> ours: by the mapping, then by our names, then by usual ones; of two the first counts."""
    chosen = {str(name): ours for name in table.columns if (ours := mapped.ours(str(name)))}
    notes, columns = [], set(columns_of_services())
    exact = [name for name in table.columns if "_".join(str(name).casefold().split()) in columns]
    for name in [*exact, *(name for name in table.columns if name not in exact)]:
        ours = column_of(name)
        if mapped.ours(str(name)) is not None or ours is None or (not table[name].ne("").any() and name not in exact):
            continue
        if ours == "point" and not any(point_of(text) for text in table[name].unique()):
            ours = "physical_address"  # a column "Location" may hold either
        if ours in chosen.values():
            continue
        chosen[str(name)] = ours
        if name not in exact and str(name) != ours:
            notes.append(f"The column '{str(name)[:60]}' was taken for {ours}.")
    if "service_categories" not in {*chosen.values(), *mapped.defaults}:
        holding = lambda text: not split_categories(text, mapped)[1]  # noqa: E731
        notes += _by_content(table, chosen, "service_categories", "words for categories", holding)
    if not {"latitude", "longitude", "point"} & set(chosen.values()):
        notes += _by_content(table, chosen, "point", "points", lambda text: point_of(text) is not None)
    order = [str(name) for name in table.columns]
    return dict(sorted(chosen.items(), key=lambda item: order.index(item[0]))), notes


def _by_content(
    table: pd.DataFrame, chosen: dict[str, str], ours: str, what: str, holds: Callable[[str], bool]
) -> list[str]:
    """Take the one column that holds nothing but such texts, whatever it is called, and say so."""
    filled = {str(name): [text for text in table[name].unique() if text] for name in table.columns}
    known = [name for name, texts in filled.items() if texts and all(map(holds, texts))]
    if len(known) != 1:
        return []
    chosen[known[0]] = ours
    return [f"The column '{known[0][:60]}' holds {what} and was taken for {ours}."]


def _with_ids(rows: pd.DataFrame, said: Said) -> tuple[pd.DataFrame, list[str]]:
    """Name rows without an id by their line; equal rows that have none count once."""
    rows, notes = rows.copy(), list[str]()
    bare = rows["service_id"].eq("")
    if not bare.any():
        return rows, notes
    twice = bare & rows.duplicated(keep="first")
    rows.loc[bare, "service_id"] = [f"row-{line:05d}" for line in rows.index[bare]]
    if bare.all():
        notes.append("The rows have no ids; they are named by their line in the file.")
    else:
        said.note(rows.index[bare & ~twice], "the row has no id and is named by its line in the file.")
    if twice.any():
        first = rows[bare].groupby([*rows.columns.drop("service_id")], sort=False)["service_id"].transform("first")
        for line in rows.index[twice]:
            said.note(
                [rows.index[rows["service_id"].eq(first[line])][0]], f"line {line} says the same; it counts once."
            )
    return rows[~twice], notes


# --- close ------------------------------------------------------------------------------------------------------------


def _reasons(rows: pd.DataFrame, theirs: pd.DataFrame, word: Word) -> tuple[pd.Series, pd.Series]:
    """Say why each row is hidden ("" where it is not), and whose telephone alone is."""
    ignored = frozenset(name for name, ours in word.mapped.columns.items() if not ours)
    flagged, shown, phones = flagged_rows(theirs, ignored)
    strong = [basis for basis, sleeping in disclosure_bases().items() if sleeping]
    vouched = rows["disclosure"].eq("exact") & rows["disclosure_basis"].ne("")
    own = rows["disclosure"].isin(["area", "withheld"])
    loud = theirs.drop(columns=[name for name in theirs.columns if column_of(name) in ("disclosure", "area")])
    confirmed = confirm_keys(rows).map(lambda key: word.confirmed.get(key, ""))
    sure = rows["disclosure_basis"].isin(strong) & vouched | confirmed.isin(strong)
    found = {
        "flag": flagged,
        "words": confidential_rows(loud, vouched) & has_place(rows) & confirmed.eq(""),
        "sleeping": sleeping_rows(rows, loud, vouched | confirmed.ne("")) & ~sure,
    }
    reasons = pd.Series("", index=rows.index, dtype="object")
    for kind, where in found.items():
        reasons = reasons.mask(where & reasons.eq("") & ~own, kind)
    opened = authorised(rows, authorisations() if word.records is None else word.records)
    hidden = reasons.ne("") | own
    door = same_door(rows)
    reasons = reasons.mask(door.isin(set(door[hidden & has_place(rows)])) & ~hidden & ~opened, "door")
    organisation = one_organization(rows)
    touched = organisation.ne("") & organisation.isin(set(organisation[reasons.ne("") | own]))
    open_still = reasons.eq("") & ~own & has_place(rows)
    # of rows that bring a level and a basis of their own the gate asks for a record
    asked = open_still & ~opened & ~vouched & confirmed.eq("")
    public = public_rows(rows)
    # the source itself may say row by row which of its places are public
    reasons = reasons.mask(asked & touched & ~(shown & public), "organisation")
    unsure = asked & ~touched & ~public
    return (reasons.mask(unsure, "unconfirmed") if word.basis else reasons), phones & reasons.eq("")


def confirm_keys(rows: pd.DataFrame) -> pd.Series:
    """Return what a confirmation is tied to: id, names and place; it ends when one of them changes."""
    parts = rows[["service_id", "organization_name", "service_name", "physical_address", "city"]]
    return pd.Series(
        ["|".join(map(plain_text, row)) for row in parts.itertuples(index=False, name=None)], index=rows.index
    )


def _to_confirm(rows: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
    asked = reasons.isin(_CONFIRMABLE)
    columns = ["service_id", "organization_name", "service_name", "physical_address", "city"]
    return rows.loc[asked, columns].assign(key=confirm_keys(rows)[asked], reason=reasons[asked].map(_REASONS))


# --- fill, level, place, check ----------------------------------------------------------------------------------------


def _has_door(rows: pd.DataFrame) -> pd.Series:
    kinds = packaged("categories").set_index("category")["has_place"]
    return rows["service_categories"].map(lambda text: any(kinds.get(name, False) for name in text.split("|")))


def _fill(rows: pd.DataFrame, mapped: Mapped, shown: pd.Series, said: Said) -> None:
    """Fill blank cells of shown rows: by the defaults of the mapping, then by what the row itself implies."""
    rows.loc[rows["service_categories"].eq(""), "service_categories"] = mapped.defaults.get("service_categories", "")
    located = rows["latitude"].ne("") | rows["physical_address"].ne("") | rows["postal_code"].ne("")
    placed = rows["latitude"].ne("")
    implied = {
        "service_status": pd.Series("unknown", index=rows.index),
        "location_type": (located | _has_door(rows)).map({True: "physical", False: "virtual"}),
        "coordinate_precision": placed.map({True: "street", False: "none"}),
    }
    for column in [*mapped.defaults, *(name for name in implied if name not in mapped.defaults)]:
        if column in ("disclosure_basis", "service_categories"):
            continue
        blank = shown & rows[column].eq("")
        if column == "coordinate_precision" and column in mapped.defaults:
            blank &= placed
        if column in mapped.defaults:
            rows.loc[blank, column] = mapped.defaults[column]
            said.note(rows.index[blank], f"{column} is blank and was filled by the default of the mapping.")
        else:
            rows.loc[blank, column] = implied[column][blank]
            said.note(rows.index[blank], f"{column} is blank and was taken from what the row holds.")


def _level(rows: pd.DataFrame, reasons: pd.Series, word: Word) -> list[str]:
    """Cut hidden rows to id and categories; give the others the operator's word for why their places are public."""
    confirmed = confirm_keys(rows).map(lambda key: word.confirmed.get(key, ""))
    hidden = reasons.ne("")
    bare = ~hidden & rows["disclosure"].isin(["", "exact"]) & rows["disclosure_basis"].eq("")
    kept = ("service_id", "service_categories")
    rows.loc[hidden, [name for name in rows.columns if name not in kept]] = ""
    rows.loc[hidden, "disclosure"] = "withheld"
    rows.loc[hidden, "disclosure_basis"] = reasons[hidden].map(_REASONS)
    known, basis = list(disclosure_bases()), word.basis or word.mapped.defaults.get("disclosure_basis")
    rows.loc[confirmed.ne("") & ~hidden & rows["disclosure"].isin(["", "exact"]), "disclosure"] = "exact"
    rows["disclosure_basis"] = rows["disclosure_basis"].mask(confirmed.ne("") & ~hidden, confirmed)
    bare &= confirmed.eq("")
    if not bare.any():
        return []
    if basis is None:
        levelless = bare & rows["disclosure"].eq("")
        rows.loc[levelless, ["disclosure", "disclosure_basis"]] = ["exact", known[0]]  # so that other faults show too
        return [
            f"{first_ids(rows.loc[levelless, 'service_id'].str[:60])}: the rows have no disclosure level; if their "
            f"places are public, say why with --option basis=... (one of: {'; '.join(known)})."
        ] * bool(levelless.any())
    if basis not in known:
        raise TableError(f"The basis is unknown; write one of: {'; '.join(known)}.")
    rows.loc[bare, ["disclosure", "disclosure_basis"]] = ["exact", basis]
    return []


def _place_along_streets(rows: pd.DataFrame, at: pd.Series, said: Said, ranges: AddressRanges) -> None:
    """Give rows without a point, or with that of their ZIP code, the spot of their house; say how each matched."""
    lacks = at & (rows["latitude"].eq("") | rows["coordinate_precision"].eq("zip")) & rows["physical_address"].ne("")
    found = locate_addresses(rows.loc[lacks, ["physical_address", "postal_code"]], ranges)
    placed = found[found["latitude"].notna()]
    for column in ("latitude", "longitude"):
        rows.loc[placed.index, column] = [repr(float(value)) for value in placed[column]]
    rows.loc[placed.index, ["coordinate_precision", "coordinate_source"]] = ["street", "TIGER/Line address ranges"]
    for match, group in found.groupby("match", sort=True):
        how = "was placed along its street" if group["latitude"].notna().all() else "was not placed along a street"
        said.note(group.index, f"the address {how}: {match}.")


def _place(rows: pd.DataFrame, at: pd.Series, said: Said) -> None:
    """Give rows without a point the packaged point of their ZIP code."""
    lacks = at & rows["latitude"].eq("") & rows["longitude"].eq("") & rows["postal_code"].ne("")
    if not lacks.any():
        return
    table = packaged("places_us")
    points = table.set_index(table["place_id"].str[-5:]).geometry
    found = lacks & rows["postal_code"].isin(points.index)
    own = points[~points.index.duplicated()].reindex(rows.loc[found, "postal_code"])
    rows.loc[found, "latitude"] = [repr(float(value)) for value in own.y]
    rows.loc[found, "longitude"] = [repr(float(value)) for value in own.x]
    rows.loc[found, ["coordinate_precision", "coordinate_source"]] = ["zip", "packaged point of the ZIP code"]
    said.note(
        rows.index[found],
        "the row has no point and was placed at the point of its ZIP code (precision zip, off by some miles). Take "
        "confidential rows out before a list goes to any geocoder outside.",
    )


def _unplaced(rows: pd.DataFrame, at: pd.Series, said: Said, table: pd.DataFrame, what: str) -> list[str]:
    """Tell of rows that have a door and no point; a list in which none has one is refused."""
    lacks = at & rows["latitude"].eq("")
    if at.any() and lacks.sum() == at.sum():
        return [
            f"{what}: no row has a point, so no map could show one; columns found: "
            f"{', '.join(map(str, table.columns))[:400]}. Give latitude and longitude, or a ZIP code; name the columns "
            "in [columns] of a mapping (--option mapping=FILE.toml). Take confidential rows out before a list goes to "
            "a geocoder outside."
        ]
    said.note(rows.index[lacks], "the row has no coordinates and no ZIP code that is known: it stands on no map.")
    return []


def _elsewhere(rows: pd.DataFrame, at: pd.Series, counties: gpd.GeoDataFrame, what: str) -> pd.Series:
    """Say which rows of a wider list are of another region; a list that is all of another region is refused."""
    away = pd.Series(False, index=rows.index)
    away[at] = elsewhere(rows[at], counties)
    if away.any() and away.sum() == at.sum():
        raise TableError(
            f"{what}: every row stands more than {FAR_KM:.0f} km from the study's counties; the list is about another "
            "region."
        )
    return away


def _checked(
    table: pd.DataFrame,
    counties: gpd.GeoDataFrame,
    areas: pd.DataFrame,
    records: pd.DataFrame | None,
    faults: Iterable[str],
) -> gpd.GeoDataFrame:
    found = list(faults)
    try:
        services = checked_rows(table, counties=counties, areas=areas, authorisations=records)
    except TableError as error:
        found += [sentence for sentence in error.problems if sentence not in found]
    raise_all(found, TableError)
    return services


def _tell_hours(rows: pd.DataFrame, services: gpd.GeoDataFrame, shown: pd.Series, said: Said) -> None:
    """Say which hours were read from text, and which stay unknown."""
    read = services.drop_duplicates("service_id").set_index("service_id")["opening_hours"]
    for line, row in rows[shown & rows["hours"].ne("") & rows["opening_hours"].eq("")].iterrows():
        hours = read.get(row["service_id"])
        if not isinstance(hours, str):
            said.note([line], "the hours could not be read surely; they are kept as text and count as unknown.")
        elif hours != row["hours"]:
            said.note([line], f"hours '{row['hours'][:60]}' were read as {hours}.")
