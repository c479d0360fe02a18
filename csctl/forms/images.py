"""Photos made fit for a form: verified, turned upright, stripped, bounded in size."""

from __future__ import annotations

import io
import struct
import warnings
from typing import TYPE_CHECKING, Final

from csctl.errors import CsctlError
from csctl.messages import _

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS: Final = 80_000_000
MAX_SIDE: Final = 1600

_FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
_HEIC_BRANDS: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
# EXIF 2.3, tag 0x0112: how the camera was held, values 2 to 8.
_ORIENTATION: Final = 0x0112
_TURNS: Final = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE",
    6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip
# Pillow's decoders answer damaged bytes with any of these.
_DAMAGED: Final = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError,
    OverflowError, NotImplementedError, ZeroDivisionError, MemoryError, struct.error,
)  # fmt: skip


def prepare_photo(data: bytes, *, max_pixels: int = MAX_PIXELS, max_side: int = MAX_SIDE) -> bytes:
    """Return `data` as an upright RGB or grey picture without metadata.

    Reads JPEG, PNG, WebP, BMP and TIFF (first page). PNG stays PNG, everything else becomes
    JPEG; the longer side has at most `max_side` pixels. The same bytes give the same bytes.
    Raises CsctlError for a picture that is damaged, cut off, of another format, or has more
    than `max_pixels` pixels.
    """
    # Pillow takes 60 ms to import, and most commands handle no photo.
    from PIL import Image, UnidentifiedImageError

    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        raise CsctlError(
            _("The photo is in HEIC format, which forms cannot show."),
            _("Save it as JPEG on the phone or with a picture viewer and attach that file."),
        )
    try:
        with warnings.catch_warnings():
            # Size is judged below, and a damaged EXIF block only loses the turn.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as check:
                _refuse_bomb(check.size, max_pixels)
                check.verify()
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                kind = "PNG" if image.format == "PNG" else "JPEG"
                return _encode(_flatten(_upright(image, max_side)), kind)
    except Image.DecompressionBombError as error:
        raise _too_large(max_pixels) from error
    except UnidentifiedImageError as error:
        raise CsctlError(
            _("The photo is not a JPEG, PNG, WebP, BMP or TIFF picture, or its start is damaged."),
            _("Open it in a picture viewer, save it as JPEG and attach that file."),
        ) from error
    except _DAMAGED as error:
        raise CsctlError(
            _("The photo is damaged or cut off: {reason}.").format(reason=error),
            _("Attach the photo again from its source."),
        ) from error


def size_of(photo: bytes) -> tuple[int, int]:
    """Return width and height in pixels of what `prepare_photo` returned."""
    from PIL import Image  # as above

    with Image.open(io.BytesIO(photo), formats=_FORMATS) as image:
        return image.size


def _refuse_bomb(size: tuple[int, int], max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise _too_large(max_pixels)


def _too_large(max_pixels: int) -> CsctlError:
    return CsctlError(
        _("The photo has more than {limit} million pixels.").format(limit=max_pixels // 1_000_000),
        _("Save it smaller in a picture viewer and attach that file."),
    )


def _upright(image: Image.Image, max_side: int) -> Image.Image:
    from PIL import Image

    # Read before the pixels are: a TIFF turns itself when they are loaded.
    turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1)) if image.format != "TIFF" else None
    if image.mode in ("1", "P", "PA"):
        # Palettes and black-and-white cannot be averaged, only picked from.
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    # Shrinking before anything else lets the JPEG decoder skip half of its work.
    image.thumbnail((max_side, max_side))
    return image.transpose(Image.Transpose[turn]) if turn else image


def _flatten(image: Image.Image) -> Image.Image:
    """Return `image` as RGB or L in sRGB, transparent parts on white."""
    from PIL import Image

    if image.mode.startswith("I;16"):
        # Pillow's own conversion clips: everything above 255 of 65535 would be white.
        return image.point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image).convert("RGB")
    return image if image.mode == "L" else _to_srgb(image)


def _to_srgb(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    profile, turned = image.info.get("icc_profile"), None
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            # Colours a shade off are better than no photo.
            turned = None
    return turned or image.convert("RGB")


def _encode(image: Image.Image, kind: str) -> bytes:
    # A copy without `info`: writers would carry EXIF, comments and profiles over from it.
    image.info = {}
    out = io.BytesIO()
    if kind == "PNG":
        image.save(out, "PNG", optimize=False, compress_level=6)
    else:
        image.save(out, "JPEG", quality=88, subsampling=0, optimize=False)
    return out.getvalue()
