from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from csctl.errors import CsctlError
from csctl.forms.images import prepare_photo

ORIENTATION = 0x0112
MAKER = 0x010F


def drawn(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Return a picture whose top left corner alone is red."""
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("kind", "made"),
    [("JPEG", "JPEG"), ("PNG", "PNG"), ("BMP", "JPEG"), ("TIFF", "JPEG"), ("WEBP", "JPEG")],
)
def test_every_usual_format_becomes_jpeg_or_png(kind: str, made: str) -> None:
    result = decoded(prepare_photo(encoded(drawn(), kind)))
    assert (result.format, result.mode, result.size) == (made, "RGB", (60, 40))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_every_mode_becomes_rgb_or_grey(mode: str) -> None:
    image = drawn("L").convert("I;16") if mode == "I;16" else drawn(mode)
    result = decoded(prepare_photo(encoded(image, "TIFF")))
    assert result.mode in ("RGB", "L")


def test_greys_of_16_bits_are_scaled_not_clipped() -> None:
    image = Image.frombytes("I;16", (2, 1), struct.pack("<HH", 0x4000, 0xC000))
    result = decoded(prepare_photo(encoded(image, "PNG")))
    assert result.mode == "L"
    assert [result.getpixel((x, 0)) for x in (0, 1)] == [0x40, 0xC0]


def test_transparent_parts_become_white() -> None:
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert decoded(prepare_photo(encoded(image, "PNG"))).getpixel((0, 0)) == (255, 255, 255)


def test_transparent_palettes_become_white() -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([255, 0, 0] * 256)
    data = encoded(image, "PNG", transparency=0)
    assert decoded(prepare_photo(data)).getpixel((0, 0)) == (255, 255, 255)


# How a camera held so writes the pixels: the turn that brings them upright, undone.
HELD = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", HELD)
def test_photos_are_turned_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    turn = HELD[orientation]
    stored = drawn().transpose(turn) if turn is not None else drawn()
    result = decoded(prepare_photo(encoded(stored, kind, exif=exif)))
    assert result.size == (60, 40)
    red, white = result.getpixel((5, 5)), result.getpixel((55, 35))
    assert isinstance(red, tuple)
    assert isinstance(white, tuple)
    assert red[1] < 100 < white[1]


def test_metadata_is_stripped() -> None:
    exif = Image.Exif()
    exif[MAKER] = "a secret camera"
    for kind in ("JPEG", "PNG", "WEBP"):
        made = prepare_photo(encoded(drawn(), kind, exif=exif))
        assert b"secret" not in made
        assert not decoded(made).getexif()


def test_comments_and_profiles_are_stripped() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = prepare_photo(encoded(drawn(), "JPEG", comment=b"secret", icc_profile=profile))
    assert b"secret" not in made
    assert "icc_profile" not in decoded(made).info


def test_a_damaged_colour_profile_is_ignored() -> None:
    data = encoded(drawn(), "PNG", icc_profile=b"no profile at all")
    assert decoded(prepare_photo(data)).getpixel((0, 0)) == (255, 0, 0)


def test_large_photos_are_made_smaller_in_proportion() -> None:
    data = encoded(drawn(size=(3000, 1500)), "JPEG")
    assert decoded(prepare_photo(data)).size == (1600, 800)
    assert decoded(prepare_photo(data, max_side=100)).size == (100, 50)


def test_small_photos_keep_their_size() -> None:
    assert decoded(prepare_photo(encoded(drawn(), "PNG"), max_side=60)).size == (60, 40)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_photo_that_is_cut_off_is_refused(kind: str, share: float) -> None:
    noise = Image.effect_noise((200, 200), 80).convert("RGB")
    data = encoded(noise, kind)
    with pytest.raises(CsctlError, match=r"damaged|cut off"):
        prepare_photo(data[: int(len(data) * share)])


def test_a_changed_png_is_refused() -> None:
    data = bytearray(encoded(drawn(), "PNG"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(CsctlError):
        prepare_photo(bytes(data))


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7\n", b"GIF89a\x01\x00\x01\x00"])
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    with pytest.raises(CsctlError, match="not a JPEG") as caught:
        prepare_photo(data)
    assert caught.value.hint


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_heic_is_refused_by_name(brand: bytes) -> None:
    with pytest.raises(CsctlError, match="HEIC") as caught:
        prepare_photo(b"\x00\x00\x00\x18ftyp" + brand + b"\x00" * 100)
    assert "JPEG" in caught.value.hint


def bomb(width: int, height: int) -> bytes:
    """Return a PNG that says it is large and holds nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [9_500, 12_000, 60_000])
def test_a_decompression_bomb_is_refused_before_it_unfolds(side: int) -> None:
    with pytest.raises(CsctlError, match="more than 80 million pixels"):
        prepare_photo(bomb(side, side))


def test_the_limit_of_pixels_can_be_set() -> None:
    data = encoded(drawn(), "PNG")
    with pytest.raises(CsctlError, match="pixels"):
        prepare_photo(data, max_pixels=60 * 40 - 1)
    assert prepare_photo(data, max_pixels=60 * 40)


def test_the_same_bytes_give_the_same_bytes() -> None:
    for kind in ("JPEG", "PNG", "TIFF", "WEBP"):
        data = encoded(drawn(), kind)
        assert prepare_photo(data) == prepare_photo(data)


SEEDS = [
    encoded(Image.effect_noise((20, 14), 60).convert("RGB"), kind)
    for kind in ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
]


@settings(deadline=None, max_examples=300)
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=5),
    cut=st.integers(0, 2000),
)
def test_damaged_files_give_a_photo_or_a_sentence(
    seed: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(seed[: len(seed) - cut % len(seed)] if cut > 1000 else seed)
    for at, value in changes:
        data[at % len(data)] = value
    try:
        made = prepare_photo(bytes(data))
    except CsctlError:
        return
    assert decoded(made).mode in ("RGB", "L")
