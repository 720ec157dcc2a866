"""Updates from a web server: a real one, which breaks off, knows no ranges, sends elsewhere or says a wrong length."""

import random
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from firmware_app.update import fetch, source
from firmware_app.update.layout import Layout, UpdateError
from firmware_app.update.source import NoSuchFile, UrlSource, source_of
from tests.rigs.update_box import Maker, bare_archive, bare_description, bare_home

NAME = "targets/archive.tar.xz"


class Server(ThreadingHTTPServer):
    """Serves a folder below /updates/. asked: each request's path and its range."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.asked: list[tuple[str, str]] = []
        self.knows_ranges = True
        self.cut_after: list[int] = []  # of the next archives: bytes of the body, then the line breaks
        self.redirects = 0  # so many of the next requests are sent on
        self.said_length: int | None = None
        self.said_range = ""
        self.status = 0
        self.more = b""  # behind what was asked for

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/updates"


class Handler(BaseHTTPRequestHandler):
    protocol_version: ClassVar[str] = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.server.asked.append((self.path, wanted))
        if self.server.redirects:
            self.server.redirects -= 1
            self.send_response(302)
            self.send_header("Location", f"/moved{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path = self.server.folder / re.sub(r"^(/moved)*/updates/", "", self.path)
        if self.server.status or not path.is_file():
            self.send_error(self.server.status or 404)
            return
        data = path.read_bytes()
        begin = int(wanted[len("bytes=") : -1]) if wanted and self.server.knows_ranges else 0
        body = data[begin:] + self.server.more
        self.send_response(206 if begin else 200)
        if begin:
            said = self.server.said_range or f"bytes {begin}-{len(data) - 1}/{len(data)}"
            self.send_header("Content-Range", said)
        length = self.server.said_length
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.server.cut_after and "/targets/" in self.path:
            body = body[: self.server.cut_after.pop(0)]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "served/targets").mkdir(parents=True)
    with Server(tmp_path / "served") as made:
        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def data(server: Server) -> bytes:
    made = random.Random(1).randbytes(700_000)
    (server.folder / NAME).write_bytes(made)
    return made


def read(server: Server, offset: int = 0) -> bytes:
    return b"".join(UrlSource(server.url).pieces(NAME, offset))


def refused(server: Server, offset: int = 0) -> str:
    with pytest.raises(UpdateError) as caught:
        read(server, offset)
    assert caught.value.code == "source"
    return str(caught.value)


@pytest.mark.parametrize("knows_ranges", [True, False])
@pytest.mark.parametrize("offset", [0, 1, 262_143, 262_144, 300_000, 699_999])
def test_a_file_is_read_from_any_byte_on(server: Server, data: bytes, offset: int, knows_ranges: bool) -> None:
    server.knows_ranges = knows_ranges
    assert read(server, offset) == data[offset:]
    assert server.asked == [(f"/updates/{NAME}", f"bytes={offset}-" if offset else "")]


def test_a_line_that_breaks_is_told_and_what_came_before_is_kept(server: Server, data: bytes) -> None:
    server.cut_after = [300_000]
    came: list[bytes] = []
    with pytest.raises(UpdateError, match="IncompleteRead"):
        came.extend(UrlSource(server.url).pieces(NAME))
    assert data.startswith(b"".join(came))
    assert len(b"".join(came)) >= source.PIECE_BYTES


def test_up_to_three_redirections_are_followed(server: Server, data: bytes) -> None:
    server.redirects = 3
    assert read(server, 5) == data[5:]
    assert [wanted for _, wanted in server.asked] == ["bytes=5-"] * 4
    server.redirects = 4
    assert "too many redirects" in refused(server)


def test_another_part_than_was_asked_for_is_refused(server: Server, data: bytes) -> None:
    for said in ("bytes 0-699999/700000", "bytes 50-699999/700000", "bytes */700000", "nothing"):
        server.said_range = said
        assert f"asked from byte 5 on, the server sends {said!r}" in refused(server, 5)


@pytest.mark.parametrize("status", [401, 416, 429, 500, 503])
def test_what_the_server_refuses_is_told(server: Server, data: bytes, status: int) -> None:
    server.status = status
    assert f"the server answers {status}" in refused(server, 5)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_a_file_that_is_not_there_is_told_apart(server: Server, status: int) -> None:
    server.status = status
    with pytest.raises(NoSuchFile, match=f"not there \\({status}\\)"):
        read(server)


def test_a_server_that_is_away_is_told(server: Server) -> None:
    server.shutdown()
    server.server_close()
    assert "NewConnectionError" in refused(server)


def test_no_name_leads_out_of_the_repository(server: Server) -> None:
    for name in (
        "targets/../secret",
        "/etc/passwd",
        "targets/a/b",
        "targets/",
        "other/x",
        "metadata/.x",
        "targets/a?b",
    ):
        with pytest.raises(UpdateError, match="no name of a file"):
            next(UrlSource(server.url).pieces(name))
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "https:///x",
        "http://who:secret@example.org/",
        "http://example.org/?x=1",
        "ftp://example.org/x",
        "file:///x",
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(UpdateError, match="source = "):
        source_of(url)


# --- a whole update through it ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Offers 0.2.0: 900 kB."""
    made = Maker(tmp_path_factory.mktemp("maker"))
    archive = bare_archive(made.folder, "0.2.0")
    archive.write_bytes(random.Random(2).randbytes(900_000))
    made.offer(archive)
    return made


@pytest.fixture
def box(server: Server, maker: Maker, tmp_path: Path) -> Layout:
    server.folder = maker.repository
    return bare_home(tmp_path / "home", maker.root)


def install_from(server: Server, box: Layout) -> tuple[bytes, int]:
    """Look and fetch until all is there. Returns (the archive as it was staged, how many tries it took)."""
    web = UrlSource(server.url)
    offer = fetch.look(box, web).offer
    assert offer is not None
    for tries in range(1, 12):
        try:
            fetch.get(box, web, offer)
        except UpdateError as error:
            if error.code not in ("source", "short"):
                raise
            continue
        return (box.staging / fetch.REPOSITORY / "targets" / offer.hashed).read_bytes(), tries
    raise AssertionError("it was never whole")


@pytest.mark.parametrize("knows_ranges", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_an_update_comes_whole_however_often_the_line_breaks(
    server: Server, box: Layout, maker: Maker, seed: int, knows_ranges: bool
) -> None:
    server.knows_ranges = knows_ranges
    server.cut_after = [random.Random(seed).randrange(900_000) for _ in range(5)]
    data, tries = install_from(server, box)
    assert data == next(maker.folder.glob("hushbox-0.2.0*.xz")).read_bytes()
    assert 2 <= tries <= 6
    assert server.cut_after == [] or knows_ranges
    targets = [wanted for path, wanted in server.asked if "/targets/" in path]
    assert targets[0] == ""
    offsets = [int(wanted[6:-1]) for wanted in targets[1:] if wanted]
    assert offsets == sorted(offsets)
    assert offsets or not knows_ranges


def test_a_length_that_is_too_short_is_no_end(server: Server, box: Layout) -> None:
    """The server says fewer bytes than were signed, as a proxy does that has kept half a file."""
    web = UrlSource(server.url)
    offer = fetch.look(box, web).offer
    assert offer is not None
    server.said_length, server.cut_after = 400_000, [400_000]
    with pytest.raises(UpdateError) as caught:
        fetch.get(box, web, offer)
    assert (caught.value.code, "400000 of 900000 bytes" in str(caught.value)) == ("short", True)
    server.said_length = None
    fetch.get(box, web, offer)
    assert server.asked[-1][0].endswith("root.json")


def test_more_than_was_signed_is_thrown_away(server: Server, box: Layout) -> None:
    web = UrlSource(server.url)
    offer = fetch.look(box, web).offer
    assert offer is not None
    server.more = b"x" * 50_000
    with pytest.raises(UpdateError) as caught:
        fetch.get(box, web, offer)
    assert caught.value.code == "damaged"
    assert list((box.staging / fetch.REPOSITORY / "targets").iterdir()) == []
    assert bare_description("0.2.0")["version"] == offer.version
