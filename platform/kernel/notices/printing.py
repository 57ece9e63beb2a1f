"""The only mark-up that a template prints as it is: drawings that this product made itself."""

from markupsafe import Markup

OURS = '<svg xmlns="http://www.w3.org/2000/svg"'


def drawn(svg: str) -> Markup:
    """A seal or a QR code of ours; anything else is a programmer's mistake."""
    assert svg.startswith(OURS), "only drawings of our own"
    return Markup(svg)  # noqa: S704 (words in it were escaped by whoever drew it)
