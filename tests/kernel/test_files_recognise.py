"""A file is what its bytes say; what could be two things, or would grow when opened, is refused at once."""

import io
import struct
import time
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from kernel.files.recognise import DOCUMENTS, RECORDINGS, NotAccepted, recognise, shown_name

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
EVERY = DOCUMENTS | RECORDINGS | {"zip"}


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, kind)
    return out.getvalue()


def packed(*names: str, body: bytes = b"<x/>") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, body)
    return out.getvalue()


def huge_png() -> bytes:
    """20,000 × 20,000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


GOOD = {
    "a.pdf": PDF,
    "a.png": picture("PNG"),
    "a.JPEG": picture("JPEG"),
    "a.webp": picture("WEBP"),
    "a.docx": packed("[Content_Types].xml", "word/document.xml"),
    "a.xlsx": packed("[Content_Types].xml", "xl/workbook.xml"),
    "a.zip": packed("a.txt"),
    "a.txt": "路灯不亮".encode(),
    "a.csv": b"a,b\n1,2\n",
    "a.wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "a.mp3": b"ID3\x03\0\0\0\0\0\0",
}
BAD = {
    "a PDF with a ZIP behind it": ("a.pdf", PDF + packed("a.txt")),
    "a PDF that runs a script": ("a.pdf", PDF.replace(b"<<>>", b"<</S /JavaScript /JS (app.alert(1))>>", 1)),
    "a PDF with a script under its short name": ("a.pdf", PDF.replace(b"<<>>", b"<</JS 4 0 R>>", 1)),
    "a PDF that is cut off": ("a.pdf", PDF[:20]),
    "a picture under another's name": ("a.png", picture("JPEG")),
    "a GIF that is a script": ("a.jpg", b"GIF89a=1;alert(1)"),
    "HTML behind a PNG": ("a.png", picture("PNG") + b"<html>"),
    "a ZIP behind a PNG": ("a.png", picture("PNG") + packed("a.txt")),
    "a ZIP behind a JPEG": ("a.jpg", picture("JPEG") + packed("a.txt")),
    "a ZIP behind a JPEG that ends like one": ("a.jpg", picture("JPEG") + packed("a.txt") + b"\xff\xd9"),
    "something behind a WebP": ("a.webp", picture("WEBP") + b"more"),
    "a PNG that is cut off": ("a.png", picture("PNG")[:-20]),
    "too many pixels": ("a.png", huge_png()),
    "SVG": ("a.svg", b"<svg onload='alert(1)'/>"),
    "SVG called text": ("a.txt", b"<svg onload='alert(1)'/>"),
    "HTML": ("a.html", b"<html>"),
    "HTML called text": ("a.txt", b" <!DOCTYPE html>"),
    "HTML across two blocks": ("a.txt", b" " * (2**20 - 3) + b"<script>"),
    "a program": ("a.exe", b"MZ"),
    "a program called text": ("a.txt", b"MZ\x90\0"),
    "any ZIP called docx": ("a.docx", packed("a.txt")),
    "a macro": ("a.docx", packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
    "a bomb": ("a.zip", packed("a.txt", body=bytes(250 * 2**20))),
    "too many parts": ("a.zip", packed(*(f"{n}.txt" for n in range(1001)), body=b"")),
    "a path that leads out": ("a.zip", packed("../../etc/passwd")),
    "a ZIP behind something else": ("a.zip", b"PK\x03\x04junk" + packed("a.txt")),
    "nothing": ("a.pdf", b""),
    "no extension": ("a", PDF),
}
NAMES = {
    "../../etc/passwd": "passwd",
    "..\\..\\windows\\win.ini": "win.ini",
    "/etc/shadow": "shadow",
    "C:\\fakepath\\照片.jpg": "照片.jpg",
    "a\r\nSet-Cookie: x=1.pdf": "aSet-Cookie: x=1.pdf",
    "a\0.pdf": "a.pdf",
    "\u202egpj.exe": "gpj.exe",
    "": "未命名",
    ".": "未命名",
    "..": "未命名",
    "/": "未命名",
    "...": "未命名",
    ".htaccess": "htaccess",
    "  身份证.jpg  ": "身份证.jpg",
    'a".pdf': 'a".pdf',
    "e\u0301.pdf": "é.pdf",
    "a\u2028b.pdf": "ab.pdf",
    "a.tar.gz": "a.tar.gz",
    "长" * 300 + ".pdf": "长" * 116 + ".pdf",
    "x" * 300: "x" * 120,
}


@pytest.mark.parametrize("name", GOOD)
def test_a_file_of_every_type_we_take_is_recognised(tmp_path: Path, name: str) -> None:
    file = tmp_path / "sent"
    file.write_bytes(GOOD[name])
    assert recognise(file, name, EVERY) == name.partition(".")[2].lower().replace("jpeg", "jpg")


@pytest.mark.parametrize("case", BAD)
def test_fi01_in11_what_is_two_things_or_another_or_too_much_is_refused(tmp_path: Path, case: str) -> None:
    name, data = BAD[case]
    file = tmp_path / "sent"
    file.write_bytes(data)
    begun = time.process_time()
    with pytest.raises(NotAccepted) as refused:
        recognise(file, name, EVERY)
    assert refused.value.status == 415
    assert time.process_time() - begun < 3  # a second, on a machine that has one to spare


def test_a_photograph_in_which_a_short_mark_stands_by_chance_is_taken(tmp_path: Path) -> None:
    plain, comment = picture("JPEG"), b"PK\x03\x04 <svg <html"
    file = tmp_path / "sent"
    file.write_bytes(plain[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + plain[2:])
    assert recognise(file, "a.jpg", EVERY) == "jpg"


def test_a_slot_takes_only_what_is_on_its_list(tmp_path: Path) -> None:
    file = tmp_path / "sent"
    file.write_bytes(PDF)
    with pytest.raises(NotAccepted, match="只收 jpg、png"):
        recognise(file, "a.pdf", frozenset({"png", "jpg"}))


@pytest.mark.parametrize("sent", NAMES)
def test_in07_a_name_is_for_people_only(sent: str) -> None:
    shown = shown_name(sent)
    assert shown == unicodedata.normalize("NFC", NAMES[sent])
    assert len(shown) <= 120
