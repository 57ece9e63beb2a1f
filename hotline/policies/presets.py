"""The policies that are shipped (预设): what regulations and cities say, to start one's own from."""

import tomllib
from importlib.resources import files
from typing import Any

PRESETS = {
    "default-v1": "默认时限",
    "beijing": "北京：派单 1、2、24 小时，办理 2 小时、24 小时、7 日",
    "shanghai-1-5-15": "上海：咨询 1 个、其余 5 个工作日，疑难件共 15 个",
    "shandong-5+10": "山东：办理 5 个工作日，延期一次不超过 10 个",
    "lvliang": "吕梁：紧急件 30 分钟响应，异议 1 个工作日，延期至多三次",
    "kaijiang-3-5-10": "开江：咨询 3 个、建议 5 个、求助投诉举报 10 个工作日",
}


def preset(name: str) -> dict[str, Any]:
    """One of `PRESETS` as it lies in the package, with its name and first day."""
    assert name in PRESETS, name
    return tomllib.loads((files("hotline.policies") / f"{name}.toml").read_text())


def document_of(name: str) -> dict[str, Any]:
    """Only the sheet."""
    told = preset(name)
    return {key: value for key, value in told.items() if key not in {"version", "effective_from"}}
