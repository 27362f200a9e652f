"""Fixtures that every room uses."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A runner that was started in the background ignores Ctrl-C, and so would every test of Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of published numbers and reference layers; it is not part of the project."""
    folder = Path(os.environ.get("KCGEO_SHARED", ROOT.parent / "shared"))
    if not (folder / "oracles").is_dir():
        pytest.skip("the folder of published numbers (../shared) is not on this machine")
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """Top of the repository."""
    return ROOT
