"""`python -m kernel.files.developing < PICTURE > PICTURE`: the same picture anew, in a process with limits.

Only pixels come through: whatever else a camera or program wrote (place, time, owner, serial number, a thumbnail of
what was cut away) isn't copied but left behind."""

import io
import sys
from typing import TYPE_CHECKING

from kernel.files.inspecting import PICTURES, decoding, within_limits

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE_MAX, QUALITY = 2560, 85  # pixels; of 100, for JPEG and WebP
KEPT = {"JPEG": {"RGB", "L"}, "PNG": {"RGB", "RGBA", "L", "LA"}, "WEBP": {"RGB", "RGBA"}}


def main() -> int:
    return within_limits(_developed)


def _developed() -> None:
    from PIL import ImageOps

    with decoding(io.BytesIO(sys.stdin.buffer.read()), *PICTURES.values()) as picture:
        kind = "JPEG" if picture.format == "MPO" else str(picture.format)  # a phone's JPEG with a second one in it
        picture.draft("RGB", (SIDE_MAX, SIDE_MAX))  # a large JPEG is decoded at half or a quarter at once
        picture.thumbnail((SIDE_MAX, SIDE_MAX))
        upright = ImageOps.exif_transpose(picture)
        plain = _in_common_colours(upright, kind)
        plain.info.clear()  # pillow would write comment, profile and resolution again
        plain.save(sys.stdout.buffer, kind, quality=QUALITY)


def _in_common_colours(picture: "Image", kind: str) -> "Image":
    """sRGB, since the profile goes: a phone's wide colours would look dull without it."""
    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    alpha = "A" in picture.getbands() or "transparency" in picture.info
    if profile and picture.mode in {"RGB", "CMYK"}:
        try:
            told, common = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(picture, told, common, outputMode="RGB") or picture
        except ImageCms.PyCMSError:
            pass  # a profile that can't be read: the colours as they are
    if picture.mode in KEPT[kind] and "transparency" not in picture.info:
        return picture.copy()
    return picture.convert("RGBA" if alpha and kind != "JPEG" else "RGB")


if __name__ == "__main__":
    sys.exit(main())
