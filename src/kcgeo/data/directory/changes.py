"""What changed between two lists of services, row by row: new, gone, and in which columns they differ.

Hidden rows are numbered anew at each reading and say nothing; only their number is compared.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from kcgeo.data.directory.checking import plain_rows

__all__ = ["changes"]

_MOVED = ("latitude", "longitude")
_LEFT_OUT = ("coordinate_source", "evidence", "seed_mentioned")


def changes(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> pd.DataFrame:
    """Compare two checked directories.

    Parameters
    ----------
    before, after
        As :func:`kcgeo.data.services` returns them.

    Returns
    -------
    DataFrame
        ``service_id, change, columns``, sorted by id: ``change`` is ``new``, ``gone`` or ``changed``; ``columns`` names
        the columns that differ ("point" where the place moved), joined by ", ". Hidden rows are not in it.
    """
    former, latter = (
        plain_rows(table)[table["disclosure"].ne("withheld").to_numpy()].set_index("service_id")
        for table in (before, after)
    )
    rows = [(one, "gone", "") for one in former.index.difference(latter.index)]
    rows += [(one, "new", "") for one in latter.index.difference(former.index)]
    both = former.index.intersection(latter.index)
    columns = [name for name in former.columns if name not in _LEFT_OUT]
    differs = former.loc[both, columns] != latter.loc[both, columns]
    for one in both[differs.any(axis=1)]:
        names = ["point" if name in _MOVED else name for name in differs.columns[differs.loc[one]]]
        rows.append((one, "changed", ", ".join(dict.fromkeys(names))))
    table = pd.DataFrame(rows, columns=["service_id", "change", "columns"], dtype="str")
    return table.sort_values(["service_id", "change"], ignore_index=True)
