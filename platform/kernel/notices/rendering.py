"""A document as it is printed: one structure for the page and the PDF, the same bytes every time.

A PDF is not stored: it follows from the wording, the sealed values and the seal, and is made when somebody asks."""

import asyncio
import json
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from kernel.citytime import CITY
from kernel.errors import Refusal
from kernel.notices import queries, wording
from kernel.notices.models import Notice
from kernel.notices.states import NoticeState
from kernel.seals import drawing as faces
from kernel.seals import queries as seals
from kernel.settings import settings
from kernel.ui.qr import drawing

FONT, FONT_PACKAGE = "Noto Serif CJK SC", "fonts-noto-cjk"
SLOT_SEALED = frozenset({NoticeState.DRAFTED})
WORKING = asyncio.Semaphore(2)


class Erased(Refusal):
    status, code, text = 410, "erased", "这份文书的内容已按规定删除，只留下编号和指纹。"


class NoFont(Refusal):
    status, code, text = (
        503,
        "no_font",
        "本机缺少中文字体，暂时不能生成 PDF，请改用“打印”；管理员可运行 sunhall doctor 查看安装方法。",
    )


async def printed(notice: Notice) -> dict[str, Any]:
    """All that stands on the paper. Raises Erased."""
    sealed = await queries.filled(notice)
    if sealed is None:
        raise Erased
    await notice.know("org", "wording")
    words = wording.composed(wording.from_plain(notice.wording.words), sealed["values"])
    seal = await seals.on_notice(notice)
    return told(
        words, no=notice.no, org=notice.org.name, at=notice.drafted_at, address=address(notice),
        seal=faces.svg(seal.face, seal.inscription) if seal else "",
        void="本件已撤回，不再有效" if notice.state is NoticeState.WITHDRAWN else "",
    )  # fmt: skip


def told(
    words: dict[str, Any], *, no: str, org: str, at: datetime, address: str, seal: str, void: str
) -> dict[str, Any]:
    local = at.astimezone(CITY)
    return words | {
        "no": no, "org": org, "day": [local.year, local.month, local.day], "seal": seal, "void": void,
        "day_said": f"{local.year} 年 {local.month} 月 {local.day} 日", "address": address,
        "qr": drawing(address, "二维码：验证网址", border=2),
        "proof": f"打印件与电子件同效，扫描二维码即可在{settings().hall_name}核对。",
    }  # fmt: skip


def address(notice: Notice) -> str:
    """Where anybody proves the paper; its 128 random bits are all that the code holds."""
    return f"{settings().public_url}/verify/notice/{notice.public_id}"


async def pdf(printed: dict[str, Any]) -> bytes:
    return await typeset(source(), printed)


async def typeset(template: bytes, printed: dict[str, Any]) -> bytes:
    """A4, PDF/A-2b. Two at a time, in threads: typst gives the interpreter free. `printed["day"]` is the day it is of.

    Raises NoFont."""
    if FONT not in families():
        raise NoFont
    async with WORKING:
        return await asyncio.to_thread(compiled, printed, template)


def compiled(printed: dict[str, Any], template: bytes | None = None) -> bytes:
    import typst

    year, month, day = printed["day"]
    stamp = int(datetime(year, month, day, tzinfo=CITY).timestamp())
    made = typst.compile(
        template or source(), format="pdf", font_paths=fonts(),
        sys_inputs={"data": json.dumps(printed, ensure_ascii=False)},
        pdf_standards="a-2b", timestamp=stamp,
    )  # fmt: skip
    assert isinstance(made, bytes)
    return made


@cache
def source() -> bytes:
    return (files("kernel.notices") / "notice.typ").read_bytes()


@cache
def fonts() -> Any:
    """Found once for the process: the directory walk is most of a cold start."""
    import typst

    return typst.Fonts()


@cache
def families() -> frozenset[str]:
    return frozenset(fonts().families())


async def look() -> tuple[str, str] | None:
    """For `sunhall doctor`."""
    return None if FONT in families() else (f"没有字体 {FONT}，文书不能生成 PDF", f"apt-get install {FONT_PACKAGE}")
