"""How long clients are kept."""

from kernel.upkeep.kept import Kept

KEPT = (
    Kept(
        name="clients", label="接口客户端", tables=("hotline_client",),
        basis="网络安全法 第二十三条，谁的程序提交过什么要能查清，不含个人信息", period=None, then="永久保存",
    ),
)  # fmt: skip
