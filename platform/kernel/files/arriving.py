"""A file on its way in: in a file without a name in our own spool, so that whatever happens nothing of it is left."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator

from kernel.errors import TooLarge
from kernel.files import store

BLOCK = 1 << 20


class Arriving:
    """Written as it comes, then read: looked through by `recognise`, sealed by `store.put`."""

    def __init__(self, name: str, limit: int) -> None:
        self.name, self.limit, self.size, self.hashed = name, limit, 0, hashlib.sha256()
        self.pending = bytearray()
        self.writing: asyncio.Task[None] | None = None
        self.file = tempfile.TemporaryFile(dir=store.spool())  # noqa: SIM115 (closed by close)

    async def write(self, data: bytes) -> None:
        """Raises TooLarge above the limit, NoRoom."""
        self.size += len(data)
        if self.size > self.limit:
            raise TooLarge(mib=f"{self.limit / 2**20:.4g}")
        self.pending += data
        if len(self.pending) >= BLOCK:  # a network's small pieces would cost a thread each
            await self._begin_writing()

    async def finish(self) -> None:
        """The last piece, and all is written. Raises NoRoom."""
        await self._begin_writing()
        await self._written()

    async def _begin_writing(self) -> None:
        """One block is hashed and written while the next one comes in."""
        await self._written()
        block, self.pending = self.pending, bytearray()
        self.writing = asyncio.create_task(asyncio.to_thread(self._write_out, block))

    async def _written(self) -> None:
        if self.writing is not None:
            with store.room():
                await asyncio.shield(self.writing)
            self.writing = None

    def _write_out(self, block: bytearray) -> None:
        self.hashed.update(block)
        self.file.write(block)

    @property
    def sha256(self) -> str:
        assert not self.pending, "finish it first"
        return self.hashed.hexdigest()

    async def rewind(self) -> None:
        with store.room():
            await asyncio.to_thread(self.file.flush)
        os.lseek(self.file.fileno(), 0, os.SEEK_SET)

    async def blocks(self) -> AsyncIterator[bytes]:
        await asyncio.to_thread(self.file.seek, 0)
        while block := await asyncio.to_thread(self.file.read, BLOCK):
            yield block

    def close(self) -> None:
        """Who was cut off leaves a block that is still being written."""
        if self.writing is None:
            self.file.close()
        else:
            self.writing.add_done_callback(self._end)

    def _end(self, written: asyncio.Task[None]) -> None:
        self.file.close()
        if not written.cancelled():
            written.exception()  # whoever would have heard of it has gone

    __del__ = close  # of a form that was refused before anybody looked at its files
