"""Pictures as they come from phones, and as they come from people who mean harm. All of it is made here."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageCms, PngImagePlugin

#: Planted wherever a file can say something. None of it may be in what is kept.
MARKERS = ("qdescribedq", "qartistq", "qusercommentq", "qxmpq", "qcommentq", "qthumbnailq", "qtrailingq", "qtextq")
MARKERS += ("qiptcq", "qprofileq")
PROGRAM = b"<script>alert('qtrailingq')</script>"


def corners(width: int = 80, height: int = 60) -> Image.Image:
    """Red above left, green above right, blue below left, white below right."""
    picture = Image.new("RGB", (width, height), "white")
    for colour, at in (("red", (0, 0)), ("lime", (width // 2, 0)), ("blue", (0, height // 2))):
        picture.paste(colour, (*at, at[0] + width // 2, at[1] + height // 2))
    return picture


def encoded(picture: Image.Image, sort: str, **how: object) -> bytes:
    into = io.BytesIO()
    picture.save(into, sort, **how)
    return into.getvalue()


def exif(orientation: int = 1, words: str = "qdescribedq") -> Image.Exif:
    told = Image.Exif()
    told[0x0112], told[0x010E], told[0x013B] = orientation, words, "qartistq"
    told.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0qusercommentq"
    told.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 26.5), 3: "W", 4: (0.0, 7.0, 39.9), 29: "2031:03:03"})
    return told


def talkative_jpeg() -> bytes:
    """Everything that a JPEG can have beside its pixels."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:title>qxmpq</dc:title></x:xmpmeta>"
    how = {"exif": exif(), "icc_profile": profile + b"qprofileq", "comment": b"qcommentq", "xmp": xmp}
    made = encoded(corners(), "JPEG", **how)
    words = b"\x1c\x02\x78" + struct.pack(">H", 6) + b"qiptcq"
    block = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(words)) + words
    iptc = b"\xff\xed" + struct.pack(">H", len(block) + 2) + block
    thumbnail = b"JFXX\0\x10qthumbnailq"
    extension = b"\xff\xe0" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    return made[:2] + iptc + extension + made[2:] + PROGRAM


def talkative_png() -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "qcommentq")
    texts.add_text("Title", "qtextq", zip=True)
    texts.add_itxt("XML:com.adobe.xmp", "<x>qxmpq</x>")
    return encoded(corners(), "PNG", pnginfo=texts, exif=exif()) + PROGRAM


def talkative_webp() -> bytes:
    return encoded(corners(), "WEBP", exif=exif(), xmp=b"<x>qxmpq</x>") + PROGRAM


def talkative_gif() -> bytes:
    return encoded(corners(), "GIF", comment=b"qcommentq") + PROGRAM


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def claiming_png(width: int, height: int, rows: int = 0, *more: bytes) -> bytes:
    """A PNG that says it is so large, with so many rows of nothing in it."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    packing, packed = zlib.compressobj(9), b""
    for _ in range(rows):
        packed += packing.compress(bytes(1 + 3 * width))
    packed += packing.flush()
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A small PNG with texts that are 200 MB each when unpacked."""
    packed = zlib.compress(bytes(200 * 1024**2), 9)
    return claiming_png(10, 10, 10, *(_chunk(b"zTXt", b"Comment\0\0" + packed) for _ in range(4)))


def claiming_gif(width: int, height: int, frames: int) -> bytes:
    """A GIF of so many frames, each as large as it says the whole is."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def moving_gif(width: int, height: int, frames: int) -> bytes:
    """The same with all its points really there."""
    whole = encoded(Image.new("L", (width, height)), "GIF")
    begins = whole.index(b"\x2c" + struct.pack("<HHHH", 0, 0, width, height))
    return whole[:begins] + whole[begins:-1] * frames + b"\x3b"


def claiming_webp(width: int, height: int, frames: int) -> bytes:
    """An animated WebP whose canvas is so large; its frames are of one point."""
    one = encoded(Image.new("RGB", (1, 1)), "WEBP", lossless=True)[12:]
    frame = bytes(6) + bytes(6) + (100).to_bytes(3, "little") + b"\0" + one
    moving = b"ANMF" + struct.pack("<I", len(frame)) + frame + (b"\0" if len(frame) % 2 else b"")
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    head = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    inside = b"WEBP" + head + moving * frames
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def claiming_jpeg(width: int, height: int) -> bytes:
    """A JPEG whose frame says it is so large."""
    made = bytearray(encoded(corners(), "JPEG"))
    at = made.index(b"\xff\xc0") + 5
    made[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(made)
