"""Downloads from a server on loopback that does what servers do: breaks off, lies, refuses, recovers."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kcgeo.data import read_study
from kcgeo.data.fetch.census_files import SERVER, _check_text, fetch, wanted
from kcgeo.data.fetch.download import Fetched, FetchError, download
from kcgeo.data.formats.archive import extracted


@dataclass
class Server:
    """Files by path, and a script of what to do with each request in turn; then it behaves."""

    files: dict[str, bytes] = field(default_factory=dict)
    script: list[str] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    ranges: bool = True
    etag: str = '"one"'
    url: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Keep the output of tests clean."""

        def do_GET(self) -> None:
            wanted_range = self.headers.get("Range")
            state.asked.append((self.path, wanted_range))
            act = state.script.pop(0) if state.script else "send"
            content = state.files.get(self.path)
            if act.isdigit() or content is None:
                self.send_response(int(act) if act.isdigit() else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start, fits = 0, self.headers.get("If-Range") in (None, state.etag)
            if wanted_range and state.ranges and fits:
                start = int(wanted_range.removeprefix("bytes=").rstrip("-"))
                self.send_response(206)
                shift = 1 if act == "shifted" else 0
                self.send_header("Content-Range", f"bytes {start + shift}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            body = b"<html>Sorry, we are down.</html>" if act == "garbage" else content[start:]
            if act != "no length":
                self.send_header("Content-Length", str(len(body)))
            if state.etag:
                self.send_header("ETag", state.etag)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if act == "cut" else body)

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{httpd.server_port}"
    yield state
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


CONTENT = _zip({"roads.shp": bytes(range(256)) * 800})


def _check(path: Path) -> None:
    with extracted(path):
        pass


def _fetch(server: Server, folder: Path, waits: list[float] | None = None, **options: bool) -> Fetched:
    server.files.setdefault("/roads.zip", CONTENT)
    sleep = (waits if waits is not None else []).append
    url = f"{server.url}/roads.zip"
    return download(url, folder / "roads.zip", check=_check, tries=3, sleep=sleep, **options)


def _left(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir() if item.suffix != ".lock")


def test_a_file_comes_whole_with_its_record(server: Server, tmp_path: Path) -> None:
    done = _fetch(server, tmp_path)
    assert done.is_new
    assert done.path.read_bytes() == CONTENT
    assert done.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert json.loads((tmp_path / "roads.zip.json").read_text())["sha256"] == done.sha256
    assert _left(tmp_path) == ["roads.zip", "roads.zip.json"]


def test_the_cache_answers_without_the_server(server: Server, tmp_path: Path) -> None:
    _fetch(server, tmp_path)
    again = _fetch(server, tmp_path)
    assert not again.is_new
    assert len(server.asked) == 1
    assert _fetch(server, tmp_path, refresh=True).is_new
    assert len(server.asked) == 2


def test_a_changed_file_of_the_cache_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    _fetch(server, tmp_path)
    (tmp_path / "roads.zip").write_bytes(CONTENT[:-1] + b"x")
    assert _fetch(server, tmp_path).is_new
    assert (tmp_path / "roads.zip").read_bytes() == CONTENT


def test_a_broken_connection_is_taken_up_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.script = ["cut", "cut", "cut", "cut"]
    waits: list[float] = []
    assert _fetch(server, tmp_path, waits).path.read_bytes() == CONTENT
    starts = [int(asked.removeprefix("bytes=").rstrip("-")) for _, asked in server.asked[1:] if asked]
    assert len(starts) == 4
    assert starts == sorted(starts)
    assert starts[0] > 0
    assert waits == []  # each connection brought something


def test_a_server_without_ranges_starts_again(server: Server, tmp_path: Path) -> None:
    server.ranges, server.script = False, ["cut", "cut"]
    assert _fetch(server, tmp_path).path.read_bytes() == CONTENT
    assert len(server.asked) == 3


def test_without_a_mark_of_the_version_nothing_is_resumed(server: Server, tmp_path: Path) -> None:
    server.etag, server.script = "", ["cut"]
    assert _fetch(server, tmp_path).path.read_bytes() == CONTENT
    assert [asked for _, asked in server.asked] == [None, None]


def test_a_file_that_changes_meanwhile_is_not_mixed(server: Server, tmp_path: Path) -> None:
    other = _zip({"roads.shp": b"other" * 50_000})
    server.script = ["cut"]

    def change(_done: int, _total: int | None) -> None:
        server.files["/roads.zip"], server.etag = other, '"two"'

    server.files["/roads.zip"] = CONTENT
    url = f"{server.url}/roads.zip"
    done = download(url, tmp_path / "roads.zip", check=_check, step=change, sleep=lambda _: None)
    assert done.path.read_bytes() == other
    assert [asked is None for _, asked in server.asked] == [True, False]
    assert _left(tmp_path) == ["roads.zip", "roads.zip.json"]


def test_garbage_is_thrown_away_and_asked_for_again(server: Server, tmp_path: Path) -> None:
    server.script = ["garbage", "garbage"]
    assert _fetch(server, tmp_path).path.read_bytes() == CONTENT
    server.script = ["garbage"] * 9
    with pytest.raises(FetchError, match=r"what came is not the file \(roads\.zip is neither") as caught:
        _fetch(server, tmp_path, refresh=True)
    assert len(caught.value.problems) == 1
    assert _left(tmp_path) == ["roads.zip", "roads.zip.json"]
    assert (tmp_path / "roads.zip").read_bytes() == CONTENT


def test_what_is_not_there_is_not_asked_for_twice(server: Server, tmp_path: Path) -> None:
    for answer in ("404", "410"):
        server.script, server.asked = [answer], []
        with pytest.raises(FetchError, match="is the year published yet"):
            _fetch(server, tmp_path)
        assert len(server.asked) == 1
    server.script = ["403"]
    with pytest.raises(FetchError, match="refused"):
        _fetch(server, tmp_path)
    assert _left(tmp_path) == []


def test_a_server_that_recovers_is_waited_for(server: Server, tmp_path: Path) -> None:
    server.script = ["500", "503"]
    waits: list[float] = []
    assert _fetch(server, tmp_path, waits).path.read_bytes() == CONTENT
    assert waits == [1.0, 2.0]
    server.script = ["500"] * 9
    with pytest.raises(FetchError, match="answered 500, 3 times in a row"):
        _fetch(server, tmp_path, refresh=True)
    assert (tmp_path / "roads.zip").read_bytes() == CONTENT


def test_a_part_that_is_not_the_one_asked_for_is_dropped(server: Server, tmp_path: Path) -> None:
    server.script = ["cut", "shifted"]
    assert _fetch(server, tmp_path).path.read_bytes() == CONTENT
    assert [asked is None for _, asked in server.asked] == [True, False, True]


def test_a_cut_without_a_length_is_found_by_the_content(server: Server, tmp_path: Path) -> None:
    server.files["/BG29.txt"] = b"STATEFP,POPULATION\n29,5\n29,12"
    with pytest.raises(FetchError, match=r"BG29\.txt is cut off in its last line"):
        download(
            f"{server.url}/BG29.txt", tmp_path / "BG29.txt", tries=3, sleep=lambda _: None,
            check=lambda path: _check_text(path, starts="POPULATION"),
        )  # fmt: skip
    assert _left(tmp_path) == []


def test_a_file_beyond_the_limit_is_not_kept(server: Server, tmp_path: Path) -> None:
    server.files["/roads.zip"] = CONTENT
    with pytest.raises(FetchError, match="the limit"):
        download(f"{server.url}/roads.zip", tmp_path / "roads.zip", check=_check, limit_bytes=10_000)
    assert _left(tmp_path) == []


@pytest.mark.parametrize("url", ["file:///etc/hosts", "ftp://127.0.0.1/a.zip", "roads.zip", "http:///x"])
def test_only_web_addresses_are_fetched(tmp_path: Path, url: str) -> None:
    with pytest.raises(FetchError, match="not an http or https"):
        download(url, tmp_path / "a", check=_check)


def test_no_server_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="no connection") as caught:
        download("http://127.0.0.1:9/a.zip", tmp_path / "a.zip", check=_check, tries=3, sleep=lambda _: None)
    assert len(caught.value.problems) == 1


def test_official_addresses(root: Path) -> None:
    study = read_study(root / "studies" / "kansas-city.toml")
    assert [item.url for item in wanted("block-groups", study, year=2020)] == [
        f"{SERVER}/geo/tiger/GENZ2020/shp/cb_2020_{state}_bg_500k.zip" for state in ("20", "29")
    ]
    assert [item.name for item in wanted("primary-roads", study, year=2023)] == ["tl_2023_us_primaryroads.zip"]
    assert len(wanted("roads", study)) == len(study.counties)
    assert "tl_2023_29095_roads.zip" in [item.name for item in wanted("roads", study, year=2023)]
    addresses = [item.url for item in wanted("addresses", study)]
    assert f"{SERVER}/geo/tiger/TIGER2023/ADDRFEAT/tl_2023_20091_addrfeat.zip" in addresses
    assert wanted("acs", study)[0].name == "acsdt5y2022-b01001.dat"
    with pytest.raises(FetchError, match="cannot be fetched; there are"):
        wanted("rivers", study)
    with pytest.raises(FetchError, match="tracts can be fetched from 2014 on"):
        wanted("tracts", study, year=2010)


def test_a_mirror_serves_all_states(server: Server, root: Path, tmp_path: Path) -> None:
    study = read_study(root / "studies" / "kansas-city.toml")
    for state in ("20", "29"):
        path = f"/geo/docs/reference/cenpop2020/blkgrp/CenPop2020_Mean_BG{state}.txt"
        server.files[path] = b"STATEFP,POPULATION\n29,1\n"
    files = fetch("centers", study, mirror=server.url, cache=tmp_path, tries=3)
    assert [item.path.name for item in files] == ["CenPop2020_Mean_BG20.txt", "CenPop2020_Mean_BG29.txt"]
    assert _left(tmp_path / "centers") == sorted(f"{item.path.name}{end}" for item in files for end in ("", ".json"))
