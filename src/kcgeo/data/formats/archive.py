"""Opening what was given: a folder, a zip or a tar, under limits and without trusting a word that it says.

An archive is unpacked into a temporary folder that is gone afterwards. Refused, in one sentence: paths that lead
outside, links and devices, encryption, a name that occurs twice, more bytes or files than the limits, a packing ratio
that only a bomb has, a file that is cut off or damaged. Sizes are counted while unpacking; what the headers say is only
the first check.
"""

from __future__ import annotations

import bz2
import errno
import glob
import gzip
import hashlib
import lzma
import os
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from kcgeo.errors import KcgeoError, TableError, first_ids
from kcgeo.files import scratch, sha256

__all__ = ["LIMITS", "Limits", "extracted", "files_in", "is_archive", "refusing", "source_sha256"]

_MIB = 1 << 20
_BLOCK = 1 << 18


@dataclass(frozen=True)
class Limits:
    """What an archive or a folder may hold.

    Attributes
    ----------
    total_bytes
        Of all files together, unpacked.
    files_count
        Files, folders included.
    ratio
        Unpacked bytes for each packed byte. Text and DBF tables stay below 60, deflate can reach 1,032.
    ratio_from_bytes
        Below this the ratio does not count: small tables of blanks pack well.
    """

    total_bytes: int = 4096 * _MIB
    files_count: int = 20_000
    ratio: float = 200.0
    ratio_from_bytes: int = 16 * _MIB


LIMITS = Limits()
"""The limits where none are given."""

# faults of the machine, not of the file: they pass as they are
_MACHINE = {errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EDQUOT, errno.EROFS}


@contextmanager
def refusing(path: Path, what: str) -> Iterator[None]:
    """Turn whatever a parser raises on a bad file into one sentence that names the file.

    Parsers of other people's formats raise errors of every class; a reader wraps its parser in this.

    Raises
    ------
    TableError
        ``<file name> is not <what> that can be read (<reason>).``
    """
    try:
        yield
    except (KcgeoError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise TableError(f"There is no file {error.filename or path}.") from None
    except PermissionError as error:
        raise TableError(f"{error.filename or path} may not be read; give yourself the right to.") from None
    except OSError as error:
        if error.errno in _MACHINE:
            raise
        raise TableError(f"{path.name} is not {what} that can be read ({_short(error)}).") from None
    except Exception as error:
        raise TableError(f"{path.name} is not {what} that can be read ({_short(error)}).") from None


def _short(error: BaseException) -> str:
    """Return the reason on one line, without folders of this machine."""
    text = re.sub(r"(/[^\s'\"/]+)+/", "", " ".join(str(error).split())) or type(error).__name__
    return text.rstrip(".")[:160]


def is_archive(path: Path) -> bool:
    """Say whether a file begins like a zip or a tar, plain or packed; its name does not count."""
    return path.is_file() and _kind(path) is not None


def _kind(path: Path) -> str | None:
    """Return ``zip``, ``tar`` or ``None`` from the first bytes; a packed file is a tar if a tar header is inside."""
    with refusing(path, "a file"), path.open("rb") as stream:
        head = stream.read(512)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
        return "zip"
    try:
        with _unpacked_stream(path) as stream:
            head = stream.read(512)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError):
        return None
    return "tar" if len(head) == 512 and head[257:262] == b"ustar" else None


@contextmanager
def _unpacked_stream(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        start = raw.read(6)
        raw.seek(0)
        if start[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=raw) as unzipped:
                yield cast("IO[bytes]", unzipped)
        elif start[:3] == b"BZh":
            with bz2.BZ2File(raw) as unpacked:
                yield unpacked
        elif start == b"\xfd7zXZ\x00":
            with lzma.LZMAFile(raw) as unpacked_xz:
                yield unpacked_xz
        else:
            yield raw


@contextmanager
def extracted(path: Path, *, limits: Limits = LIMITS) -> Iterator[Path]:
    """Give a folder with the files of a zip, a tar (plain, gz, bz2, xz) or a folder.

    A folder is checked and given as it is; an archive is unpacked into a temporary folder, gone after the ``with``.

    Parameters
    ----------
    path : Path
        Folder or archive.
    limits : Limits, optional
        Bytes, files and packing ratio.

    Raises
    ------
    TableError
        One sentence: see the head of the module.
    """
    if path.is_dir():
        _check_folder(path, limits)
        yield path
        return
    if not path.is_file():
        raise TableError(f"There is no file or folder {path}.")
    kind = _kind(path)
    if kind is None:
        empty = " (it is empty)" if path.stat().st_size == 0 else ""
        raise TableError(f"{path.name} is neither a folder nor a zip or tar archive{empty}; was it downloaded whole?")
    with scratch("archive") as folder:
        with refusing(path, f"a whole {kind} archive"):
            if kind == "zip":
                _unzip(path, folder, limits)
            else:
                _untar(path, folder, limits)
        yield folder


def _check_folder(folder: Path, limits: Limits) -> None:
    count, total = 0, 0
    for parent, folders, files in os.walk(folder, followlinks=False):
        for name in (*folders, *files):
            item = Path(parent) / name
            about = item.lstat()
            if stat.S_ISLNK(about.st_mode):
                raise TableError(f"{folder.name} holds a link, {item.relative_to(folder)}; put the file itself there.")
            if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
                raise TableError(f"{folder.name} holds {item.relative_to(folder)}, which is no ordinary file.")
            count, total = count + 1, total + (about.st_size if stat.S_ISREG(about.st_mode) else 0)
        _check_size(folder.name, count, total, 0, limits)


def _check_size(name: str, count: int, total: int, packed: int, limits: Limits) -> None:
    if count > limits.files_count:
        raise TableError(f"{name} holds more than {limits.files_count:,} files; give only the ones that are meant.")
    if total > limits.total_bytes:
        raise TableError(
            f"{name} holds more than {limits.total_bytes // _MIB:,} MiB unpacked, the limit of this reader."
        )
    if packed and total > limits.ratio_from_bytes and total > limits.ratio * packed:
        raise TableError(
            f"{name} unpacks to more than {limits.ratio:g} times its size, as only a zip bomb does; it was not opened."
        )


def _inside(archive: str, name: str) -> PurePosixPath:
    """Return the path of a member, or refuse one that leads out of the folder."""
    parts = PurePosixPath(name).parts
    bad = not name or "\\" in name or "\x00" in name or ":" in name or len(name) > 1000
    if bad or PurePosixPath(name).is_absolute() or ".." in parts or any(len(part.encode()) > 240 for part in parts):
        raise TableError(f"{archive} holds a path that leads outside or is no path ({name[:60]!r}); it was not opened.")
    return PurePosixPath(name)


def _refuse_twice(archive: str, names: list[str]) -> None:
    seen: set[str] = set()
    twice = {name for name in names if name.casefold() in seen or seen.add(name.casefold())}  # type: ignore[func-returns-value]
    if twice:
        raise TableError(f"{archive} holds {first_ids(sorted(twice), limit=3)} more than once; pack it again.")


def _unzip(path: Path, folder: Path, limits: Limits) -> None:
    packed = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        _check_size(path.name, len(members), sum(item.file_size for item in members), packed, limits)
        _refuse_twice(path.name, [item.filename for item in members])
        targets = [(_inside(path.name, item.filename), item) for item in members]
        for inner, item in targets:
            if stat.S_ISLNK(item.external_attr >> 16):
                raise TableError(f"{path.name} holds a link, {inner}; pack the file itself.")
            if item.flag_bits & 0x1:
                raise TableError(f"{path.name} is encrypted ({inner}); pack it without a password.")
        total = 0
        for inner, item in targets:
            if item.is_dir():
                (folder / inner).mkdir(parents=True, exist_ok=True)
                continue
            with archive.open(item) as stream:
                total = _copy(path.name, stream, folder / inner, total, packed, len(members), limits)


def _untar(path: Path, folder: Path, limits: Limits) -> None:
    packed, total, names = path.stat().st_size, 0, list[str]()
    with _unpacked_stream(path) as raw:
        counted = cast("BinaryIO", _Counted(raw, path.name, packed, limits))
        with tarfile.open(fileobj=counted, mode="r|") as archive:
            for item in archive:
                inner = _inside(path.name, item.name)
                names.append(item.name)
                if not (item.isreg() or item.isdir()):
                    kind = "link" if item.issym() or item.islnk() else "device or the like"
                    raise TableError(f"{path.name} holds a {kind}, {inner}; pack the file itself.")
                _check_size(path.name, len(names), total + item.size, packed, limits)
                if item.isdir():
                    (folder / inner).mkdir(parents=True, exist_ok=True)
                    continue
                _refuse_twice(path.name, names)
                stream = archive.extractfile(item)
                assert stream is not None
                before = total
                total = _copy(path.name, stream, folder / inner, total, packed, len(names), limits)
                if total - before != item.size:
                    raise TableError(f"{path.name} is cut off in {inner}; download it again.")


class _Counted:
    """A stream that stops a packed tar at the limits, whatever its headers make the parser read."""

    def __init__(self, stream: IO[bytes], name: str, packed: int, limits: Limits) -> None:
        self._stream, self._name, self._packed, self._limits = stream, name, packed, limits
        self._total = 0

    def read(self, size: int = -1) -> bytes:
        # tar pads each file to blocks, so the stream may hold a little more than its files
        block = self._stream.read(min(size, _BLOCK) if size >= 0 else _BLOCK)
        self._total += len(block)
        slack = self._limits.files_count * 1024
        _check_size(self._name, 0, max(self._total - slack, 0), self._packed, self._limits)
        return block


def _copy(name: str, stream: IO[bytes], target: Path, total: int, packed: int, count: int, limits: Limits) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as out:
        while block := stream.read(_BLOCK):
            total += len(block)
            _check_size(name, count, total, packed, limits)
            out.write(block)
    return total


@contextmanager
def files_in(path: Path, suffixes: Collection[str], *, what: str, limits: Limits = LIMITS) -> Iterator[list[Path]]:
    """Give the files with one of ``suffixes`` in a folder or an archive, or the one file that ``path`` is.

    A folder may hold archives (one zip for each county, as they are downloaded): each is opened too, one level deep.

    Parameters
    ----------
    path : Path
        File, folder or archive.
    suffixes : collection of str
        As ``{".shp", ".gpkg"}``; small letters, compared without case.
    what : str
        What is looked for, for the sentence: ``a block-group file``.

    Returns
    -------
    list of Path
        Sorted by path, hidden files left out; never empty.

    Raises
    ------
    TableError
        Nothing of the kind is there, or the archive is refused.
    """
    wanted = {suffix.lower() for suffix in suffixes}
    listed = ", ".join(sorted(wanted))
    if path.is_file() and path.suffix.lower() in wanted and path.suffix.lower() != ".zip":
        yield [path]
        return
    if path.is_file() and not is_archive(path):
        raise TableError(f"{path.name} is not {what}: give a folder, a zip or a file that ends in {listed}.")
    with ExitStack() as stack:
        folders = [stack.enter_context(extracted(path, limits=limits))]
        if path.is_dir():
            inner = [item for item in _ordinary(path) if item.suffix.lower() == ".zip" and ".zip" not in wanted]
            folders += [stack.enter_context(extracted(item, limits=limits)) for item in inner]
        found = [item for folder in folders for item in _ordinary(folder) if item.suffix.lower() in wanted]
        if not found:
            raise TableError(f"{path.name} holds no file that ends in {listed}, so it is not {what}.")
        yield found


def _ordinary(folder: Path) -> list[Path]:
    """Return the files of a folder in order, without hidden ones and what a Mac adds to archives."""
    hidden = ("__MACOSX", ".")
    return sorted(
        item
        for item in folder.rglob("*")
        if item.is_file() and not any(part.startswith(hidden) for part in item.relative_to(folder).parts)
    )


def source_sha256(path: Path) -> str:
    """Return the hash of a file, or of the names and hashes of all files of a folder or a shapefile."""
    if path.is_file() and path.suffix.lower() != ".shp":
        return sha256(path)
    parts = sorted(path.parent.glob(f"{glob.escape(path.stem)}.*")) if path.is_file() else _ordinary(path)
    folder = path.parent if path.is_file() else path
    digest = hashlib.sha256()
    for item in parts:
        digest.update(f"{item.relative_to(folder).as_posix()}\t{sha256(item)}\n".encode())
    return digest.hexdigest()
