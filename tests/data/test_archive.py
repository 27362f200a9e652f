"""Archives: what is opened, what is refused, and that nothing is left behind."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kcgeo.data.formats.archive import Limits, extracted, files_in, is_archive, source_sha256
from kcgeo.errors import TableError

SMALL = Limits(total_bytes=2 << 20, files_count=20, ratio=50, ratio_from_bytes=1 << 16)


def _zip(path: Path, members: dict[str, bytes], *, kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _tar(path: Path, members: dict[str, bytes], *, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return path


def _refused(path: Path, words: str, **limits: Limits) -> None:
    with pytest.raises(TableError, match=words) as caught, extracted(path, **limits):
        pass
    assert len(caught.value.problems) == 1
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mode", ["zip", "stored", "w", "w:gz", "w:bz2", "w:xz"])
def test_members_come_out_as_they_went_in(tmp_path: Path, mode: str) -> None:
    members = {"a/roads.shp": b"lines" * 99, "a/roads.dbf": b"", "b.txt": "Münster".encode("latin-1")}
    path = tmp_path / "roads.archive"
    if mode in ("zip", "stored"):
        _zip(path, members, kind=zipfile.ZIP_DEFLATED if mode == "zip" else zipfile.ZIP_STORED)
    else:
        _tar(path, members, mode=mode)
    assert is_archive(path)
    with extracted(path) as folder:
        found = {item.relative_to(folder).as_posix(): item.read_bytes() for item in folder.rglob("*") if item.is_file()}
        assert found == members
    assert not folder.exists()


def test_a_folder_is_given_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with extracted(tmp_path) as folder:
        assert folder == tmp_path
    assert (tmp_path / "a.txt").exists()


@pytest.mark.parametrize("name", ["../out.txt", "a/../../out.txt", "/tmp/out.txt", "a\\..\\out.txt", "C:out.txt"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_no_path_leads_outside(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / f"bad.{kind}"
    (_zip if kind == "zip" else _tar)(path, {"good.txt": b"1", name: b"2"})
    _refused(path, "leads outside")
    assert sorted(item.name for item in tmp_path.iterdir()) == [path.name]


def test_links_are_refused(tmp_path: Path) -> None:
    about = zipfile.ZipInfo("link")
    about.create_system = 3
    about.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(about, "/etc/hosts")
    _refused(tmp_path / "link.zip", "link")
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        member = tarfile.TarInfo("link")
        member.type, member.linkname = kind, "../../etc/hosts"
        with tarfile.open(tmp_path / "link.tar", "w") as pack:
            pack.addfile(member)
        _refused(tmp_path / "link.tar", "holds a (link|device)")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to("/etc/hosts")
    _refused(folder, "holds a link")


def test_bombs_are_refused_before_they_fill_the_disk(tmp_path: Path) -> None:
    blanks = b" " * (1 << 20)
    _refused(_zip(tmp_path / "bomb.zip", {"a": blanks, "b": blanks[:-9]}), "zip bomb", limits=SMALL)
    _refused(_tar(tmp_path / "bomb.tar.gz", {"a": blanks}), "zip bomb", limits=SMALL)
    noise = os.urandom(1 << 20)
    _refused(_zip(tmp_path / "large.zip", {"a": noise, "b": noise, "c": noise}), "MiB unpacked", limits=SMALL)
    many = {f"f{number}": b"" for number in range(30)}
    _refused(_zip(tmp_path / "many.zip", many), "more than 20 files", limits=SMALL)
    _refused(_tar(tmp_path / "many.tar", many, mode="w"), "more than 20 files", limits=SMALL)


def test_a_size_that_lies_is_found_while_unpacking(tmp_path: Path) -> None:
    path = _zip(tmp_path / "lie.zip", {"a": b" " * (1 << 20)})
    content = bytearray(path.read_bytes())
    # the header says that it unpacks to 10 bytes
    for start in (content.index(b"PK\x03\x04") + 22, content.index(b"PK\x01\x02") + 24):
        content[start : start + 4] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    _refused(path, "whole zip archive")


def test_a_tar_header_of_gigabytes_does_not_fill_the_memory(tmp_path: Path) -> None:
    about = tarfile.TarInfo("pax")
    about.type, about.size = tarfile.XHDTYPE, 3 << 30
    path = tmp_path / "header.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(about.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(64):
            stream.write(b" " * (1 << 20))
    _refused(path, "MiB unpacked", limits=SMALL)


def test_a_password_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "secret.zip", {"a.txt": b"hidden"}, kind=zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    for start in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[start] |= 1
    path.write_bytes(content)
    _refused(path, "encrypted")


def test_a_name_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        archive.writestr("a", "1")
        archive.writestr("a", "2")
    _refused(tmp_path / "twice.zip", "more than once")
    _refused(_zip(tmp_path / "case.zip", {"a.SHP": b"1", "a.shp": b"2"}), "more than once")


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"<html>404</html>", b"PK\x03\x04" + b"\0" * 99, b"\x1f\x8b\x08" + b"x" * 80]
)
def test_garbage_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "roads.zip"
    path.write_bytes(content)
    _refused(path, r"roads\.zip is ")


def test_what_is_cut_off_or_damaged_is_refused(tmp_path: Path) -> None:
    whole = _zip(tmp_path / "whole.zip", {"a": os.urandom(5000), "b": os.urandom(5000)}).read_bytes()
    for keep in (1000, len(whole) // 2, len(whole) - 10):
        (tmp_path / "cut.zip").write_bytes(whole[:keep])
        _refused(tmp_path / "cut.zip", "whole zip")
    flipped = bytearray(whole)
    flipped[2000] ^= 0xFF
    (tmp_path / "flip.zip").write_bytes(flipped)
    _refused(tmp_path / "flip.zip", "whole zip")
    packed = _tar(tmp_path / "whole.tgz", {"a": os.urandom(50_000)}).read_bytes()
    (tmp_path / "cut.tgz").write_bytes(packed[:30_000])
    _refused(tmp_path / "cut.tgz", "whole tar|cut off")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    _refused(tmp_path / "none.zip", "There is no file or folder")


def test_files_by_suffix_from_a_folder_of_zips(tmp_path: Path) -> None:
    folder = tmp_path / "counties"
    folder.mkdir()
    _zip(folder / "29095.zip", {"x/roads.SHP": b"1", "x/roads.dbf": b"2", "__MACOSX/x/roads.shp": b"3"})
    _zip(folder / "20091.zip", {"roads.shp": b"4"})
    (folder / "plain.shp").write_bytes(b"5")
    (folder / ".hidden.shp").write_bytes(b"6")
    with files_in(folder, {".shp"}, what="a road file") as found:
        assert [item.read_bytes() for item in found] == [b"5", b"4", b"1"]
    with files_in(folder / "plain.shp", {".shp"}, what="a road file") as found:
        assert found == [folder / "plain.shp"]
    with pytest.raises(TableError, match=r"ends in \.gpkg"), files_in(folder, {".gpkg"}, what="a road file"):
        pass
    with pytest.raises(TableError, match="give a folder, a zip"), files_in(folder / "plain.shp", {".gpkg"}, what="x"):
        pass


def test_the_hash_of_a_folder_counts_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = source_sha256(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    second = source_sha256(tmp_path)
    (tmp_path / "b").write_text("2")
    assert len({first, second, source_sha256(tmp_path)}) == 3


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), kind=st.sampled_from(["zip", "tar", "tgz"]))
def test_any_damage_is_opened_or_refused(data: st.DataObject, kind: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "archive"
        members = {"a/b.shp": b"lines" * 40, "c.dbf": b"names" * 40}
        _zip(path, members) if kind == "zip" else _tar(path, members, mode="w" if kind == "tar" else "w:gz")
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
        try:
            with extracted(path, limits=SMALL) as folder:
                assert all(item.resolve().is_relative_to(folder.resolve()) for item in folder.rglob("*"))
        except TableError as error:
            assert "\n" not in str(error)
