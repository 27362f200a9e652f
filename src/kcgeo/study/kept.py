"""What one run has computed is not computed again by its notebooks: results lie in a folder that ends with the run.

A result is found by all that it depends on: the study file, its services, the data package, the code, and what was
asked. Without a run there is no such folder, and everything is computed.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from kcgeo.data import package_folder
from kcgeo.data.study.settings import Study
from kcgeo.files import scratch, sha256, write_bytes

__all__ = ["keeping", "kept", "key_of"]

_FOLDER = "KCGEO_KEPT"
Result = TypeVar("Result")


@contextmanager
def keeping() -> Iterator[None]:
    """Keep results for this process and those that it starts, until the block ends."""
    with scratch("kept") as folder:
        former = os.environ.get(_FOLDER)
        os.environ[_FOLDER] = str(folder)
        try:
            yield
        finally:
            os.environ.pop(_FOLDER)
            if former is not None:
                os.environ[_FOLDER] = former


def key_of(study: Study, *asked: object) -> str:
    """Name a result by all that it depends on; empty where nothing is kept."""
    if _FOLDER not in os.environ:
        return ""
    said = [Path(name) for name in (study.services_options.mapping, study.services_options.confirm) if name]
    paths = [
        path
        for path in (study.services_path, study.collected_path, *said, *(layer.path for layer in study.layers))
        if path is not None
    ]
    files = [sha256(path) if path.is_file() else "" for path in paths]
    return hashlib.sha256(repr((asdict(study), files, asked, _code_and_data())).encode()).hexdigest()


@lru_cache(maxsize=1)
def _code_and_data() -> str:
    """Hash of the program, and of the list of the data package, which holds a hash of each of its files."""
    code = sorted(Path(__file__).parents[1].rglob("*.py"))
    lists = sorted(package_folder().glob("*.json"))
    return "".join(sha256(path) for path in (*code, *lists))


def kept(key: str, compute: Callable[[], Result]) -> Result:
    """Return what this run computed for ``key`` before, or compute and keep it."""
    folder = os.environ.get(_FOLDER)
    if not key or not folder:
        return compute()
    path = Path(folder) / f"{key}.pickle"
    if path.is_file():
        found: Result = pickle.loads(path.read_bytes())  # the folder is this user's own, and so is what lies there
        return found
    result = compute()
    write_bytes(path, pickle.dumps(result, protocol=pickle.HIGHEST_PROTOCOL))
    return result
