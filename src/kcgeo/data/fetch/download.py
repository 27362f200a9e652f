"""Downloading a published file so that what is kept is whole: taken up where it broke, tested, hashed, never half.

Bytes go to ``NAME.part``; what has come is tested (length, then the content itself) and hashed, and only then takes its
name. The record beside it (``NAME.json``) holds address, length and SHA-256: a later use compares them and asks no
server.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kcgeo.errors import KcgeoError
from kcgeo.files import sha256, user_home, write_text

__all__ = ["FetchError", "Fetched", "cache_folder", "download"]

_BLOCK = 1 << 16
_AGAIN = {408, 416, 425, 429, 500, 502, 503, 504}
_LIMIT_BYTES = 2 << 30


class FetchError(KcgeoError):
    """A published file could not be had; what was there before stays."""

    exit_code = 4


class _BrokenError(Exception):
    """A connection that may do better next time; ``mark`` tells the version of the file that has come in part."""

    def __init__(self, said: str, mark: str = "") -> None:
        self.mark = mark
        super().__init__(said)


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
    base = os.environ.get("XDG_CACHE_HOME") or user_home() / ".cache"
    return Path(os.environ.get("KCGEO_CACHE") or Path(base) / "kcgeo")


def download(
    url: str,
    target: Path,
    *,
    check: Callable[[Path], None],
    refresh: bool = False,
    tries: int = 5,
    limit_bytes: int = _LIMIT_BYTES,
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
    tries
        Connections in a row that bring nothing new before giving up; before each but the first one waits, 1 s, 2 s, ...
    limit_bytes
        Longest file.
    step
        Told bytes done and, where known, in all.
    sleep
        Waits some seconds.

    Raises
    ------
    FetchError
        One sentence: address and what happened. The former file of the cache stays.
    """
    if not re.match(r"https?://[^/]+", url):
        raise FetchError(f"'{url}' is not an http or https address.")
    record, part = (target.with_name(target.name + end) for end in (".json", ".part"))
    held = None if refresh else _held(url, target, record)
    if held is not None:
        return held
    target.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    mark, fruitless = "", 0
    try:
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                _receive(url, part, mark, limit_bytes, step)
                _test(part, check)
                break
            except _BrokenError as broken:
                said, mark = str(broken), broken.mark
            fruitless = 0 if part.exists() and part.stat().st_size > before else fruitless + 1
            if fruitless >= tries:
                raise FetchError(f"{url} could not be downloaded: {said}, {tries} times in a row; nothing was changed.")
            if fruitless:
                sleep(min(2.0 ** (fruitless - 1), 60.0))
        fetched = Fetched(target, url, part.stat().st_size, sha256(part), is_new=True)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    write_text(record, json.dumps({"url": url, "bytes": fetched.bytes, "sha256": fetched.sha256}, indent=2) + "\n")
    return fetched


def _held(url: str, target: Path, record: Path) -> Fetched | None:
    """Return the cached file if it is the one that its record names."""
    try:
        said = json.loads(record.read_text(encoding="utf-8"))
        if said["url"] == url and target.stat().st_size == said["bytes"] and sha256(target) == said["sha256"]:
            return Fetched(target, url, said["bytes"], said["sha256"], is_new=False)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None


def _test(part: Path, check: Callable[[Path], None]) -> None:
    try:
        check(part)
    except KcgeoError as error:
        part.unlink()  # taking it up again could not mend it
        said = error.problems[0].replace(part.name, part.name.removesuffix(".part")).rstrip(".")
        raise _BrokenError(f"what came is not the file ({said})") from None


def _receive(url: str, part: Path, mark: str, limit_bytes: int, step: Callable[[int, int | None], None]) -> None:
    """Open one connection and append what it brings to the part, where the last one marked its version."""
    start = part.stat().st_size if part.exists() and mark else 0
    headers = {"User-Agent": "kcgeo", "Accept-Encoding": "identity"}
    headers |= {"Range": f"bytes={start}-", "If-Range": mark} if start else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            _append(answer, url, part, start, limit_bytes, step)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in _AGAIN:
            part.unlink(missing_ok=True)
            raise _BrokenError(f"the server answered {error.code}") from None
        if error.code in (404, 410):
            raise FetchError(
                f"There is no {url} (the server answered {error.code}); is the year published yet?"
            ) from None
        raise FetchError(f"The server refused {url} (answer {error.code}).") from None
    except (http.client.HTTPException, OSError) as error:
        inner = getattr(error, "reason", error)
        raise _BrokenError(f"no connection ({getattr(inner, 'strerror', None) or inner})"[:150]) from None


def _append(
    answer: Any, url: str, part: Path, start: int, limit_bytes: int, step: Callable[[int, int | None], None]
) -> None:
    length = answer.headers.get("Content-Length")
    if not str(answer.headers.get("Content-Range") or "").startswith(f"bytes {start}-"):
        start = 0  # the whole file from its start: the server cannot resume, or the file has changed
    if start == 0 and answer.status == 206:
        part.unlink()
        raise _BrokenError("the server sent another part than was asked for")
    total = start + int(length) if length else None
    with part.open("ab" if start else "wb") as out:
        while block := answer.read(_BLOCK):
            out.write(block)
            step(out.tell(), total)
            if out.tell() > limit_bytes:
                raise FetchError(f"{url} is longer than {limit_bytes >> 20:,} MiB, the limit.")
        done = out.tell()
    etag = answer.headers.get("ETag") or ""
    mark = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified") or ""
    if total is not None and done != total:
        raise _BrokenError(f"the connection broke off after {done:,} of {total:,} bytes", mark)
