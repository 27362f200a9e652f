"""How searches are compiled: by numba, with a cache on disk that may be missing, locked or damaged without harm.

numba keeps compiled code beside the module or in the home folder. Where neither can be written it raises an error at
import, and a damaged file ends the first call with whatever unpickling says. Both are matters of speed only, so here
the function is compiled anew instead. Each file begins with a hash of the rest: what runs is what was written.
"""

# numba has no types of its own
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

__all__ = ["compiled"]

_DIGEST_SIZE = hashlib.sha256().digest_size


class _Hashed(IndexDataCacheFile):
    """Files of compiled code that begin with the hash of what follows."""

    def _save_data(self, name: str, data: Any) -> None:
        content = self._dump(data)
        with self._open_for_write(self._data_path(name)) as stream:
            stream.write(hashlib.sha256(content).digest() + content)

    def _load_data(self, name: str) -> Any:
        content = Path(self._data_path(name)).read_bytes()
        digest, content = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
        if hashlib.sha256(content).digest() != digest:
            raise ValueError("the file is not the one that was written")
        return pickle.loads(content)


class _Forgiving(FunctionCache):
    """A cache whose faults cost time only."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = _Hashed(self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled function; None, and an empty cache, where its file is damaged."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # unpickling damaged bytes may raise anything
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compiled function where the disk allows it."""
        with suppress(OSError):
            super().save_overload(sig, data)


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function with numba at its first call; ``options`` are those of ``numba.njit``."""

    def made(function: Callable[..., Any]) -> Any:
        dispatcher = njit(**options)(function)
        with suppress(RuntimeError):  # no folder can be written: numba has no other class for it
            dispatcher._cache = _Forgiving(function)
        return dispatcher

    return made
