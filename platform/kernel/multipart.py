"""multipart/form-data as it comes: texts are kept, files stream into our own spool, nothing into TMPDIR.

Whoever wants files says how many and how large before the first byte is read; else a file in a form is malformed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import UploadFile
from starlette.requests import Request

from kernel.errors import FormRejected, Malformed, TooLarge
from kernel.files.arriving import Arriving
from kernel.settings import settings

HEAD_BYTES_MAX = 4_096
FIELDS_SLACK = 2**20  # what texts, heads and boundaries may take beside the files


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form may bring: `files_max` files of at most `bytes_max` bytes, in the input of this name."""

    name: str
    files_max: int
    bytes_max: int


DROPPED = Wanted("", 0, 0)  # read over, not kept


@dataclass
class Received:
    texts: list[tuple[str, str | UploadFile]] = field(default_factory=list)
    files: list[Arriving] = field(default_factory=list)

    def close(self) -> None:
        for file in self.files:
            file.close()


def is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data"


def make_room(request: Request, bytes_max: int) -> None:
    """Let this request be larger and slower than others: an upload on a slow line takes minutes."""
    room = request.scope["room"]
    room.bytes_max, room.whole_s = bytes_max, settings().upload_s


async def read(request: Request, wanted: Wanted | None) -> Received:
    """Raises Malformed (also without a closing boundary: it was cut off), TooLarge, FormRejected for too many files."""
    if wanted and wanted is not DROPPED:
        make_room(request, wanted.files_max * wanted.bytes_max + FIELDS_SLACK)
    reader = _Reader(request.headers["content-type"], wanted)
    try:
        await reader.read(request.stream())
    except BaseException:
        reader.received.close()
        raise
    return reader.received


class _Reader:
    """The parser's calls are noted down and carried out after each chunk, for writing waits."""

    def __init__(self, content_type: str, wanted: Wanted | None) -> None:
        _, params = parse_options_header(content_type)
        self.wanted, self.received, self.limits = wanted, Received(), settings()
        self.noted: list[tuple[str, bytes]] = []
        self.head: dict[str, str] = {}
        self.header, self.value, self.head_bytes = b"", b"", 0
        self.text: bytearray | None = None
        self.file: Arriving | None = None
        self.ended = self.skipping = False
        names = ("part_begin", "part_data", "part_end", "header_field", "header_value", "header_end")
        calls: dict[str, Any] = {f"on_{name}": self._note(name) for name in (*names, "headers_finished", "end")}
        try:
            self.parser = MultipartParser(params[b"boundary"], calls)  # type: ignore[arg-type]
        except (KeyError, FormParserError):
            raise Malformed(what="multipart 没有分隔符") from None

    def _note(self, name: str) -> Any:
        def noted(data: bytes = b"", start: int = 0, end: int = 0) -> None:
            self.noted.append((name, data[start:end]))

        return noted

    async def read(self, stream: AsyncIterator[bytes]) -> None:
        async for chunk in stream:
            try:
                self.parser.write(chunk)
            except FormParserError as wrong:
                raise Malformed(what="multipart 的内容不正确") from wrong
            for name, data in self.noted:
                await self._carry_out(name, data)
            self.noted.clear()
        if not self.ended:
            raise Malformed(what="内容没有传完整，缺少结尾")

    async def _carry_out(self, name: str, data: bytes) -> None:
        match name:
            case "part_begin":
                self.head, self.header, self.value, self.head_bytes = {}, b"", b"", 0
            case "header_field" | "header_value":
                self._head(name, data)
            case "header_end":
                self.head[self.header.decode("latin-1").lower()] = self.value.decode("utf-8", "replace")
                self.header = self.value = b""
            case "headers_finished":
                self._begin()
            case "part_data":
                await self._data(data)
            case "part_end":
                await self._end()
            case "end":
                self.ended = True

    def _head(self, name: str, data: bytes) -> None:
        self.head_bytes += len(data)
        if self.head_bytes > HEAD_BYTES_MAX:
            raise Malformed(what="multipart 的一项的开头过长")
        if name == "header_field":
            self.header += data
        else:
            self.value += data

    def _begin(self) -> None:
        kind, params = parse_options_header(self.head.get("content-disposition", "").encode())
        if kind != b"form-data" or b"name" not in params:
            raise Malformed(what="multipart 的一项没有名称")
        self.name = params[b"name"].decode("utf-8", "replace")
        self.text = self.file = None
        self.skipping = False
        if b"filename" not in params:
            if len(self.received.texts) >= self.limits.form_fields_max:
                raise Malformed(what="表中的项数过多")
            self.text = bytearray()
        elif not (shown := params[b"filename"].decode("utf-8", "replace")):
            self.skipping = True  # a browser sends an empty part for an input in which nothing was chosen
        else:
            self._begin_file(shown)

    def _begin_file(self, shown: str) -> None:
        if self.wanted is DROPPED:
            return
        if self.wanted is None or self.name != self.wanted.name:
            raise Malformed(what="这张表不收文件")
        if len(self.received.files) >= self.wanted.files_max:
            raise FormRejected({self.wanted.name: f"最多 {self.wanted.files_max} 个文件，请减少后再提交。"})
        self.file = Arriving(shown, self.wanted.bytes_max)
        self.received.files.append(self.file)

    async def _data(self, data: bytes) -> None:
        if self.file is not None:
            await self.file.write(data)
        elif self.text is not None:
            self.text += data
            if len(self.text) > self.limits.form_part_bytes_max:
                raise TooLarge(mib=f"{self.limits.form_part_bytes_max / 2**20:.2g}")
        elif self.skipping and data:
            raise Malformed(what="文件没有名称")

    async def _end(self) -> None:
        if self.file is not None:
            await self.file.finish()
        if self.text is not None:
            try:
                self.received.texts.append((self.name, self.text.decode()))
            except UnicodeDecodeError:
                raise Malformed(what=f"“{self.name[:40]}”不是 UTF-8") from None
