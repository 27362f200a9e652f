"""Where the packaged files lie; writing without half-written files: a temporary name first, then one rename."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kcgeo.errors import IntegrityError

__all__ = [
    "homes",
    "no_formula",
    "package_folder",
    "replacing",
    "replacing_folder",
    "scratch",
    "sha256",
    "user_home",
    "write_bytes",
    "write_text",
]

_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def no_formula(text: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would run as a formula, which makes it text.

    >>> no_formula("=HYPERLINK(1)"), no_formula("-94.58"), no_formula("Legal aid")
    ("'=HYPERLINK(1)", '-94.58', 'Legal aid')
    """
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def homes() -> tuple[Path, Path]:
    """Return the two folders that may hold ``data`` and ``studies``: the copy inside a wheel, and the checkout."""
    here = Path(__file__).resolve()
    return here.parent / "_package", here.parents[2]


def package_folder() -> Path:
    """Return the folder that holds ``datapackage.json``: ``KCGEO_DATA`` where it is set, else the one of a home.

    Raises
    ------
    IntegrityError
        Where none holds one.

    Examples
    --------
    >>> from kcgeo import data
    >>> (data.package_folder() / "datapackage.json").is_file()
    True
    """
    named = os.environ.get("KCGEO_DATA")
    places = [Path(named)] if named else [home / "data" for home in homes()]
    for folder in places:
        if (folder / "datapackage.json").is_file():
            return folder
    cure = "correct KCGEO_DATA" if named else "install kcgeo again, or set KCGEO_DATA to the data folder of a checkout"
    raise IntegrityError(f"No datapackage.json was found in {' or '.join(map(str, places))}; {cure}.")


def user_home() -> Path:
    """Return the home folder of the user; the temporary directory for a user who has none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(tempfile.gettempdir())


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it takes the place of ``path``, on failure it is removed.

    The suffix is kept, since many writers choose their format by it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return what the user takes from the rights of new files; it can only be read by setting it."""
    held = os.umask(0o077)
    os.umask(held)
    return held


_FORMER = "-former"
_LONGEST_RUN_S = 24 * 3600


def _machine() -> str:
    """Eight hexadecimal digits that tell this machine from another one that writes to the same disk."""
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _lives(pid: int) -> bool:
    """Whether a process of this number runs here; where that cannot be asked, it may."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _left_behind(folder: Path, name: str) -> Iterator[tuple[Path, bool]]:
    """Yield the temporary folders of killed runs, and whether each is a former result that was set aside.

    A folder is left behind when its process, which its name tells, has ended on this machine, or after a day.
    """
    pattern = re.compile(rf"{re.escape(name)}-kcgeo-(\d+)-([0-9a-f]{{8}})-[a-z0-9_]{{8}}({_FORMER})?")
    for path in sorted(folder.iterdir()):
        found = pattern.fullmatch(path.name)
        if found is None or path.is_symlink() or not path.is_dir():
            continue
        ended = found[2] == _machine() and not _lives(int(found[1]))
        if ended or time.time() - path.stat().st_mtime >= _LONGEST_RUN_S:
            yield path, found[3] is not None


def _temporary_name(name: str) -> str:
    return f"{name}-kcgeo-{os.getpid()}-{_machine()}-"


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """Give an empty folder for this user alone in the temporary directory; it is gone after the block.

    What a killed run left there under the same ``name`` is removed first.

    Examples
    --------
    >>> with scratch("example") as folder:
    ...     write_text(folder / "a.txt", "one line")
    >>> folder.exists()
    False
    """
    place = Path(tempfile.gettempdir())
    for path, _ in _left_behind(place, name):
        shutil.rmtree(path, ignore_errors=True)  # another user's stays
    with tempfile.TemporaryDirectory(prefix=_temporary_name(name), dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Give an empty temporary folder that takes the place of ``folder`` on success.

    The former folder stays whole until the new one is complete, and comes back if the exchange itself fails. A process
    that was killed may leave its temporary folder behind: the next one for the same ``folder`` removes it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for path, was_result in _left_behind(folder.parent, f".{folder.name}"):
        if was_result and not folder.exists():
            path.replace(folder)
        else:
            shutil.rmtree(path, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=_temporary_name(f".{folder.name}"), dir=folder.parent))
    former = temporary.with_name(temporary.name + _FORMER)
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if folder.exists():
            folder.replace(former)
        try:
            temporary.replace(folder)
        except BaseException:
            if former.exists():
                former.replace(folder)
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(former, ignore_errors=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write ``content`` to ``path`` as UTF-8 with Unix line ends, whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
