"""Photographs before they are shown to everybody: made anew from their pixels, so that nothing else is published."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE

from kernel.errors import Refusal, TooLarge
from kernel.files.inspecting import SENTENCE
from kernel.files.store import Bytes
from kernel.settings import settings, without_ours

WAIT_S = 20


class NotPublished(Refusal):
    status, code, text = 422, "not_published", "这张图片不能公开：{why}。"


async def published(source: Bytes) -> bytes:
    """The picture (png, jpeg or webp; the same format) upright, at most 2560 pixels long, without EXIF, XMP, place,
    profile or comment. An animation becomes its first picture.

    It is decoded in a process with limits that knows none of our settings. Raises TooLarge, NotPublished."""
    data = await _whole(source)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kernel.files.developing",
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=without_ours(os.environ),
    )
    try:
        async with asyncio.timeout(WAIT_S):
            made, told = await child.communicate(data)
    except TimeoutError:
        raise NotPublished(why="处理它用时过长") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        said = told.decode(errors="replace").strip().rpartition("\n")[2]
        raise NotPublished(why=said if child.returncode == SENTENCE else "它已损坏，或解开后过大")
    return made


async def _whole(source: Bytes) -> bytes:
    data, limit = bytearray(), settings().upload_bytes_max
    async for block in source:
        data += block
        if len(data) > limit:
            raise TooLarge(mib=f"{limit / 2**20:.4g}")
    return bytes(data)
