"""The stylesheet keeps its promises: contrast of every pair of tokens, weight, nothing inline."""

import gzip
import re
from itertools import product
from pathlib import Path

import pytest

from kernel.ui import assets

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "platform/kernel/ui/static"
CSS_MAX, CSS_PACKED_MAX, SCRIPTS_MAX = 60_000, 15_000, 30_000
TEXT_MIN, EDGE_MIN, HIGH_MIN = 4.5, 3.0, 7.0
SURFACES = ("paper", "ground", "sunk")
INKS = ("ink", "ink2", "ink3", "link", "linkh", "red", "sunt", "pine", "vio")
WASHED = (
    ("ink", "wash"), ("link", "wash"), ("linkh", "wash"), ("ink", "sunw"), ("sunt", "sunw"), ("ink2", "sunw"),
    ("ink3", "sunw"), ("ink", "redw"), ("red", "redw"), ("ink", "pinew"), ("pine", "pinew"), ("ink", "viow"),
    ("vio", "viow"), ("ink3", "wash"), ("link", "sunw"), ("link", "redw"), ("link", "pinew"), ("link", "viow"),
)  # fmt: skip
INVERSE = (
    ("onact", "act"), ("onact", "acth"), ("onbar", "bar"), ("onbar2", "bar"), ("paper", "ink"), ("paper", "red"),
    ("paper", "pine"), ("paper", "link"), ("paper", "vio"),
)  # fmt: skip
TEXTS = (*product(INKS, SURFACES), *WASHED, *INVERSE)
EDGES = (*product(("edge",), SURFACES), ("sun", "bar"))
DARK, HIGH = "(prefers-color-scheme:dark)", "(prefers-contrast:more)"
PALETTES = {  # the blocks that give the palette, from the first to the one that wins
    "light": [("", ":root")],
    "dark": [("", ":root"), ("", ":root[data-theme=dark]")],
    "auto in the dark": [("", ":root"), (DARK, ":root[data-theme=auto]")],
    "high": [("", ":root"), ("", ":root[data-mode=elder],:root[data-contrast=high]")],
    "high by the system": [("", ":root"), (HIGH, ":root:not([data-theme=dark])")],
    "high dark": [
        ("", ":root"),
        ("", ":root[data-mode=elder][data-theme=dark],:root[data-contrast=high][data-theme=dark]"),
    ],
    "high dark by the system": [("", ":root"), (HIGH, ":root[data-theme=dark]")],
    "high auto in the dark": [
        ("", ":root"),
        (DARK, ":root[data-mode=elder][data-theme=auto],:root[data-contrast=high][data-theme=auto]"),
    ],
    "high and dark by the system": [("", ":root"), (f"{HIGH} and {DARK}", ":root[data-theme=auto]")],
}
BLOCK = re.compile(r"(?:@media ([^{]+)\{)?(:root[^{]*)\{([^}]*)\}")
COLOUR = re.compile(r"--(\w+):(#[0-9a-f]{6})\b")


def blocks() -> dict[tuple[str, str], dict[str, str]]:
    text = re.sub(r"/\*.*?\*/", "", (STATIC / "tokens.css").read_text(), flags=re.DOTALL)
    found: dict[tuple[str, str], dict[str, str]] = {}
    for media, selector, body in BLOCK.findall(text):
        if colours := dict(COLOUR.findall(body)):
            found[media.strip(), selector.strip()] = colours
    return found


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 relative luminance."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", PALETTES)
def test_every_pair_of_tokens_that_meets_on_a_page_can_be_read(name: str) -> None:
    palette: dict[str, str] = {}
    for key in PALETTES[name]:
        palette |= blocks()[key]
    floor = HIGH_MIN if name.startswith("high") else TEXT_MIN
    weak = [f"{fore} on {back}: {contrast(palette[fore], palette[back]):.2f}"
            for fore, back in TEXTS if contrast(palette[fore], palette[back]) < floor]  # fmt: skip
    weak += [f"edge {fore} on {back}" for fore, back in EDGES if contrast(palette[fore], palette[back]) < EDGE_MIN]
    weak += ["black on sun"] if contrast("#000000", palette["sun"]) < floor else []
    assert weak == []


def test_no_palette_of_the_stylesheet_is_left_out_of_the_test() -> None:
    assert set(blocks()) == {key for keys in PALETTES.values() for key in keys}


def test_the_contrast_formula_knows_its_two_ends() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert contrast("#777777", "#777777") == 1


def test_one_stylesheet_and_all_scripts_stay_light() -> None:
    css, script = assets._made("hall.css"), assets._made("hall.js")
    assert len(css.body) <= CSS_MAX
    assert len(gzip.compress(css.body, 9)) <= CSS_PACKED_MAX
    scripts = [assets._made(name) for name in assets.MADE_OF if name.endswith(".js")]
    assert script in scripts
    assert sum(len(one.body) for one in scripts) <= SCRIPTS_MAX


def test_ou06_no_template_has_style_script_or_handler_inline() -> None:
    for file in ROOT.rglob("templates/*.html"):
        text = file.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\bsrc=)", text), file


def test_every_class_of_a_component_is_in_the_stylesheet() -> None:
    css = assets._made("hall.css").body.decode()
    known = set(re.findall(r"\.([a-z][\w-]*)", css))
    for file in (ROOT / "platform/kernel/ui/templates").glob("*.html"):
        for said in re.findall(r'class="([^"{}]*)"', file.read_text()):
            assert set(said.split()) - known <= HOOKS, (file.name, set(said.split()) - known)


HOOKS = {"figure", "org"}  # names that only scripts, tests or a medium use


def test_every_component_says_how_it_is_called() -> None:
    for file in (ROOT / "platform/kernel/ui/templates").glob("*.html"):
        text = file.read_text()
        if "{% macro " in text:
            assert text.startswith("{#"), file.name
            head = text[: text.index("#}")]
            if file.stem in COMPONENTS:
                missing = [name for name in re.findall(r"macro ([a-z]\w*)\(", text) if name not in head]
                assert missing == [], file.name


COMPONENTS = {
    "button", "steps", "days", "timeline", "table", "chips", "proof", "dialog", "room", "keys", "paper", "chart",
}  # fmt: skip
