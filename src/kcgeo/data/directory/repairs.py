"""Repairs of cells as people write them; each is said in a note that names the rows.

A repair takes one row (our columns, text, blanks as "") and tells of what it changed. What cannot be read surely stays
as it is and is refused by the check at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

import pandas as pd
from pyproj import Transformer

from kcgeo.data.directory.closing.words import known_words, says_nothing, without_marks
from kcgeo.data.directory.hours import readable
from kcgeo.data.directory.mapping import Mapped, split_categories
from kcgeo.data.directory.spots import degrees_of, point_of, split_address, state_of, states_of_zips
from kcgeo.data.directory.written_hours import read_hours
from kcgeo.errors import first_ids

__all__ = ["Said", "repaired"]

Row = dict[str, str]
Tell = Callable[[str], None]

_WORD_COLUMNS = ("eligibility", "service_status", "location_type", "coordinate_precision", "state")
_AGES_BOTH = re.compile(r"(\d{1,3})\s*(?:-|–|to|through)\s*(\d{1,3})")
_AGES_LEAST = re.compile(
    r"(\d{1,3})\s*(?:\+|(?:years )?(?:and|or|&) (?:over|older|up|above))|(?:over|above|at least|from) (\d{1,3})"
)
_AGES_UNDER = re.compile(r"(?:under|below|younger than)\s*(\d{1,3})")
_AGES_MOST = re.compile(r"(?:up to|through)\s*(\d{1,3})")
_ADULTS = re.compile(r"\badults?\b(?! (?:and |or )?(?:wom|men|man|male|fem))")
_ABOUT_AGE = re.compile(r"[^\w&/ ]|\b(?:ages?|aged|years?|old|only|of|and|is|are|the)\b")
_LEVELS = ("service_id", "disclosure", "disclosure_basis", "area")
_ZIP_IN = re.compile(r"(?<![\d.])(\d{5})(?:-?\d{4})?(?!\d)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|^(?:19|20)\d\d(?=(?:0[1-9]|1[0-2])[0-3]\d$)")
_SHORT_DATE = re.compile(r"\d{1,2}[/-]\d{1,2}[/-](\d\d)")
_SERIALS = (25_569, 73_050)  # days of a spreadsheet: 1970 to 2099
_MERCATOR = (6_000_000.0, 20_037_509.0)


class Said:
    """What is told of rows: notes and faults, grouped by sentence; those of hidden rows are left out at the end."""

    def __init__(self) -> None:
        self._notes: dict[str, list[object]] = {}
        self._faults: dict[str, list[object]] = {}

    def note(self, rows: Iterable[object], sentence: str) -> None:
        """Tell of rows what was repaired or left out."""
        self._notes.setdefault(sentence, []).extend(rows)

    def fault(self, rows: Iterable[object], sentence: str) -> None:
        """Tell of rows what must be mended."""
        self._faults.setdefault(sentence, []).extend(rows)

    def notes(self, names: Mapping[object, str]) -> list[str]:
        """Return the notes of the rows that are named here."""
        return _sentences(self._notes, names)

    def faults(self, names: Mapping[object, str]) -> list[str]:
        """Return the faults of the rows that are named here."""
        return _sentences(self._faults, names)


def _sentences(said: Mapping[str, list[object]], names: Mapping[object, str]) -> list[str]:
    return [
        f"{first_ids(ids)}: {sentence}"
        for sentence, rows in said.items()
        if (ids := dict.fromkeys(names[row] for row in rows if row in names))
    ]


def repaired(rows: pd.DataFrame, mapped: Mapped, said: Said) -> pd.DataFrame:
    """Return the rows with every cell repaired that can be read surely.

    Parameters
    ----------
    rows
        Our columns as text, blanks as "", and where they are there ``ages`` and ``point``.
    mapped
        Words of theirs.
    said
        Is told what was repaired, and of metres in place of degrees.
    """
    records: list[Row] = rows.to_dict("records")  # type: ignore[assignment]
    for line, row in zip(rows.index, records, strict=True):
        for repair in _REPAIRS:
            repair(row, mapped, lambda sentence, line=line: said.note([line], sentence))  # type: ignore[misc]
        if row["verified_on"] and not re.fullmatch(r"-?\d+(?:\.\d+)?", row["verified_on"]):
            said.fault([line], f"verified_on is '{row['verified_on'][:40]}'; a year is wanted, e.g. 2024.")
            row["verified_on"] = ""
        if _is_metres(row):
            row["latitude"] = row["longitude"] = ""
            said.fault(
                [line],
                "latitude and longitude look like metres or feet of a map projection (State Plane, UTM); export the "
                "list in longitude and latitude (EPSG:4326), e.g. 36.1419 and -95.9903.",
            )
    return pd.DataFrame(records, index=rows.index, columns=rows.columns, dtype="object").astype("str")


def _change(row: Row, column: str, value: str | None, tell: Tell, sentence: str) -> None:
    """Put what was read in the place of a cell that is written otherwise."""
    if row[column] and value is not None and value != row[column]:
        tell(sentence.format(text=row[column][:60], value=value))
        row[column] = value


def _marks(row: Row, mapped: Mapped, tell: Tell) -> None:
    """Take out control characters and marks that nobody sees."""
    for column in ("physical_address", "city"):
        row[column] = re.sub(r"[\s,]*\n\s*", ", ", row[column])
    for column, text in row.items():
        if not text.isprintable() and (plain := " ".join(without_marks(text).split())) != text:
            row[column] = plain
            if not set(text) <= {*plain, "\n", "\r", "\t", "\xa0", " "}:
                tell(f"control characters or marks that are not seen were taken out of {column}.")


def _blanks(row: Row, mapped: Mapped, tell: Tell) -> None:
    """Blank cells that say nothing; "none" and "unknown" stay where they are words of ours, levels always do."""
    for column, text in row.items():
        if text and column not in _LEVELS and says_nothing(text) and _read(text, column, mapped) is None:
            row[column] = ""
            tell(f"{column} says '{text}', which was taken for blank.")


def _point(row: Row, mapped: Mapped, tell: Tell) -> None:
    """Split a point in one cell (:func:`kcgeo.data.directory.spots.point_of`)."""
    if not row.get("point") or row["latitude"] or row["longitude"] or not (found := point_of(row["point"])):
        return
    row["latitude"], row["longitude"], before = found
    row["physical_address"] = row["physical_address"] or before
    tell("latitude and longitude were split from one cell.")


def _address(row: Row, mapped: Mapped, tell: Tell) -> None:
    """Split "100 Example Ave, Tulsa, OK 74119" and "Tulsa, OK 74119" into their parts."""
    state = state_of(row["state"]) or ""
    for column in ("city", "physical_address"):
        found = split_address(row[column], state) if row[column] else None
        if not found or bool(found[0]) != (column == "physical_address"):
            continue
        street, town, known, code = found
        if street and row["city"] and town.casefold() != row["city"].casefold():
            continue
        row[column] = street or town
        for part, value in (("city", town), ("state", known), ("postal_code", code)):
            row[part] = row[part] or value
        tell(f"town, state and ZIP code were split from {column}.")


def _categories(row: Row, mapped: Mapped, tell: Tell) -> None:
    """Give categories our names."""
    text = row["service_categories"]
    names, unknown = split_categories(text, mapped)
    joined = "|".join([*names, *unknown])
    if not unknown and text.casefold().replace(" ", "_") != joined.casefold().replace(" ", "_"):
        tell(f"the category '{text[:60]}' was read as {joined.replace('|', ' and ')}.")
    row["service_categories"] = joined


def _words(row: Row, mapped: Mapped, tell: Tell) -> None:
    """Give eligibility, status, kind of location and state our words; of several groups see :func:`_group_of`."""
    for column in _WORD_COLUMNS:
        text = row[column]
        if not text:
            continue
        value = _read(text, column, mapped)
        if value is None and column == "eligibility":
            value = _who(row, text, mapped)
        if value is not None and value != text:
            row[column] = value
            if text.casefold() != value.casefold():
                tell(f"{column} '{text[:60]}' was read as {value}.")


def _who(row: Row, text: str, mapped: Mapped) -> str | None:
    """Read who may come where a cell holds ages too ("Women over 18", "Adults"), or several groups."""
    least, most, ages = _ages_in(_ADULTS.sub("18+", text.casefold()))
    if ages:
        group = _ABOUT_AGE.sub(" ", _ADULTS.sub("18+", text.casefold()).replace(ages, " ")).strip()
        young = most and int(most) < 18 and (not group or _read(f"{group} under 18", "eligibility", mapped))
        value = "minors" if young else _read(group, "eligibility", mapped) if group else "any"
        if value:
            row["minimum_age"], row["maximum_age"] = row["minimum_age"] or least, row["maximum_age"] or most
        return value
    parts = [_read(part, "eligibility", mapped) for part in re.split(r"[|;,/&\n]|\band\b", text) if part.strip()]
    value = _group_of(parts)
    if value == "any" and not {"any", "minors"} & set(parts):
        row["minimum_age"] = row["minimum_age"] or "18"
    return value


def _read(text: str, column: str, mapped: Mapped) -> str | None:
    plain = " ".join(text.split()).casefold()
    said = mapped.words.get(column, {}).get(plain)
    if said or column not in _WORD_COLUMNS:
        return said
    if column == "state":
        return state_of(text)
    known = _known(column)
    return known.get(plain) or known.get(plain.strip(" .").removesuffix(" only"))


@lru_cache(maxsize=8)
def _known(column: str) -> Mapping[str, str]:
    return known_words(column)


def _group_of(parts: list[str | None]) -> str | None:
    """Return who may come where several groups are listed: women and men are any person; else the one group or None."""
    found = set(parts)
    if None in found or not found:
        return None
    if "any" in found or {"adult women", "men"} <= found:
        return "any"
    return found.pop() if len(found) == 1 else None


def _ages_in(text: str) -> tuple[str, str, str]:
    """Return the youngest and the oldest age that a text names, and the words that name them.

    >>> _ages_in("women over 18"), _ages_in("youth 12-17"), _ages_in("under 18")
    (('18', '', 'over 18'), ('12', '17', '12-17'), ('', '17', 'under 18'))
    """
    if both := _AGES_BOTH.search(text):
        return both[1], both[2], both[0]
    if found := _AGES_LEAST.search(text):
        return found[1] or found[2], "", found[0]
    if found := _AGES_UNDER.search(text):
        return "", str(int(found[1]) - 1), found[0]
    if found := _AGES_MOST.search(text):
        return "", found[1], found[0]
    return "", "", ""


def _ages(row: Row, mapped: Mapped, tell: Tell) -> None:
    """Read "18+", "12-17" and "18 and over" where one column holds both ages; beds and ages with words beside them."""
    least, most, ages = _ages_in(" ".join(row.get("ages", "").casefold().split()))
    if ages:
        row["minimum_age"], row["maximum_age"] = row["minimum_age"] or least, row["maximum_age"] or most
        tell("ages were read from one cell.")
    for column in ("minimum_age", "maximum_age", "capacity_beds"):
        _change(row, column, _whole(row[column]), tell, column + " '{text}' was read as {value}.")


def _whole(text: str) -> str | None:
    numbers = _NUMBER.findall(text)
    if len(numbers) != 1 or re.search(r"[-–<>]|month|week|under|over", text) or not float(numbers[0]).is_integer():
        return None
    return str(int(float(numbers[0])))


def _coordinates(row: Row, mapped: Mapped, tell: Tell) -> None:
    """Read decimal commas, degrees and minutes, sides of the world, and metres of web maps."""
    for column in ("latitude", "longitude"):
        if re.fullmatch(r"-?\d{1,3},\d+", row[column]):
            row[column] = row[column].replace(",", ".")
            tell(f"{column} is written with a decimal comma, which was read as a point.")
        _change(row, column, degrees_of(row[column]), tell, column + " '{text}' was read as {value}.")
    east, north = _number(row["longitude"]), _number(row["latitude"])
    if _MERCATOR[0] < abs(east) < _MERCATOR[1] and 1_800_000 < abs(north) < 12_000_000:
        lon, lat = _web_map().transform(east, north)
        row["longitude"], row["latitude"] = repr(round(lon, 7)), repr(round(lat, 7))
        tell("metres of a web map (EPSG:3857) were brought to degrees.")


@lru_cache(maxsize=1)
def _web_map() -> Transformer:
    return Transformer.from_crs(3857, 4326, always_xy=True)


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"-?\d{1,12}(?:\.\d*)?", text) else 0.0


def _is_metres(row: Row) -> bool:
    return max(abs(_number(row["longitude"])), abs(_number(row["latitude"]))) > 1_000


def _zip_code(row: Row, mapped: Mapped, tell: Tell) -> None:
    """Read a ZIP code that a spreadsheet took for a number; a zero is put back where the state has such a code."""
    text = row["postal_code"]
    if row["disclosure"] == "area":  # such a row must hold no place: what stands here is refused, not tidied away
        return
    plain = re.sub(r"(?<=\d)\.0*$", "", text)
    if re.fullmatch(r"\d{3,4}", plain):
        full, state = plain.zfill(5), row["state"]
        if states_of_zips().get(full) in ([state] if state else set(states_of_zips().values())):
            tell(f"the ZIP code {plain} lost its zero in a spreadsheet and was read as {full}.")
            row["postal_code"] = full
        else:
            where = f"{state} has" if state else "there is"
            tell(f"the ZIP code '{text}' has {len(plain)} digits and {where} no {full}; it was left blank.")
            row["postal_code"] = ""
        return
    found = set(_ZIP_IN.findall(plain))
    row["postal_code"] = found.pop() if len(found) == 1 else ""
    if text and not row["postal_code"]:
        tell(f"the ZIP code '{text[:40]}' is none and was left blank.")


def _year(row: Row, mapped: Mapped, tell: Tell) -> None:
    """Take the year of a date, of a day number of a spreadsheet, of a text with one year in it."""
    _change(row, "verified_on", _year_of(row["verified_on"]), tell, "verified_on was read as the year of a date.")


def _year_of(text: str) -> str | None:
    found = set(_YEAR.findall(text))
    if len(found) == 1:
        return str(found.pop())
    if short := _SHORT_DATE.fullmatch(text):
        return f"20{short[1]}"
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text) and _SERIALS[0] <= float(text) <= _SERIALS[1]:
        return str((pd.Timestamp("1899-12-30") + pd.Timedelta(days=float(text))).year)
    return None


# only its own days and times of four digits: "9:00-5:00" would be in the syntax too, and mean a night
_PLAIN_HOURS = re.compile(r"(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|off|\d\d:\d\d|[-,; ])+")


def _hours(row: Row, mapped: Mapped, tell: Tell) -> None:
    """Read hours in words that stand where the syntax of OpenStreetMap is wanted; what is in the syntax stays."""
    if _PLAIN_HOURS.fullmatch(row["opening_hours"]) and readable(row["opening_hours"]):
        return
    _change(row, "opening_hours", read_hours(row["opening_hours"]), tell, "hours '{text}' were read as {value}.")


_REPAIRS: tuple[Callable[[Row, Mapped, Tell], None], ...] = (
    _marks,
    _blanks,
    _point,
    _address,
    _categories,
    _words,
    _ages,
    _coordinates,
    _zip_code,
    _year,
    _hours,
)
# in this order: what splits a cell comes before what reads its parts
