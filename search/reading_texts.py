"""python -m search.reading_texts: makes tokens of texts for another process, which reads and writes on meanwhile.

Asked and answered line by line, in JSON, over the pipes of who started it; their end is the end of this one."""

import json
import sys
from typing import BinaryIO

from search.pinyin import Readings
from search.records import Tokens, tokens

Texts = list[tuple[list[str], list[str]]]  # of each record the titles and the bodies


def asked(texts: Texts, readings: Readings) -> bytes:
    return _line([texts, readings])


def answered(line: bytes) -> list[Tokens]:
    """Raises ValueError for a line that broke off."""
    found: list[Tokens] = json.loads(line)
    return found


def serve(asks: BinaryIO, answers: BinaryIO) -> None:
    for line in asks:
        texts, readings = json.loads(line)
        answers.write(_line([tokens(titles, bodies, readings) for titles, bodies in texts]))
        answers.flush()


def _line(what: object) -> bytes:
    return json.dumps(what, ensure_ascii=False).encode() + b"\n"


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
