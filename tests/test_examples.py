"""Examples of public functions print what they show; and how many public functions still have none."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module
from types import FunctionType

import pytest

import kcgeo

WITHOUT = 165
"""Most public functions that may be without an example: this number may only fall."""


def _functions(room: str) -> dict[str, FunctionType]:
    module = import_module(f"kcgeo.{room}")
    found = {name: inspect.unwrap(getattr(module, name)) for name in module.__all__}
    return {name: one for name, one in found.items() if inspect.isfunction(one)}


@pytest.mark.parametrize("room", kcgeo.ROOMS)
def test_examples_print_what_they_show(room: str) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for name, one in _functions(room).items():
        for test in doctest.DocTestFinder(recurse=False).find(one, name, globs=dict(one.__globals__)):
            runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_no_function_comes_without_an_example() -> None:
    lost = [
        f"{room}.{name}"
        for room in kcgeo.ROOMS
        for name, one in _functions(room).items()
        if ">>>" not in (one.__doc__ or "")
    ]
    assert len(lost) <= WITHOUT, lost
