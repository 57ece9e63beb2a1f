"""How long what was published is kept."""

from kernel.upkeep.kept import Kept

KEPT = (
    Kept(
        name="published", label="公开的热线月度数据", tables=("hotline_published",),
        basis="政府信息公开条例，不含个人信息", period=None, then="永久保存",
    ),
)  # fmt: skip
