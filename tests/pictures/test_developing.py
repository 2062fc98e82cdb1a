"""What becomes of a picture's file: upright, in a few widths, and nothing in it but pixels; or a kind word."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from PIL import Image, ImageOps

from heard.pictures import developing
from heard.pictures.developing import Developed, develop
from tests.pictures import files

MB = 1024**2


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def near(colour: Any, wanted: tuple[int, int, int]) -> bool:
    return all(abs(is_ - should) < 40 for is_, should in zip(colour, wanted, strict=True))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_however_the_phone_was_held(orientation: int) -> None:
    undone = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    held = files.corners() if undone is None else files.corners().transpose(Image.Transpose(undone))
    assert ImageOps.exif_transpose(held) is not None
    made = develop(files.encoded(held, "JPEG", exif=files.exif(orientation), quality=95)).prints
    for one in made:
        picture = opened(one.content)
        assert picture.size == (one.width, one.height) == (80, 60)
        assert near(picture.getpixel((10, 10)), (255, 0, 0)) and near(picture.getpixel((70, 10)), (0, 255, 0))
        assert near(picture.getpixel((10, 50)), (0, 0, 255)) and near(picture.getpixel((70, 50)), (255, 255, 255))


TALKATIVE = {
    "jpeg": files.talkative_jpeg,
    "png": files.talkative_png,
    "webp": files.talkative_webp,
    "gif": files.talkative_gif,
}


def remains(made: Developed) -> set[str]:
    """What was planted in the file and is still in a print, or what a print says of itself."""
    found = {mark for mark in files.MARKERS for one in made.prints if mark.encode() in one.content}
    for one in made.prints:
        picture = opened(one.content)
        found |= {name for name in picture.info if name not in ("jfif", "jfif_version", "jfif_unit", "jfif_density")}
        found |= {"exif"} if dict(picture.getexif()) else set()
    return found - {"loop", "background", "timestamp", "duration", "progressive", "progression"}


@pytest.mark.parametrize("sort", TALKATIVE)
def test_nothing_that_was_hidden_in_the_file_is_kept(sort: str) -> None:
    sent = TALKATIVE[sort]()
    assert sum(mark.encode() in sent for mark in files.MARKERS) >= 2
    made = develop(sent)
    assert not made.wrong and made.prints
    assert remains(made) == set()


def test_control_a_picture_that_is_only_saved_again_keeps_what_was_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def lazy(picture: Image.Image) -> Image.Image:
        picture.load()
        return picture

    monkeypatch.setattr(developing, "_upright", lazy)
    assert {"qcommentq", "comment"} <= remains(develop(files.talkative_jpeg()))


@pytest.mark.parametrize("sort", TALKATIVE)
def test_what_the_file_said_in_words_is_told_to_whoever_looks_for_names(sort: str) -> None:
    said = "\n".join(develop(TALKATIVE[sort]()).said)
    wanted = {"jpeg": "qdescribedq qartistq qusercommentq qxmpq qcommentq qiptcq", "gif": "qcommentq"}
    wanted |= {"png": "qdescribedq qcommentq qtextq qxmpq", "webp": "qdescribedq qxmpq"}
    assert [mark for mark in wanted[sort].split() if mark not in said] == []


def test_it_is_made_in_every_width_that_it_has_and_in_none_that_it_has_not() -> None:
    def made(width: int, height: int) -> list[tuple[str, int, int]]:
        sent = files.encoded(Image.new("RGB", (width, height)), "JPEG")
        return [(one.sort, one.width, one.height) for one in develop(sent).prints]

    assert made(3200, 2400)[::2] == [("jpg", 1600, 1200), ("jpg", 960, 720), ("jpg", 480, 360)]
    assert made(1000, 500)[1::2] == [("webp", 1000, 500), ("webp", 960, 480), ("webp", 480, 240)]
    assert made(100, 50) == [("jpg", 100, 50), ("webp", 100, 50)]
    assert made(1200, 4800)[0] == ("jpg", 600, 2400)


def test_the_same_file_is_the_same_picture() -> None:
    assert develop(files.talkative_jpeg()) == develop(files.talkative_jpeg())


def test_what_is_seen_through_is_white() -> None:
    clear = files.encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG")
    assert near(opened(develop(clear).prints[0].content).getpixel((5, 5)), (255, 255, 255))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16", "RGBA"])
def test_every_mode_of_picture_is_taken(mode: str) -> None:
    sort = "JPEG" if mode == "CMYK" else "PNG"
    made = develop(files.encoded(Image.new(mode, (30, 20)), sort))
    assert [(one.width, one.height) for one in made.prints] == [(30, 20), (30, 20)]


def cut(sort: str) -> bytes:
    noisy = Image.effect_noise((300, 200), 60).convert("RGB")
    whole = files.encoded(noisy, sort)
    return whole[: len(whole) // 2]


def flipped(at: float) -> bytes:
    whole = bytearray(files.encoded(Image.effect_noise((300, 200), 60).convert("RGB"), "PNG"))
    whole[int(len(whole) * at)] ^= 0xFF
    return bytes(whole)


NO_PICTURES: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (bytes, "unknown"),
    "words": (lambda: b"The coroner opens the inquest.", "unknown"),
    "a page": (lambda: b"<!doctype html><script>alert(1)</script>", "unknown"),
    "a page that begins like a GIF": (lambda: b"GIF89a/*<script>*/=1;alert(1)</script>", "damaged"),
    "a drawing": (lambda: b"\n<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "drawing"),
    "a drawing with a prologue": (lambda: b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "drawing"),
    "a phone's own format": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic"),
    "PostScript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "unknown"),
    "a program": (lambda: b"\x7fELF\x02\x01\x01", "unknown"),
    "a TIFF": (lambda: files.encoded(files.corners(), "TIFF"), "unknown"),
    "a cut JPEG": (lambda: cut("JPEG"), "damaged"),
    "a cut PNG": (lambda: cut("PNG"), "damaged"),
    "a cut WebP": (lambda: cut("WEBP"), "damaged"),
    "a PNG with a wrong bit": (lambda: flipped(0.5), "damaged"),
    "a head alone": (lambda: b"\xff\xd8\xff\xe0", "damaged"),
    "a strip": (lambda: files.encoded(Image.new("RGB", (10, 2000)), "PNG"), "strip"),
    "a PNG of 50,000 by 50,000": (lambda: files.claiming_png(50_000, 50_000), "large"),
    "a PNG of 4 thousand million by one": (lambda: files.claiming_png(2**31 - 1, 1), "large"),
    "a GIF of 65,535 by 65,535": (lambda: files.claiming_gif(65_535, 65_535, 100), "large"),
    "a WebP of 16,384 by 16,384": (lambda: files.claiming_webp(16_384, 16_384, 100), "large"),
    "a JPEG of 65,000 by 65,000": (lambda: files.claiming_jpeg(65_000, 65_000), "large"),
}


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_is_known_as_what_it_is(name: str) -> None:
    make, wrong = NO_PICTURES[name]
    assert develop(make()) == Developed(wrong=wrong)  # type: ignore[arg-type]


# Bounds, in the process that has them ---------------------------------------------------------------------------------

#: Starts a process and tells what memory it took at most, in KiB: its own child's, counted from nought.
MEASURED = (
    "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], stdin=sys.stdin.buffer); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.returncode, file=sys.stderr)"
)
UNBOUND = (
    "from heard.pictures import developing as d; d.PIXELS_MAX = d.SIDE_MAX = 10**12; d.MEMORY_BYTES_MAX = 8 * 1024**3; "
    "d.main()"
)


def taken_by(sent: bytes, *how: str) -> tuple[Developed | None, int]:
    """What it answered, if it did, and how many bytes of memory it took."""
    argv = [sys.executable, "-c", MEASURED, sys.executable, "-I", *(how or ("-m", "heard.pictures.developing"))]
    done = subprocess.run(argv, input=sent, capture_output=True, timeout=120)
    told = msgspec.msgpack.decode(done.stdout, type=Developed) if done.stdout else None
    return told, int(done.stderr.split()[-2]) * 1024


BOMBS: dict[str, Callable[[], bytes]] = {
    "as many points as are taken": lambda: files.claiming_png(8_000, 8_000, 8_000),
    "texts of 200 MB": files.text_bomb,
    "a GIF of 500 frames": lambda: files.moving_gif(4_000, 4_000, 500),
    "a WebP of 5,000 frames": lambda: files.claiming_webp(4_000, 4_000, 5_000),
    "a PNG that claims more than it has": lambda: files.claiming_png(8_000, 8_000, 10),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_no_more_memory_than_is_given(name: str) -> None:
    sent = BOMBS[name]()
    told, memory = taken_by(sent)
    print(f"{name}: {len(sent):,} bytes sent, {memory // MB} MB taken, {told.wrong or 'taken' if told else 'killed'}")
    assert memory < 700 * MB


def test_control_without_its_bounds_a_bomb_takes_what_it_likes() -> None:
    bomb = files.claiming_png(14_000, 14_000, 14_000)
    _, memory = taken_by(bomb, "-c", UNBOUND)
    assert memory > 700 * MB
    assert taken_by(bomb)[0] == Developed(wrong="large")
