"""A picture made anew: upright, in sRGB, in a few widths, and without anything that was hidden in its file.

Run as a process of its own (`python -m heard.pictures.developing`, asked by `darkroom`), since decoders have had holes
and a small file may claim any size. What is kept are pixels alone: a fresh picture is encoded, so that Exif, GPS, XMP,
IPTC, colour profiles, comments, thumbnails and whatever follows the end cannot be in it.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec
from PIL import Image, ImageCms, ImageFile, ImageOps, IptcImagePlugin

from heard.engine import confined

#: Bytes of address space and seconds of computing for one picture. Measured: 64 million pixels need 470 MB at most.
MEMORY_BYTES_MAX, CPU_S = 1024**3, 20
#: A phone of today takes 48 or 50 million pixels.
PIXELS_MAX, SIDE_MAX = 64_000_000, 20_000
WIDTHS = (480, 960, 1600)
#: A strip that is longer than this for its width is no photograph, and would bury the posts below it.
HEIGHT_MAX, SHAPE_MAX = 2400, 8
JPEG_QUALITY, WEBP_QUALITY = 82, 78
#: So much of what a file says of itself is looked through for names.
SAID_MAX = 64_000

Sort = Literal["jpg", "webp"]
#: Why there is no picture; the words for it are the other side's (`darkroom`).
Wrong: TypeAlias = Literal["", "unknown", "drawing", "heic", "damaged", "large", "strip"]


class Print(msgspec.Struct, frozen=True):
    """The picture in one size and one format; pixels."""

    sort: Sort
    width: int
    height: int
    content: bytes


class Developed(msgspec.Struct, frozen=True):
    """The prints, the largest JPEG first; `said` are the texts that the file had in it, none of which are kept."""

    prints: tuple[Print, ...] = ()
    said: tuple[str, ...] = ()
    wrong: Wrong = ""


def main() -> None:
    """Bound this process, then read, develop and answer."""
    confined.answer(lambda sent: msgspec.msgpack.encode(develop(sent)), memory_bytes_max=MEMORY_BYTES_MAX, cpu_s=CPU_S)


def develop(content: bytes) -> Developed:
    """The prints of what a file shows, or why there are none."""
    wrong, sort = _sort(content)
    if wrong:
        return Developed(wrong=wrong)
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        with Image.open(io.BytesIO(content), formats=[sort]) as picture:
            if wrong := _unfit(*picture.size):
                return Developed(wrong=wrong)
            upright = _upright(picture)
            return Developed(tuple(_prints(upright)), tuple(_said(picture)))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return Developed(wrong="large")
    except Exception:  # a decoder meets what nobody thought of; whatever it is, this is no picture
        return Developed(wrong="damaged")


def _sort(content: bytes) -> tuple[Wrong, str]:
    """What the first bytes say it is: the only decoder that gets to see it. Names and types that are told are not."""
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if content.startswith(b"\xff\xd8\xff"):
        return "", "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "", "PNG"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "", "GIF"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "", "WEBP"
    if content[4:8] == b"ftyp":
        return "heic", ""
    return ("drawing" if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")) else "unknown"), ""


def _unfit(width: int, height: int) -> Wrong:
    if width * height > PIXELS_MAX or max(width, height) > SIDE_MAX:
        return "large"
    return "strip" if max(width, height) > SHAPE_MAX * min(width, height) else ""


def _upright(picture: Image.Image) -> Image.Image:
    """The first frame as it was held, no larger than the largest print, in sRGB on white; nothing but its pixels."""
    turned = picture.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    made: Image.Image = picture
    if made.mode in ("1", "P"):
        made = made.convert("RGBA" if "transparency" in picture.info else "RGB")
    # The box is that of the lying picture: it is made small before it is turned, and so before it takes its full size.
    box = (HEIGHT_MAX, WIDTHS[-1]) if turned else (WIDTHS[-1], HEIGHT_MAX)
    made.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=2.0)
    made = _in_srgb(ImageOps.exif_transpose(made))
    if made.mode in ("RGBA", "LA", "PA"):
        made = Image.alpha_composite(Image.new("RGBA", made.size, "white"), made.convert("RGBA"))
    made = made.convert("RGB")
    return Image.frombytes("RGB", made.size, made.tobytes())


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Phones take pictures in wider colours than a picture without a profile is shown in."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "CMYK", "L"):
        return picture
    try:
        wide = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        told = ImageCms.profileToProfile(picture, wide, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # shown in slightly duller colours
    return told or picture


def _prints(picture: Image.Image) -> Iterator[Print]:
    widths = [width for width in WIDTHS if width < picture.width] + [picture.width]
    for width in reversed(widths):
        height = max(1, round(picture.height * width / picture.width))
        made = picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)
        yield Print("jpg", width, height, _encoded(made, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True))
        yield Print("webp", width, height, _encoded(made, "WEBP", quality=WEBP_QUALITY, method=4))


def _encoded(picture: Image.Image, sort: str, **how: int | bool) -> bytes:
    into = io.BytesIO()
    picture.save(into, sort, **how)
    return into.getvalue()


def _said(picture: ImageFile.ImageFile) -> Iterator[str]:
    """What the file says in words: its makers put names there, and so do people."""
    left = SAID_MAX
    exif = picture.getexif()
    places = [exif, *(exif.get_ifd(number) for number in (0x8769, 0x8825))]
    found: list[object] = [value for place in places for value in place.values()]
    found += [value for name, value in picture.info.items() if name not in ("exif", "icc_profile", "photoshop")]
    found += (IptcImagePlugin.getiptcinfo(picture) or {}).values()
    for value in found:
        for text in _texts(value):
            if left > 0 and len(text) > 2:
                yield text[:left]
            left -= len(text)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "ignore").replace("\0", " ")
        if b"\0" in value:  # what Windows writes
            yield value.decode("utf-16-le", "ignore")
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


if __name__ == "__main__":
    main()
