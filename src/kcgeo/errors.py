"""The errors of the project: what is wrong, which rows, and the next step.

Every refusal is a :class:`KcgeoError`, which is a :class:`ValueError`. Checks collect one sentence for each broken rule
and raise once, so that a user mends a file in one round.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "CrsError",
    "DisclosureError",
    "IntegrityError",
    "KcgeoError",
    "SolverError",
    "StudyError",
    "TableError",
    "UnfinishedWarning",
    "WithheldWarning",
    "first_ids",
    "raise_all",
]


class KcgeoError(ValueError):
    """Base of all refusals; ``problems`` holds one sentence for each fault."""

    exit_code = 2
    """What a command ends with: 2 for input that is refused, 4 where a server cannot be reached."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class TableError(KcgeoError):
    """A table or a file breaks its contract."""


class WithheldWarning(UserWarning):
    """Rows came in as withheld; the text names their ids, so it is for the operator and never for a published log."""


class UnfinishedWarning(UserWarning):
    """A search ended before what it gives was whole; ``reason`` is ``time_limit`` or ``interrupted``."""

    def __init__(self, sentence: str, reason: str) -> None:
        self.reason = reason
        super().__init__(sentence)


class CrsError(KcgeoError):
    """A layer has no coordinate reference system, or another than the function needs."""


class IntegrityError(KcgeoError):
    """A file of the data package is missing or is not the one that was registered."""


class StudyError(KcgeoError):
    """A study file asks for something that cannot be had."""


class DisclosureError(KcgeoError):
    """Something that must stay hidden would leave; the message never names the place."""


class SolverError(KcgeoError):
    """A location model has no answer, or an answer that its checker refuses."""


def first_ids(ids: Iterable[object], *, limit: int = 5) -> str:
    """Name the first few ids for a message, and say how many more there are.

    >>> first_ids(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    names = [str(value) for value in ids]
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")


def raise_all(problems: Iterable[str], error: type[KcgeoError]) -> None:
    """Raise ``error`` with every sentence of ``problems``; return where there are none."""
    found = tuple(problems)
    if found:
        raise error(found)
