"""A line to a server that somebody can slow, stall, cut or refuse while it is in use. Kit I5 of the reference."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

OK, DELAY, STALL, CUT, REFUSE = "ok", "delay", "stall", "cut", "refuse"
LATE_S = 0.02  # for each message; a ticket takes dozens of them


class Line:
    """`mode` holds from the next byte on; `half` > 0 cuts an answer after that many of its bytes, once."""

    def __init__(self, port: int) -> None:
        self.behind, self.port, self.mode, self.half = port, 0, OK, 0
        self.loop = asyncio.new_event_loop()
        self.open: set[asyncio.StreamWriter] = set()
        self.began = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def cut(self) -> None:
        """Every connection there is, now."""
        self.loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for one in self.open:
            one.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._met, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self.began.set()
        self.loop.run_forever()
        server.close()
        self.loop.run_until_complete(asyncio.sleep(0.05))  # who was just let in gets a task of their own before it ends
        passing = asyncio.all_tasks(self.loop)
        for one in passing:
            one.cancel()
        self.loop.run_until_complete(asyncio.gather(*passing, return_exceptions=True))
        self.loop.run_until_complete(asyncio.sleep(0.05))  # transports close in the next turn
        self.loop.close()

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode in (REFUSE, CUT):
            writer.transport.abort()
            return
        try:
            with suppress(OSError):
                there_reader, there = await asyncio.open_connection("127.0.0.1", self.behind)
                self.open |= {writer, there}
                try:
                    await asyncio.gather(self._pass(reader, there), self._pass(there_reader, writer, answers=True))
                finally:
                    self.open -= {writer, there}
                    there.transport.abort()
        finally:
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False) -> None:
        with suppress(OSError):
            while piece := await reader.read(65_536):
                while self.mode == STALL:
                    await asyncio.sleep(0.02)
                if self.mode == DELAY:
                    await asyncio.sleep(LATE_S)
                if answers and self.half:
                    piece, self.half = piece[: self.half], 0
                    writer.write(piece)
                    await writer.drain()
                    break
                if self.mode == CUT:
                    break
                writer.write(piece)
                await writer.drain()
        writer.transport.abort()


@contextmanager
def a_line(port: int) -> Iterator[Line]:
    line = Line(port)
    line.thread.start()
    assert line.began.wait(5)
    try:
        yield line
    finally:
        line.loop.call_soon_threadsafe(line.loop.stop)
        line.thread.join(5)
