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

__all__ = ["homes", "package_folder", "replacing", "replacing_folder", "sha256", "write_bytes", "write_text"]


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
    """
    named = os.environ.get("KCGEO_DATA")
    places = [Path(named)] if named else [home / "data" for home in homes()]
    for folder in places:
        if (folder / "datapackage.json").is_file():
            return folder
    cure = "correct KCGEO_DATA" if named else "install kcgeo again, or set KCGEO_DATA to the data folder of a checkout"
    raise IntegrityError(f"No datapackage.json was found in {' or '.join(map(str, places))}; {cure}.")


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
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


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


def _sweep(folder: Path) -> None:
    """Remove the temporary folders of runs that were killed; a former result comes back if the new one never came.

    A folder is swept when its process, which its name tells, has ended on this machine, or after a day.
    """
    name = re.compile(rf"\.{re.escape(folder.name)}-kcgeo-(\d+)-([0-9a-f]{{8}})-[a-z0-9_]{{8}}({_FORMER})?")
    for path in sorted(folder.parent.iterdir()):
        found = name.fullmatch(path.name)
        if found is None or path.is_symlink() or not path.is_dir():
            continue
        ended = found[2] == _machine() and not _lives(int(found[1]))
        if not ended and time.time() - path.stat().st_mtime < _LONGEST_RUN_S:
            continue
        if found[3] and not folder.exists():
            path.replace(folder)
        else:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Give an empty temporary folder that takes the place of ``folder`` on success.

    The former folder stays whole until the new one is complete, and comes back if the exchange itself fails. A process
    that was killed may leave its temporary folder behind: the next one for the same ``folder`` removes it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    prefix = f".{folder.name}-kcgeo-{os.getpid()}-{_machine()}-"
    temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    former = temporary.with_name(temporary.name + _FORMER)
    try:
        yield temporary
        temporary.chmod(0o755)
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
