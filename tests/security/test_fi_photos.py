"""The row FI01 of the specification, for pictures that are shown to everybody: pixels are published, nothing else."""

import io
import os
import struct
import time
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as some
from PIL import Image, ImageCms, ImageOps
from PIL.Image import Exif, Resampling
from PIL.PngImagePlugin import PngInfo

from kernel.files.photos import NotPublished, published

FORMATS = ["JPEG", "PNG", "WEBP"]
GPS, ORIENTATION, MAKE, MAKER_NOTE = 0x8825, 0x0112, 0x010F, 0x927C
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>TELLTALE</rdf:RDF></x:xmpmeta>'
MARKS = [b"Exif", b"EXIF", b"XMP", b"xmpmeta", b"ns.adobe.com", b"ICC_PROFILE", b"iCCP", b"ICCP", b"eXIf", b"iTXt"]
MARKS += [b"tEXt", b"zTXt", b"TELLTALE", b"Photoshop", b"MPF\0"]
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif_of_a_phone(words: bytes = b"TELLTALE", orientation: int = 1) -> Exif:
    exif = Exif()
    exif[MAKE], exif[ORIENTATION] = words.decode("latin-1"), orientation
    exif.get_ifd(GPS).update({1: "N", 2: (28.0, 41.0, 12.5), 3: "E", 4: (115.0, 53.0, 2.25)})
    exif.get_ifd(0x8769).update({MAKER_NOTE: words})
    return exif


def a_photo(kind: str, size: tuple[int, int] = (60, 40), words: bytes = b"TELLTALE", orientation: int = 1) -> bytes:
    """Left half red, right half blue, with all that a phone and a program write into it."""
    picture, out = Image.new("RGB", size, "red"), io.BytesIO()
    picture.paste("blue", (size[0] // 2, 0, *size))
    extra: dict[str, object] = {"exif": exif_of_a_phone(words, orientation), "icc_profile": PROFILE}
    if kind == "PNG":
        texts = PngInfo()
        texts.add_text("Comment", words.decode("latin-1"))
        texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
        extra["pnginfo"] = texts
    else:
        extra |= {"xmp": XMP, "comment": words, "quality": 95}
    picture.save(out, kind, **extra)
    return out.getvalue()


async def sent(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 65_536):
        yield data[start : start + 65_536]


def seen(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize("kind", FORMATS)
async def test_fi01_place_owner_profile_and_comments_are_gone(kind: str) -> None:
    before = a_photo(kind)
    assert seen(before).getexif().get_ifd(GPS)[2] == (28.0, 41.0, 12.5), "the photo of this test tells its place"
    assert b"TELLTALE" in before
    after = await published(sent(before))
    picture = seen(after)
    assert picture.format == kind
    assert dict(picture.getexif()) == {}
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "loop", "background", "timestamp", "duration"}  # noqa: E501  # fmt: skip
    assert [mark for mark in MARKS if mark in after] == []


async def test_fi01_the_second_picture_that_a_phone_hides_in_a_jpeg_is_gone() -> None:
    out, depth = io.BytesIO(), Image.new("RGB", (64, 64), "green")
    Image.new("RGB", (64, 64), "red").save(out, "MPO", save_all=True, append_images=[depth], exif=exif_of_a_phone())
    assert seen(out.getvalue()).format == "MPO"
    after = await published(sent(out.getvalue()))
    assert seen(after).format == "JPEG"
    assert after.count(b"\xff\xd8\xff") == 1
    assert [mark for mark in MARKS if mark in after] == []


@effort(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=some.sampled_from(FORMATS),
    words=some.binary(max_size=3_000).map(lambda words: b"TELLTALE" + words),  # never by chance in a table of JPEG's
    size=some.tuples(some.integers(1, 90), some.integers(1, 90)),
    orientation=some.integers(0, 9),
)
async def test_fi01_whatever_was_written_into_a_picture_no_byte_of_it_is_published(
    kind: str, words: bytes, size: tuple[int, int], orientation: int
) -> None:
    after = await published(sent(a_photo(kind, size, words, orientation)))
    assert words not in after
    assert [mark for mark in MARKS if mark in after] == []
    assert sorted(seen(after).size) == sorted(size)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_photo_that_was_taken_sideways_is_shown_upright(kind: str, orientation: int) -> None:
    before = a_photo(kind, orientation=orientation)
    upright, after = ImageOps.exif_transpose(seen(before)).convert("RGB"), seen(await published(sent(before)))
    assert after.size == upright.size
    for spot in ((5, 5), (after.width - 5, after.height - 5)):
        wanted, found = upright.getpixel(spot), after.convert("RGB").getpixel(spot)
        assert isinstance(wanted, tuple)
        assert isinstance(found, tuple)
        assert all(abs(one - other) < 24 for one, other in zip(wanted, found, strict=True))


@pytest.mark.parametrize("kind", FORMATS)
async def test_the_longest_side_is_2560_and_nothing_is_made_larger(kind: str) -> None:
    assert seen(await published(sent(a_photo(kind, (5_000, 1_000))))).size == (2560, 512)
    assert seen(await published(sent(a_photo(kind, (300, 200))))).size == (300, 200)


async def test_forty_million_pixels_of_noise_are_made_small_within_the_limits() -> None:
    noise = Image.frombytes("L", (1_000, 1_000), os.urandom(10**6)).resize((8_000, 5_000), Resampling.NEAREST)
    for kind in FORMATS[:2]:
        out = io.BytesIO()
        noise.convert("RGB").save(out, kind, compress_level=1)
        assert max(seen(await published(sent(out.getvalue()))).size) == 2560


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "I;16", "LA"])
async def test_pictures_of_other_colour_modes_come_through(mode: str) -> None:
    kind, out = "JPEG" if mode == "CMYK" else "PNG", io.BytesIO()
    Image.new(mode, (20, 10)).save(out, kind)
    assert seen(await published(sent(out.getvalue()))).size == (20, 10)


async def test_transparency_stays() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (20, 10), (255, 0, 0, 0)).save(out, "PNG")
    assert seen(await published(sent(out.getvalue()))).getpixel((3, 3)) == (255, 0, 0, 0)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def a_png(width: int, height: int, *chunks: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join([chunk(b"IHDR", head), *chunks, chunk(b"IEND", b"")])


BOMBS = {
    "more than forty million pixels": a_png(8_001, 5_000, chunk(b"IDAT", zlib.compress(b""))),
    "four hundred million pixels in a few bytes": a_png(20_000, 20_000, chunk(b"IDAT", zlib.compress(b""))),
    "a comment of 300 MB": a_png(1, 1, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(300 * 10**6), 1))),
    "a picture that is cut off": a_photo("JPEG")[:-200],
    "another format": b"GIF89a\x01\0\x01\0\0\0\0;",
    "no picture": b"%PDF-1.7",
    "nothing": b"",
}


@pytest.mark.parametrize("case", BOMBS)
async def test_fi01_a_bomb_is_refused_at_once(case: str) -> None:
    begun = time.process_time()
    with pytest.raises(NotPublished, match="这张图片不能公开") as refused:
        await published(sent(BOMBS[case]))
    assert refused.value.status == 422
    assert time.process_time() - begun < 3  # a second, on a machine that has one to spare
