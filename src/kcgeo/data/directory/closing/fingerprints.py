"""Hidden doors of one list, remembered for the other lists of a study without being readable.

A hidden row keeps nothing of its place, so a second list could show what the first one hides. A list therefore leaves
fingerprints of its hidden rows in the register of the study: keyed hashes of telephones, addresses, points and names.
The key lies in the user's own settings, so that a study folder which is passed on gives nothing back; with another key
nothing can be compared, and the study is refused.
"""

from __future__ import annotations

import hmac
import itertools
import os
import re
import secrets
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import h3
import pandas as pd

from kcgeo.data.directory.closing.doors import plain_organization, plain_text, street_of, telephones
from kcgeo.errors import StudyError
from kcgeo.files import user_home

__all__ = ["beside_hidden", "fingerprints"]

_DIGITS = 14  # of a hash: of a million by a million pairs one in seventy agrees by chance
_CELL = 11  # hexagons of 29 m; three rings reach 100 m and more, to either side
_RINGS = 3
_TWO_SLIPS, _ONE_SLIP = 8, 5  # letters of a street's name from which on so many may differ


def _key() -> bytes:
    """Return the user's own key, made at the first call."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or user_home() / ".config") / "kcgeo"
    path = folder / "hidden-doors.key"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
    return path.read_bytes()


def _hashed(key: bytes, token: str) -> str:
    return hmac.digest(key, token.encode(), sha256).hex()[:_DIGITS]


def fingerprints(rows: pd.DataFrame) -> str:
    """Return the fingerprints of hidden rows, which :func:`beside_hidden` takes; empty where there is no row.

    Parameters
    ----------
    rows
        Services as text, with whatever tells their door: ``physical_address, city, postal_code, latitude, longitude,
        phone, organization_name, service_name``.
    """
    if rows.empty:
        return ""
    key = _key()
    every = (
        (_house(row), *_tokens(row, is_hidden=True), *_of_address(row, is_hidden=True))
        for row in rows.astype("object").where(rows.notna(), "").to_dict("records")
    )
    found = {_hashed(key, token) for tokens in every for token in tokens}
    return " ".join([_hashed(key, "key"), *sorted(found)])


def beside_hidden(rows: pd.DataFrame, known: str) -> pd.Series[bool]:
    """Say which rows share a door, a telephone or a name with a hidden row of another list, also in dirty spelling.

    Parameters
    ----------
    rows
        As :func:`fingerprints`.
    known
        What :func:`fingerprints` returned for the other list.

    Raises
    ------
    StudyError
        The fingerprints were made with another key.
    """
    prints = set(known.split())
    if not prints:
        return pd.Series(False, index=rows.index)
    key = _key()
    if _hashed(key, "key") not in prints:
        raise StudyError(
            "The lists of services were added by another user or on another machine, so that their hidden doors cannot "
            "be compared; add the lists again with kcgeo data add."
        )

    def is_known(token: str) -> bool:
        return _hashed(key, token) in prints

    # a house number that no hidden row has spares the spellings of its street
    beside = [
        any(map(is_known, _tokens(row))) or (is_known(_house(row)) and any(map(is_known, _of_address(row))))
        for row in rows.astype("object").where(rows.notna(), "").to_dict("records")
    ]
    return pd.Series(beside, index=rows.index, dtype=bool)


def _tokens(held: dict[Any, Any], *, is_hidden: bool = False) -> Iterator[str]:
    """Give what tells the door of a row beside its address; of a hidden row also the cells around its point."""
    yield from (f"phone {number}" for number in telephones(held.get("phone")))
    try:
        latitude, longitude = float(held.get("latitude", "")), float(held.get("longitude", ""))
    except ValueError:
        pass
    else:
        if held.get("coordinate_precision") != "zip":
            cell = h3.latlng_to_cell(latitude, longitude, _CELL)
            yield from (f"cell {one}" for one in (h3.grid_disk(cell, _RINGS) if is_hidden else (cell,)))
    # what a service is called is often what it is ("Case management"): it tells a place only as somebody's own name
    organization, service = _of_name(held.get("organization_name", "")), _of_name(held.get("service_name", ""))
    yield from (f"org {name}" for name in (organization if is_hidden else organization | service))
    yield from (f"service {name}" for name in (service if is_hidden else organization))


def _of_name(text: str) -> set[str]:
    letters = plain_organization(text).replace(" ", "") if text.strip() else ""
    return _slips(letters, 1 if len(letters) >= _TWO_SLIPS else 0) if letters else set()


def _house(held: dict[Any, Any]) -> str:
    street = street_of(held.get("physical_address"))
    return f"house {street[0] if street else ''}"


def _of_address(held: dict[Any, Any], is_hidden: bool = False) -> Iterator[str]:
    street = street_of(held.get("physical_address"))
    if street is None:
        return
    number, name, _, _ = street
    letters = "".join(re.findall(r"[^\W\d_]", name))
    allowed = 2 if len(letters) >= _TWO_SLIPS else 1 if len(letters) >= _ONE_SLIP else 0
    spellings = _slips(letters, allowed)
    for spelling, town in itertools.product(spellings, _of_town(held, is_hidden)):
        yield f"at {number} {' '.join(re.findall(r'[0-9]+', name))} {spelling} {town}"


def _of_town(held: dict[Any, Any], is_hidden: bool) -> set[str]:
    """Give town and ZIP code; a town that is not told agrees with any."""
    words = re.findall(r"[^\W_]+", plain_text(held.get("city", "")))
    joined, initials = "".join(words), "".join(word[0] for word in words)
    found = {f"town {joined}", f"short {initials if is_hidden else joined}"} if words else set()
    found |= {f"town {initials}"} if words and not is_hidden else set()
    found |= {"any town"} if is_hidden or not words else set()
    found |= {"no town"} if not (is_hidden and words) else set()
    code = held.get("postal_code", "").strip()[:5]
    return found | ({f"zip {code}"} if code else set())


def _slips(letters: str, allowed: int) -> set[str]:
    """Return a text with up to so many letters left out: two texts that differ by as many slips share one of these."""
    found = {letters}
    for _ in range(allowed):
        found |= {text[:at] + text[at + 1 :] for text in found for at in range(len(text))}
    return found
