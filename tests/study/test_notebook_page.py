"""The page of a notebook: it can be left at once, and says what a browser keeps."""

from __future__ import annotations

import re

import pytest

from kcgeo.present.look.words import SAFE_BROWSING
from kcgeo.study.folder.notebooks import page

nbformat = pytest.importorskip("nbformat")


def test_a_notebook_page_can_be_left_at_once_and_keeps_nothing() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A question?", id="one")])
    text = page(notebook, title="A question?")
    before = text.index('<a class="quit" href="https://www.weather.gov/" rel="noreferrer noopener">Leave this page</a>')
    assert before < text.index("A question?</h1>" if "A question?</h1>" in text else 'id="A-question?"')
    assert SAFE_BROWSING in text
    assert '<meta name="referrer" content="no-referrer">' in text
    assert not re.search(r"<script|Storage|document\.cookie|sendBeacon|fetch\(", text)
