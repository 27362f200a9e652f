"""The small metro, made once."""

from __future__ import annotations

import pytest

from tests.present.town import Town, make_town


@pytest.fixture(scope="session")
def town() -> Town:
    """All releases of the small metro."""
    return make_town()
