"""Downloading a published file so that what is kept is whole: resumed, tested, hashed, and never half a file.

Bytes go to ``NAME.part``; a cut connection is taken up where it broke, if the server can and the file is still the same
one (``If-Range``); what has come is tested (length, then the content itself), hashed, and only then takes its name. The
record beside it (``NAME.json``) holds address, length and SHA-256: a later use compares them and asks no server.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kcgeo.errors import KcgeoError, TableError
from kcgeo.files import sha256, write_text

__all__ = ["FetchError", "Fetched", "Patience", "cache_folder", "check_text", "download"]

_BLOCK = 1 << 16
_AGAIN = {408, 425, 429, 500, 502, 503, 504}


class FetchError(KcgeoError):
    """A published file could not be had; what was there before stays."""


@dataclass(frozen=True)
class Patience:
    """How long to try.

    Attributes
    ----------
    tries
        Connections in a row that bring nothing new before giving up; one that brings bytes starts the count anew.
    connections
        Connections in all.
    wait_s
        Seconds before the second try; doubled each time, 60 at most. A server that names a time is given it, 120 at
        most.
    timeout_s
        Seconds without a byte after which a connection counts as broken.
    limit_bytes
        Longest file.
    """

    tries: int = 5
    connections: int = 50
    wait_s: float = 1.0
    timeout_s: float = 60.0
    limit_bytes: int = 2 << 30


@dataclass(frozen=True)
class Fetched:
    """A whole file in the cache, its address, length and hash; ``is_new`` where it was downloaded just now."""

    path: Path
    url: str
    bytes: int
    sha256: str
    is_new: bool


def cache_folder() -> Path:
    """Return the folder of downloaded files: ``KCGEO_CACHE``, else ``kcgeo`` in the user's cache folder."""
    named = os.environ.get("KCGEO_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "kcgeo"


def download(
    url: str,
    target: Path,
    *,
    check: Callable[[Path], None],
    refresh: bool = False,
    patience: Patience | None = None,
    step: Callable[[int, int | None], None] = lambda done, total: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Download a file unless the cache holds it whole.

    Parameters
    ----------
    url
        An http or https address.
    target
        Path in the cache; ``.part`` and ``.json`` are put beside it.
    check
        Raises a :class:`~kcgeo.errors.KcgeoError` where the content is not what it should be.
    refresh
        Ask the server anew although the cache holds the file.
    patience
        Tries, waits and limits.
    step
        Told bytes done and, where known, in all.
    sleep
        Waits some seconds.

    Raises
    ------
    FetchError
        One sentence: address and what happened. The former file of the cache stays; a part stays for the next try
        unless its content is wrong.
    """
    _check_url(url)
    held = None if refresh else _held(url, target)
    if held is not None:
        return held
    with _locked(target):
        return _download(url, target, check, patience or Patience(), step, sleep)


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError(f"'{url}' is not an http or https address.")


def _held(url: str, target: Path) -> Fetched | None:
    """Return the cached file if it is the one that its record names."""
    try:
        record = json.loads(_beside(target, ".json").read_text(encoding="utf-8"))
        if record["url"] == url and target.stat().st_size == record["bytes"] and sha256(target) == record["sha256"]:
            return Fetched(target, url, record["bytes"], record["sha256"], is_new=False)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(target.name + ending)


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Let one process at a time write a part; where the system has no such locks, none is taken."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl
    except ImportError:
        yield
        return
    with _beside(target, ".lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FetchError(f"Another kcgeo is downloading {target.name}; wait until it is done.") from None
        yield


@dataclass
class _Part:
    """A file that has come in part, and what the server said of it."""

    path: Path
    url: str
    validator: str = ""
    total: int | None = None

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def notes(self) -> Path:
        return self.path.with_name(self.path.name + ".json")

    def save(self) -> None:
        said = {"url": self.url, "validator": self.validator, "total": self.total}
        write_text(self.notes, json.dumps(said) + "\n")

    def drop(self) -> None:
        self.validator, self.total = "", None
        self.path.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)


def _part(url: str, target: Path) -> _Part:
    """Take up a part of an earlier run if the server named it in a way that tells whether it has changed since."""
    part = _Part(_beside(target, ".part"), url)
    try:
        said = json.loads(part.notes.read_text(encoding="utf-8"))
        if said["url"] == url and said["validator"] and part.size:
            part.validator, part.total = str(said["validator"]), said["total"]
            return part
    except (OSError, ValueError, KeyError, TypeError):
        pass
    part.drop()
    return part


def _download(
    url: str,
    target: Path,
    check: Callable[[Path], None],
    patience: Patience,
    step: Callable[[int, int | None], None],
    sleep: Callable[[float], None],
) -> Fetched:
    part = _part(url, target)
    fruitless, said = 0, ""
    for _ in range(patience.connections):
        before, wait = part.size, 0.0
        try:
            _receive(part, patience, step)
            _test(part, check)
            break
        except _BrokenError as broken:
            said, wait = str(broken), broken.wait_s
        fruitless = 0 if part.size > before else fruitless + 1
        if fruitless >= patience.tries:
            raise FetchError(f"{url} could not be downloaded: {said}, {fruitless} times in a row; nothing was changed.")
        if fruitless:
            sleep(min(max(patience.wait_s * 2 ** (fruitless - 1), wait), max(60.0, wait)))
    else:
        raise FetchError(f"{url} broke off again and again ({said}); run the command again to go on from there.")
    size, digest = part.size, sha256(part.path)
    part.path.replace(target)
    part.notes.unlink(missing_ok=True)
    fetched = Fetched(target, url, size, digest, is_new=True)
    write_text(_beside(target, ".json"), json.dumps(asdict(fetched) | {"path": target.name}, indent=2) + "\n")
    return fetched


class _BrokenError(Exception):
    """A connection that may do better next time."""

    def __init__(self, said: str, wait_s: float = 0.0) -> None:
        super().__init__(said)
        self.wait_s = wait_s


def _test(part: _Part, check: Callable[[Path], None]) -> None:
    """Test a part that is whole by its length; what fails is thrown away, since resuming could not mend it."""
    try:
        check(part.path)
    except KcgeoError as error:
        part.drop()
        said = error.problems[0].replace(part.path.name, part.path.name.removesuffix(".part")).rstrip(".")
        raise _BrokenError(f"what came is not the file ({said})") from None


def _receive(part: _Part, patience: Patience, step: Callable[[int, int | None], None]) -> None:
    """Open one connection and append what it brings; return when the file is whole."""
    start = part.size
    if part.total is not None and start == part.total:
        return
    headers = {"User-Agent": "kcgeo", "Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": part.validator}
    try:
        answer = urllib.request.urlopen(urllib.request.Request(part.url, headers=headers), timeout=patience.timeout_s)
    except urllib.error.HTTPError as error:
        error.close()
        _answered_with_error(part, error)
        return
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(f"no connection ({_reason(error)})") from None
    with answer:
        _append(part, answer, patience, step)


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", error)
    return str(getattr(inner, "strerror", None) or inner or type(error).__name__)[:120]


def _answered_with_error(part: _Part, error: urllib.error.HTTPError) -> None:
    if error.code == 416 and part.size:
        # the part is as long as the file or longer: whole, or of a file that is no longer there
        total = _number(r"bytes \*/(\d+)", error.headers.get("Content-Range"))
        if total is not None and total == part.size:
            return
        part.drop()
        raise _BrokenError("the server no longer has the part that was asked for")
    if error.code in _AGAIN:
        asked = _number(r"(\d+)", error.headers.get("Retry-After"))
        raise _BrokenError(f"the server answered {error.code}", wait_s=min(float(asked or 0), 120.0))
    if error.code in (404, 410):
        raise FetchError(f"There is no {part.url} (the server answered {error.code}); is the year published yet?")
    raise FetchError(f"The server refused {part.url} (answer {error.code}).")


def _append(part: _Part, answer: Any, patience: Patience, step: Callable[[int, int | None], None]) -> None:
    start, length = part.size, _number(r"(\d+)", answer.headers.get("Content-Length"))
    if answer.status == 206:
        at = _number(r"bytes (\d+)-", answer.headers.get("Content-Range"))
        if at != start:
            part.drop()
            raise _BrokenError("the server sent another part than was asked for")
    elif answer.status == 200:
        # the whole file from its start: the server cannot resume, or the file has changed
        part.drop()
        start = 0
        etag = answer.headers.get("ETag") or ""
        part.validator = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified") or ""
        part.total = length
        part.save()
    else:
        raise FetchError(f"The server answered {answer.status} to {part.url}, which is no file.")
    done = start
    try:
        with part.path.open("ab") as out:
            while block := answer.read(_BLOCK):
                done += len(block)
                if done > patience.limit_bytes:
                    break
                out.write(block)
                step(done, part.total)
    except (http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
        _cut_off(part, _reason(error))
    if done > patience.limit_bytes or (part.total or 0) > patience.limit_bytes:
        part.drop()
        raise FetchError(f"{part.url} is longer than {patience.limit_bytes >> 20:,} MiB, the limit.")
    if part.total is not None and done != part.total:
        if done > part.total:
            part.drop()
            raise _BrokenError("more came than was announced")
        _cut_off(part, "the connection broke off")


def _cut_off(part: _Part, reason: str) -> None:
    """Keep the part where it can be taken up again, and drop it where nobody could tell whether it still fits."""
    size, total = part.size, part.total
    if not part.validator:
        part.drop()
    raise _BrokenError(f"{reason} after {size:,}{f' of {total:,}' if total else ''} bytes")


def _number(pattern: str, text: str | None) -> int | None:
    found = re.match(pattern, text or "")
    return int(found.group(1)) if found else None


def check_text(path: Path, *, starts: str) -> None:
    """Refuse a text table whose first line does not hold ``starts``, or that does not end with a line end.

    Raises
    ------
    TableError
        One sentence.
    """
    with path.open("rb") as stream:
        head = stream.read(4096)
        stream.seek(max(path.stat().st_size - 1, 0))
        last = stream.read(1)
    if starts.encode() not in re.split(rb"[\r\n]", head, maxsplit=1)[0]:
        raise TableError(f"{path.name} does not begin with the columns that it should have")
    if last not in (b"\n", b"\r"):
        raise TableError(f"{path.name} is cut off in its last line")
