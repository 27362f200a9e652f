"""kcgeo: who around a metro can reach help after trafficking, who cannot, and where one more site would help most.

The rooms are loaded when they are first named: ``import kcgeo; kcgeo.data.load("counties")``.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

ROOMS = ("data", "travel", "access", "siting", "disclosure", "present", "study")
"""The rooms in the one direction in which they import: each only from those before it."""

try:
    __version__ = version("kcgeo")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "unknown"

__all__ = ["ROOMS", "__version__"]


def __getattr__(name: str) -> ModuleType:
    if name in ROOMS:
        return import_module(f"kcgeo.{name}")
    raise AttributeError(f"kcgeo has no room '{name}'; it has {', '.join(ROOMS)}.")


def __dir__() -> list[str]:
    return sorted({*globals(), *ROOMS})
