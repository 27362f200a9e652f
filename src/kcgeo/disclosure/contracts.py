"""What each kind of released table may hold: an allowlist of columns, the words for its rules, and its sort keys.

A column that is not on the list of its kind does not leave. The lists lie in ``contracts.toml`` beside this file; they
name quantities, never places: travel times, counts, shares, states, and the ids of public geography.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from kcgeo import terms

__all__ = ["CATEGORIES", "CONTRACTS", "Contract"]

CATEGORIES = tuple(terms.categories())


@dataclass(frozen=True)
class Contract:
    """The allowlist of one kind.

    ``columns`` are exact names, ``patterns`` are whole-name regular expressions; ``geometry`` names the allowed types
    of a column "geometry"; a column let in by a pattern holds numbers, booleans or some of the short ``words``.
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


def _read() -> dict[str, Contract]:
    book = tomllib.loads(resources.files("kcgeo.disclosure").joinpath("contracts.toml").read_text(encoding="utf-8"))
    any_category = "|".join(CATEGORIES)
    made = {"categories": any_category, "per_category": _PER_CATEGORY.format(any_category)}
    shared: Mapping[str, str | Sequence[str]] = book["shared"] | made

    def whole(names: Sequence[str]) -> tuple[str, ...]:
        lists = [shared[name[1:]] if name.startswith("@") else name for name in names]
        return tuple(item for held in lists for item in ([held] if isinstance(held, str) else held))

    found: dict[str, Contract] = {}
    for kind, parts in book["contracts"].items():
        held: dict[str, Any] = {part: whole(names) for part, names in parts.items()}
        found[kind] = Contract(kind, **held)
    return found


_PER_CATEGORY = r"(?:{})(?:_[a-z0-9]+)*_(?:min|state|reason|covered|count|share)"
CONTRACTS: dict[str, Contract] = _read()
