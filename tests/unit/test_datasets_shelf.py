"""The shelf: where files are found, how they are fetched, and what is said about missing and wrong ones."""

import dataclasses
import gzip
import hashlib
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fwk.api import Mistake
from fwk.download import DownloadError, content_sha256, download, telling
from fwk.shelf import Folders, MissingFileError, cache_folder, data_folder

CONTENT = b"".join(b"%d,%d\n" % (i, i * i) for i in range(60_000))
SUM = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Publisher:
    """A server on this machine: breaks off after `stamina` bytes of an answer, and may not know ranges."""

    content: bytes = CONTENT
    stamina: int = 10**9
    ranges: bool = True
    version: str = '"1"'
    asked: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    shop = Publisher()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range", "")
            shop.asked.append(asked)
            start = 0
            if asked and shop.ranges and self.headers.get("If-Range") == shop.version:
                start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(shop.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(shop.content)}")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(shop.content) - start))
            self.send_header("ETag", shop.version)
            self.end_headers()
            self.wfile.write(shop.content[start : start + shop.stamina])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    shop.url = f"http://127.0.0.1:{server.server_port}/squares.csv"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield shop
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def shelf(tmp_path: Path, said: list[str]) -> Folders:
    (tmp_path / "data").mkdir()
    return Folders(tmp_path / "data", tmp_path / "cache", say=said.append)


def silent(there: int, whole: int | None) -> None:
    pass


def _put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("place", ["squares.csv", "squares.csv.gz", "sub/squares.csv", "a/b/squares.csv.gz"])
def test_a_file_is_found_plain_or_packed_at_any_depth(shelf: Folders, place: str) -> None:
    assert shelf.data is not None
    path = _put(shelf.data / place)
    assert shelf.find("squares.csv", sha256=SUM) == path
    assert shelf.find("squares.csv.gz", sha256=SUM) == path


def test_the_users_folder_comes_before_the_cache_and_outer_before_inner(shelf: Folders) -> None:
    assert shelf.data is not None
    _put(shelf.cache / "x.csv")
    assert shelf.find("x.csv") == shelf.cache / "x.csv"
    _put(shelf.data / "deep" / "x.csv")
    assert shelf.find("x.csv") == shelf.data / "deep" / "x.csv"
    _put(shelf.data / "x.csv")
    assert shelf.find("x.csv") == shelf.data / "x.csv"


def test_a_name_with_a_folder_means_that_folder(shelf: Folders) -> None:
    assert shelf.data is not None
    _put(shelf.data / "2017" / "p.csv", b"old")
    _put(shelf.data / "usa" / "2018" / "p.csv", b"new")
    assert shelf.find("2018/p.csv") == shelf.data / "usa" / "2018" / "p.csv"


def test_a_file_with_the_right_content_is_preferred_to_one_of_the_same_name(shelf: Folders) -> None:
    assert shelf.data is not None
    _put(shelf.data / "squares.csv", b"something else")
    right = _put(shelf.data / "other" / "squares.csv")
    assert shelf.find("squares.csv", sha256=SUM) == right


def test_a_wrong_checksum_is_refused_with_both_sums(shelf: Folders) -> None:
    assert shelf.data is not None
    path = _put(shelf.data / "squares.csv", CONTENT + b"one byte more")
    with pytest.raises(ValueError) as caught:
        shelf.find("squares.csv", sha256=SUM, advice="ask the publisher")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"{path} has sha256 {found}, expected {SUM}" in str(caught.value)
    assert "ask the publisher" in str(caught.value)


def test_a_damaged_packed_file_is_refused(shelf: Folders) -> None:
    assert shelf.data is not None
    (shelf.data / "squares.csv.gz").write_bytes(gzip.compress(CONTENT)[:-50])
    with pytest.raises(ValueError, match=r"has sha256 unknown \(its gzip file is damaged\), expected"):
        shelf.find("squares.csv", sha256=SUM)


def test_a_missing_file_says_which_from_where_and_into_which_folder(shelf: Folders) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        shelf.find("squares.csv", advice="fill in the form at example.org")
    message = str(caught.value)
    for part in ("squares.csv", str(shelf.data), str(shelf.cache), "fill in the form at example.org"):
        assert part in message


def test_a_data_folder_that_is_none_is_a_mistake_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for wrong in ("nowhere", "file"):
        with pytest.raises(Mistake, match=rf"there is no data folder .*{wrong}; name an existing one with --data"):
            Folders(tmp_path / wrong, tmp_path)
        monkeypatch.setenv("FWK_DATA", str(tmp_path / wrong))
        with pytest.raises(Mistake, match=wrong):
            Folders()


def test_a_download_is_checked_kept_and_reported(shelf: Folders, publisher: Publisher, said: list[str]) -> None:
    seen: list[tuple[int, int | None]] = []
    progress = nullcontext(lambda *there: seen.append(there))
    fetching = Folders(shelf.data, shelf.cache, say=said.append, progress=lambda _: progress)
    path = fetching.find("squares.csv", sha256=SUM, url=publisher.url)
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert said == [f"downloading squares.csv from {publisher.url}"]
    assert fetching.find("squares.csv", sha256=SUM, url=publisher.url) == path
    assert len(publisher.asked) == 1
    assert sorted(path.parent.iterdir()) == [path]


def test_a_download_that_broke_off_is_continued_within_a_call_and_by_a_later_one(
    shelf: Folders, publisher: Publisher
) -> None:
    publisher.stamina = len(CONTENT) // 5 + 1
    with pytest.raises(FileNotFoundError, match="bytes came and are kept for the next try"):
        shelf.find("squares.csv", sha256=SUM, url=publisher.url)
    assert len(publisher.asked) == 3
    assert shelf.find("squares.csv", sha256=SUM, url=publisher.url).read_bytes() == CONTENT
    assert [bool(asked) for asked in publisher.asked] == [False, True, True, True, True]


def test_another_version_at_the_publisher_is_never_mixed_with_the_old_one(shelf: Folders, publisher: Publisher) -> None:
    publisher.stamina = 1_000
    with pytest.raises(FileNotFoundError):
        shelf.find("squares.csv", url=publisher.url)
    publisher.content, publisher.version, publisher.stamina = CONTENT[::-1], '"2"', 10**9
    assert shelf.find("squares.csv", url=publisher.url).read_bytes() == CONTENT[::-1]


def test_a_publisher_without_ranges_sends_it_all_again(tmp_path: Path, publisher: Publisher) -> None:
    publisher.stamina, publisher.ranges = len(CONTENT) // 2, False
    with pytest.raises(DownloadError, match="the connection ended at"):
        download(publisher.url, tmp_path / "squares.csv", silent)
    publisher.stamina = 10**9
    assert download(publisher.url, tmp_path / "squares.csv", silent) == SUM
    assert (tmp_path / "squares.csv").read_bytes() == CONTENT


def test_a_part_that_is_whole_already_is_taken(tmp_path: Path, publisher: Publisher) -> None:
    _put(tmp_path / "squares.csv.part")
    (tmp_path / "squares.csv.part.version").write_text(publisher.version)
    assert download(publisher.url, tmp_path / "squares.csv", silent, SUM) == SUM


def test_a_download_with_another_sum_is_removed_and_named(shelf: Folders, publisher: Publisher) -> None:
    with pytest.raises(FileNotFoundError, match=f"gave a file with sha256 {SUM}, expected {'0' * 64}; it was removed"):
        shelf.find("squares.csv", sha256="0" * 64, url=publisher.url)
    assert list(shelf.cache.iterdir()) == []


def test_a_packed_download_is_known_by_what_is_in_it(shelf: Folders, publisher: Publisher) -> None:
    publisher.content = gzip.compress(CONTENT)
    path = shelf.find("squares.csv", sha256=SUM, url=f"{publisher.url}.gz")
    assert path.name == "squares.csv.gz"
    assert content_sha256(path) == SUM
    publisher.content = gzip.compress(CONTENT)[:-99]
    with pytest.raises(FileNotFoundError, match="gave a damaged gzip file"):
        shelf.find("cubes.csv", url=f"{publisher.url}.gz")


def test_what_a_file_is_unpacked_from_is_not_kept(shelf: Folders, publisher: Publisher) -> None:
    def first_half(raw: Path, target: Path) -> None:
        target.write_bytes(raw.read_bytes()[: len(CONTENT) // 2])

    half = hashlib.sha256(CONTENT[: len(CONTENT) // 2]).hexdigest()
    path = shelf.find("half.csv", sha256=half, url=publisher.url, unpack=first_half)
    assert path.read_bytes() == CONTENT[: len(CONTENT) // 2]
    assert sorted(shelf.cache.iterdir()) == [path]
    with pytest.raises(FileNotFoundError, match=r"other.csv cannot be made of it \(it has sha256"):
        shelf.find("other.csv", sha256=SUM, url=publisher.url, unpack=first_half)
    assert sorted(shelf.cache.iterdir()) == [path]


def test_an_archive_that_broke_off_is_continued_by_a_later_call(shelf: Folders, publisher: Publisher) -> None:
    def last_half(raw: Path, target: Path) -> None:
        target.write_bytes(raw.read_bytes()[len(CONTENT) // 2 :])

    publisher.stamina = len(CONTENT) // 5 + 1
    with pytest.raises(FileNotFoundError, match="bytes came and are kept for the next try"):
        shelf.find("half.csv", url=publisher.url, unpack=last_half)
    publisher.asked.clear()
    path = shelf.find("half.csv", url=publisher.url, unpack=last_half)
    assert path.read_bytes() == CONTENT[len(CONTENT) // 2 :]
    assert all(int(asked.removeprefix("bytes=").rstrip("-")) > len(CONTENT) // 2 for asked in publisher.asked)
    assert {entry.name for entry in shelf.cache.iterdir()} == {"half.csv", "half.csv.sha256"}


def test_what_was_unpacked_when_a_call_was_killed_is_swept_by_the_next(shelf: Folders, publisher: Publisher) -> None:
    _put(shelf.cache / "unpacking-half.csv-x1" / "half.csv")
    _put(shelf.cache / "unpacking-other.csv-x1" / "other.csv")
    _put(shelf.cache / "half.csv.archive")  # whole, so it need not come again
    shelf.find("half.csv", sha256=SUM, url=publisher.url, unpack=shutil.copyfile)
    assert publisher.asked == []
    assert {entry.name for entry in shelf.cache.iterdir()} == {"half.csv", "unpacking-other.csv-x1"}


def _first_column(came: bytes) -> bytes:
    return b"".join(line.partition(b",")[0] + b"\n" for line in came.splitlines())


def test_what_may_not_be_kept_is_never_written(
    shelf: Folders, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fwk.download.PIECE", len(CONTENT) // 7)
    written: list[list[Path]] = []

    def look(there: int, whole: int | None) -> None:
        written.append([path for path in tmp.rglob("*") if path.is_file() and path.stat().st_size])
        if len(written) == 4:
            raise KeyboardInterrupt

    tmp = shelf.cache.parent
    looking = dataclasses.replace(shelf, progress=lambda _: nullcontext(look))
    with pytest.raises(KeyboardInterrupt):
        looking.find("squares.csv", url=publisher.url, keep=("numbers.csv", _first_column))
    path = looking.find("squares.csv", url=publisher.url, keep=("numbers.csv", _first_column))
    assert len(written) > 8
    assert not any(written)
    assert list(shelf.cache.iterdir()) == [path]
    assert path == shelf.cache / "numbers.csv"
    assert path.read_bytes() == _first_column(CONTENT)


def test_a_download_that_nothing_may_be_kept_of_is_named(shelf: Folders, publisher: Publisher) -> None:
    def refuse(came: bytes) -> bytes:
        raise ValueError("it lacks the column name")

    with pytest.raises(FileNotFoundError, match=r"is not what it was \(it lacks the column name\)"):
        shelf.find("squares.csv", url=publisher.url, keep=("numbers.csv", refuse))
    publisher.stamina = 9
    with pytest.raises(FileNotFoundError, match="the connection ended at 9 of"):
        shelf.find("squares.csv", url=publisher.url, keep=("numbers.csv", _first_column))
    assert list(shelf.cache.iterdir()) == []


def test_whole_files_that_killed_calls_of_former_days_left_are_swept(shelf: Folders, publisher: Publisher) -> None:
    left = _put(shelf.cache / "download-x1" / "raw.part", b"names")
    shelf.find("squares.csv", sha256=SUM, url=publisher.url)
    assert not left.parent.exists()


def test_a_download_that_cannot_be_unpacked_is_named(shelf: Folders, publisher: Publisher) -> None:
    def refuse(raw: Path, target: Path) -> None:
        raise ValueError("not a zip file")

    with pytest.raises(FileNotFoundError, match=r"other.csv cannot be made of it \(not a zip file\)"):
        shelf.find("other.csv", url=publisher.url, unpack=refuse)


def test_a_first_download_without_a_known_sum_is_trusted_aloud_and_held_to_it(
    shelf: Folders, publisher: Publisher, said: list[str]
) -> None:
    path = shelf.find("squares.csv", url=publisher.url)
    assert "no checksum of squares.csv is known" in said[-1]
    assert SUM in said[-1]
    assert shelf.find("squares.csv", url=publisher.url) == path
    path.write_bytes(b"tampered")
    with pytest.raises(ValueError, match=f"expected {SUM}"):
        shelf.find("squares.csv", url=publisher.url)


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_a_users_copy_is_held_to_the_first_download_too(shelf: Folders, publisher: Publisher, packed: str) -> None:
    assert shelf.data is not None
    publisher.content = gzip.compress(CONTENT) if packed else CONTENT
    url = f"{publisher.url}{packed}"
    there = shelf.find("squares.csv", url=url)
    copy = _put(shelf.data / "squares.csv")
    assert shelf.find("squares.csv", url=url) == copy
    copy.write_bytes(b"another")
    assert shelf.find("squares.csv", url=url) == there
    there.unlink()
    with pytest.raises(ValueError, match=rf"data/squares.csv has sha256 .*, expected {SUM} as the first download had"):
        shelf.find("squares.csv", url=url)
    assert shelf.find("squares.csv") == copy  # of no publisher: the user's own


def test_a_line_now_and_then_says_how_far_a_download_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with telling("a.csv") as progress:
        progress(1_000, 5_000_000)
        monkeypatch.setattr("fwk.download.EVERY", 0.0)
        progress(2_500_000, 5_000_000)
        progress(2_600_000, None)
    assert capsys.readouterr().err == "a.csv: 2.5 MB of 5.0 MB\na.csv: 2.6 MB\n"


def test_a_refusing_or_absent_publisher_is_named(shelf: Folders, publisher: Publisher) -> None:
    publisher.content = b""  # any request is answered 416
    with pytest.raises(FileNotFoundError, match=r"The download failed: .* answers 416"):
        shelf.find("squares.csv", url=publisher.url)
    with pytest.raises(FileNotFoundError, match=r"The download failed: .* could not be fetched"):
        shelf.find("squares.csv", url="http://127.0.0.1:9/squares.csv")


def test_nothing_is_fetched_where_that_is_off(shelf: Folders, publisher: Publisher) -> None:
    with pytest.raises(MissingFileError) as caught:
        Folders(shelf.data, shelf.cache, fetch=False).find("squares.csv", url=publisher.url)
    assert publisher.asked == []
    assert publisher.url in str(caught.value)


def test_folders_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FWK_DATA", raising=False)
    monkeypatch.delenv("FWK_CACHE", raising=False)
    assert data_folder() is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_folder() == tmp_path / "fwk"
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "fwk"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache_folder() == tmp_path / "fwk" / "cache"
    (tmp_path / "d").mkdir()
    monkeypatch.setenv("FWK_DATA", str(tmp_path / "d"))
    monkeypatch.setenv("FWK_CACHE", str(tmp_path / "c"))
    assert (Folders().data, Folders().cache) == (tmp_path / "d", tmp_path / "c")


def test_what_is_made_of_files_here_is_not_called_a_download(shelf: Folders, said: list[str], tmp_path: Path) -> None:
    (tmp_path / "data" / "0.jpg").write_bytes(b"picture")
    url = (tmp_path / "data" / "0.jpg").as_uri()
    made = shelf.find("features.npy", url=url, unpack=lambda source, target: shutil.copy(source, target))
    assert made.read_bytes() == b"picture"
    assert said == [f"making features.npy, kept in {shelf.cache}"]


def test_two_at_once_download_once_and_both_have_all_of_it(tmp_path: Path) -> None:
    """The publisher is slow; threads stand for processes, as locks keep both apart."""
    content, served, said = b"x" * 300_000, [], list[str]()
    (tmp_path / "source").write_bytes(content)

    def slow(archive: Path, made: Path) -> None:
        served.append(archive)
        time.sleep(0.5)
        shutil.copy(archive, made)

    def find() -> bytes:
        return Folders(None, tmp_path / "cache", say=said.append).find("a.csv", url=url, unpack=slow).read_bytes()

    url = (tmp_path / "source").as_uri()
    with ThreadPoolExecutor(3) as pool:
        assert [task.result() for task in [pool.submit(find) for _ in range(3)]] == [content] * 3
    assert len(served) == 1
    assert said.count("another process fetches a.csv: waiting for it") == 2


def test_what_came_is_kept_where_there_is_no_room_to_unpack_it(shelf: Folders, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"published")

    def full(archive: Path, made: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(MissingFileError, match=r"cannot be made of what came, which is kept .*No space left"):
        shelf.find("a.csv", url=(tmp_path / "source").as_uri(), unpack=full)
    (tmp_path / "source").write_bytes(b"")
    made = shelf.find("a.csv", url=(tmp_path / "source").as_uri(), unpack=shutil.copy)
    assert made.read_bytes() == b"published"
