"""How long policy documents are kept."""

from kernel.upkeep.kept import Kept

KEPT = (
    Kept(
        name="policies", label="政策文件", tables=("approvals_policy",),
        basis="主动公开的政府信息；政府信息公开条例第二十条", period=None, then="永久保存，废止的也可查",
    ),
)  # fmt: skip
