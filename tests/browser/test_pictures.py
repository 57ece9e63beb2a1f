"""The pictures of the README and the handbook are the product as it is. `make pictures` keeps them."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browsing import signed_in
from tests.halls import ROOT, Hall

PICTURES = {
    "home": ("", "/", 1280, 900),
    "operator": ("operator", "/hotline/new?phone=13900002206", 1366, 768),
    "dispatch": ("dispatcher", "/hotline/dispatch", 1366, 768),
    "phone": ("", "/hotline/file", 390, 844),
}
BYTES_MIN, BYTES_MAX = 20_000, 400_000


@pytest.mark.parametrize("name", PICTURES)
async def test_a_page_of_the_documentation_can_be_pictured(
    hall: Hall, browser: Browser, tmp_path: Path, name: str
) -> None:
    who, path, width, height = PICTURES[name]
    page = await signed_in(hall, browser, who, width=width)
    await page.set_viewport_size({"width": width, "height": height})
    answer = await page.goto(hall.url + path)
    await page.screenshot(path=tmp_path / "page.png")

    assert answer
    assert answer.status == 200
    assert BYTES_MIN < (tmp_path / "page.png").stat().st_size < BYTES_MAX
    if os.environ.get("PICTURES") == "1":
        shutil.copy(tmp_path / "page.png", ROOT / "docs" / "pictures" / f"{name}.png")
