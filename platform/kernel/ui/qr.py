"""QR codes (二维码) as drawings in the page: no picture from elsewhere, no style inside."""

import io

from markupsafe import Markup


def qr(text: str, title: str) -> Markup:
    """`title` says what it holds, for who can't see it."""
    return Markup(drawing(text, title))  # noqa: S704 (drawn here; segno escapes the title, the text is modules)


def drawing(text: str, title: str, border: int = 4) -> str:
    """The same as plain SVG that stands alone, in paper that is printed; `border`: white modules around it."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, border=border, omitsize=True, svgclass="qr", lineclass=None, light="#fff",
        title=title,
    )  # fmt: skip
    return out.getvalue().decode()
