"""A telephone number as tickets write it, however a person or an exchange spells it."""

import re
import unicodedata

SPELLED = re.compile(
    r"(?P<country>(?:\+|00)86[\s-]*)?(?P<number>\d(?:[\s-]?\d){2,14})"
    r"(?:\s*(?:转|分机|;?ext[.=]?|x|,|#)\s*(?P<extension>\d{1,6}))?",
    re.IGNORECASE,
)
ADDRESSED = re.compile(r"(?:tel|sips?):(?P<number>[^@;]+(?:;ext=\d{1,6})?)[^;]*(?:;.*)?", re.IGNORECASE)
MOBILE = re.compile(r"(?:86)?0?(1[3-9]\d{9})")  # exchanges put 86, or the trunk's 0 of another city, before it
AREA_LEFT_OUT = re.compile(r"(?!1[3-9]\d{9}|[48]00)[1-9]\d{8,10}")  # after +86 the 0 of 0531 isn't dialled
ABROAD = re.compile(r"\+(?!86)(?P<number>[1-9][\d\s-]+)")


def phone(value: object) -> object:
    """Digits, with or without +86, spaces, hyphens and an extension, become `13800002206` or `05318000转12`: one
    number has one spelling, or the caller's history isn't found."""
    if not isinstance(value, str) or not value.strip():
        return value or None
    found = SPELLED.fullmatch(unicodedata.normalize("NFKC", value).strip())
    if found is None:
        raise ValueError("联系电话只填数字，可以带 +86、空格、短横线和分机，例如 0531-8000 0000 转 12。")
    number = re.sub(r"\D", "", found["number"])
    if mobile := MOBILE.fullmatch(number):
        number = mobile[1]
    elif found["country"] and AREA_LEFT_OUT.fullmatch(number):
        number = f"0{number}"
    return number + (f"转{found['extension']}" if found["extension"] else "")


def signalled(value: str) -> str:
    """Of what an exchange signals; empty where it is no number. From abroad it is dialled with 00."""
    said = unicodedata.normalize("NFKC", value).strip()
    if addressed := ADDRESSED.fullmatch(said):
        said = addressed["number"]
    if abroad := ABROAD.fullmatch(said):
        said = f"00{abroad['number']}"
    try:
        return str(phone(said) or "")
    except ValueError:
        return ""
