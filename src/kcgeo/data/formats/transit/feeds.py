"""Where feeds lie: in a zip, a folder, or several of them together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from kcgeo.data.formats.archive import Limits, extracted

__all__ = ["feed_name", "feeds_in", "plain_line"]

_PROOF = "stop_times.txt"  # a folder with this file is a feed
_LIMITS = Limits(total_bytes=1 << 30)


@contextmanager
def feeds_in(source: Path) -> Iterator[dict[str, Path]]:
    """Give the folders that hold a feed each, by name; zips in a folder are opened too."""
    with ExitStack() as stack:
        top = stack.enter_context(extracted(source, limits=_LIMITS))
        roots = {"": top}
        for item in sorted(top.rglob("*.zip")) if not (top / _PROOF).is_file() else ():
            roots[item.stem] = stack.enter_context(extracted(item, limits=_LIMITS))
        found: dict[str, Path] = {}
        for name, root in roots.items():
            for path in sorted(root.rglob(_PROOF)):
                if "__MACOSX" not in path.parts:
                    found[feed_name(path.parent.name if path.parent != top and not name else name, found)] = path.parent
        yield found or {"": top}


def feed_name(name: str, taken: dict[str, Path]) -> str:
    """Return a name that can stand before ids, other than those that are taken."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "feed"
    return plain if plain not in taken else f"{plain}-{len(taken) + 1}"


def plain_line(name: str) -> str:
    """Return a name from a foreign file as one printable line."""
    return "".join(letter for letter in " ".join(name.split()) if letter.isprintable())[:80]
