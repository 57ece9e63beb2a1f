"""What a command says when it can't: one readable line on standard error, and the exit code."""

import os
from collections.abc import Iterator

import typer
from pydantic import ValidationError
from tortoise.exceptions import DBConnectionError, OperationalError

from kernel.errors import Refusal
from portal.serving import WrongUsage

REFUSED, WRONG_USAGE = 1, 2
EXPECTED = (typer.TyperException, WrongUsage, Refusal, ValidationError, OSError, OperationalError, DBConnectionError)
INTERRUPTED = (KeyboardInterrupt, typer.Abort)
USAGE = {
    "MissingParameter": "缺少 {param}",
    "NoSuchOption": "没有选项 {option_name}",
    "NoSuchCommand": "没有命令 {command_name}",
}


def said(wrong: BaseException) -> tuple[str, int]:
    """(sentence, exit code) of what a person can mend; a fault of ours isn't given to this."""
    if isinstance(wrong, INTERRUPTED):
        return "已中断。再运行一次会接着做，不会重复。", REFUSED
    if isinstance(wrong, typer.TyperException):
        return f"用法有误：{_usage(wrong)}。运行 sunhall --help 看用法。", WRONG_USAGE
    if isinstance(wrong, WrongUsage):
        return str(wrong), WRONG_USAGE
    if isinstance(wrong, ValidationError):
        return f"设置有误：{'；'.join(_settings(wrong))}（见 docs/settings.md）", WRONG_USAGE
    if isinstance(wrong, Refusal):
        return "；".join(wrong.fields.values()) or str(wrong), REFUSED
    return _machine(wrong), REFUSED


def _machine(wrong: BaseException) -> str:
    """Disk, permissions, database."""
    if isinstance(wrong, OSError):
        where = f"{wrong.filename}：" if wrong.filename else ""
        return f"{where}{os.strerror(wrong.errno) if wrong.errno else wrong}"
    return f"数据库不能完成：{str(wrong).partition(chr(10))[0][:200]}。运行 sunhall doctor 看原因。"


def _usage(wrong: typer.TyperException) -> str:
    """typer's own words are English; the common ones have ours."""
    facts = {name: getattr(wrong, name, "") for name in ("option_name", "command_name")}
    facts["param"] = str(getattr(getattr(wrong, "param", None), "name", "")).upper()
    fitting = USAGE.get(type(wrong).__name__)
    return fitting.format(**facts) if fitting else str(wrong).rstrip(".")


def _settings(wrong: ValidationError) -> Iterator[str]:
    for problem in wrong.errors():
        name = "_".join(str(part) for part in problem["loc"]).upper()
        yield f"SUNHALL_{name} {problem['msg'].removeprefix('Value error, ')}"
