"""The notebook map: complete in itself, the same bytes each time, and only what was released."""

from __future__ import annotations

import re

import pytest

from kcgeo import present
from kcgeo.errors import DisclosureError, TableError
from tests.present.town import Town


def _map(town: Town, *categories: str) -> present.OfflineMap:
    return present.explore_map(town.cells, town.services, categories=categories, ground=town.ground)


def test_page_asks_nothing_of_any_network(town: Town) -> None:
    page = _map(town, "medical").page()
    loading = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", page)
    assert loading == []
    assert "$(" not in page  # folium's own popups would need jQuery


def test_two_maps_have_the_same_bytes(town: Town) -> None:
    assert _map(town, "medical", "legal").page() == _map(town, "medical", "legal").page()
    shown = _map(town, "medical")
    assert shown._repr_html_() == shown._repr_html_()


def test_map_says_what_it_shows(town: Town) -> None:
    page = _map(town, "medical", "legal").page()
    for text in ("Minutes to medical care", "Minutes to legal help", "free-flow", "Lower bound", "ODbL", "call first"):
        assert text in page


def test_raw_table_is_refused(town: Town) -> None:
    with pytest.raises(DisclosureError):
        present.explore_map(town.cells.table, town.services, categories=["medical"], ground=town.ground)  # type: ignore[arg-type]


def test_category_that_was_not_measured(town: Town) -> None:
    with pytest.raises(TableError, match="hotline_min"):
        _map(town, "hotline")
