"""A feed as the layer ``transit`` of a study, alone or beside the feeds of other agencies."""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from kcgeo.data.formats.about_study import check_in_counties
from kcgeo.data.formats.registry import Converted
from kcgeo.data.formats.transit.feeds import feed_name, feeds_in, plain_line
from kcgeo.data.formats.transit.gtfs import read_gtfs
from kcgeo.data.formats.transit.gtfs_days import first_and_last_date
from kcgeo.data.study.layers import checked_layer
from kcgeo.data.study.settings import Study

__all__ = ["add_gtfs"]

_TITLE, _TITLE_END = "Scheduled public transport of ", " (GTFS)"


def add_gtfs(path: Path | str, study: Study, *, licence: str = "", name: str = "") -> Converted:
    """Check a feed and hand it on as it came; the entry of ``gtfs`` in the list of readers.

    Parameters
    ----------
    path : path
        Zip or folder, of one feed or of several.
    study : Study
        Stops must lie in its counties. Its former feeds stay beside this one where ``name`` is given.
    licence : str
        As the publisher states it; a feed has no place for it.
    name : str
        Of this feed among several of a study: a feed of the same name is replaced, the others stay.

    Raises
    ------
    TableError
        See :func:`read_gtfs`; also where no stop lies in the counties of the study.
    """
    source = Path(path)
    feed = read_gtfs(source)
    stops = feed.stops.dropna(subset=["latitude", "longitude"])
    notes = check_in_counties(study, stops["longitude"].to_numpy(), stops["latitude"].to_numpy(), what="stop")
    first, last = first_and_last_date(feed)
    if last < datetime.now(tz=UTC).date():
        notes += (
            f"The timetable ended on {last}: buses may run otherwise today. Ask the publisher for the present one.",
        )
    former = study.layer("transit") if name else None
    others = former.title.removeprefix(_TITLE).removesuffix(_TITLE_END) if former else ""
    agencies = ", ".join(dict.fromkeys([*filter(None, [others]), feed.agency]))

    stated = plain_line(licence) or "not stated in the feed; ask the publisher"

    def write(target: Path) -> int:
        with ExitStack() as stack:
            parts = dict(stack.enter_context(feeds_in(checked_layer(former)))) if former else {}
            given = stack.enter_context(feeds_in(source))
            parts |= {feed_name(name, {}): folder for folder in given.values()} if name else given
            _pack(parts, target)
        return len(read_gtfs(target).trips)

    return Converted(
        write=write,
        title=f"{_TITLE}{agencies}{_TITLE_END}",
        vintage="; ".join([*([former.vintage] if former else []), f"timetable {first} to {last}"]),
        licence="; ".join(dict.fromkeys([*([former.licence] if former else []), stated])),
        notes=(*(former.notes if former else ()), *feed.notes, *notes),
    )


def _pack(feeds: dict[str, Path], target: Path) -> None:
    """Pack the tables of feeds, the same bytes each time; several lie in a folder each."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, folder in feeds.items():
            for path in sorted(folder.glob("*.txt")):
                inner = path.name if len(feeds) == 1 else f"{name}/{path.name}"
                archive.writestr(zipfile.ZipInfo(inner), path.read_bytes(), zipfile.ZIP_DEFLATED)
