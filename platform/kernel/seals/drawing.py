"""The face of a seal, drawn from its words: ring, star, name on the upper arc; the same SVG on screen and on paper.

国发〔1999〕25 号 gives departments of a city 42 mm and a star; this drawing claims no conformity beyond that."""

from math import cos, radians, sin
from xml.sax.saxutils import escape

RED = "#c8161d"
SIZE_MM, RING, TEXT_RADIUS, STAR = 42, 20.4, 16.2, 6.0
ARC_MAX, ARC_ABOVE = 270, 216  # degrees that the name may take alone, and above an inscription


def svg(face: str, inscription: str = "") -> str:
    """One SVG of 42 × 42 units; `face` runs clockwise around the star, `inscription` stands level below it."""
    step = min(26.0, (ARC_ABOVE if inscription else ARC_MAX) / max(len(face) - 1, 1))
    size = min(5.2, step * 0.0174533 * TEXT_RADIUS * 0.98)
    first = -step * (len(face) - 1) / 2
    signs = "".join(_sign(sign, first + step * n, size) for n, sign in enumerate(face))
    below = (
        f'<text x="21" y="34.5" font-size="{min(4.0, 24 / len(inscription)):.2f}" text-anchor="middle">'
        f"{escape(inscription)}</text>" if inscription else ""
    )  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 42 42" width="{SIZE_MM}mm" height="{SIZE_MM}mm" '
        f'role="img" aria-label="{escape(face, {chr(34): "&quot;"})}印章">'
        f'<circle cx="21" cy="21" r="{RING}" fill="none" stroke="{RED}" stroke-width="1.1"/>'
        f'<path d="{_star()}" fill="{RED}"/>'
        f'<g fill="{RED}" font-family="Noto Serif CJK SC, Songti SC, SimSun, serif" font-weight="700">'
        f"{signs}{below}</g>"
        "</svg>"
    )


def _sign(sign: str, degrees: float, size: float) -> str:
    x, y = 21 + TEXT_RADIUS * sin(radians(degrees)), 21 - TEXT_RADIUS * cos(radians(degrees))
    return (
        f'<text transform="translate({x:.3f} {y:.3f}) rotate({degrees:.2f})" y="{size * 0.36:.2f}" '
        f'font-size="{size:.2f}" text-anchor="middle">{escape(sign)}</text>'
    )


def _star() -> str:
    points = []
    for n in range(10):
        radius, angle = (STAR if n % 2 == 0 else STAR * 0.382), radians(36 * n)
        points.append(f"{21 + radius * sin(angle):.3f} {21 - radius * cos(angle):.3f}")
    return "M" + "L".join(points) + "Z"
