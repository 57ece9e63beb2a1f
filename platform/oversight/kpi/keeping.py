"""How long grains are kept: they count nobody, and can be counted again."""

from kernel.upkeep.kept import Kept

KEPT = (
    Kept(
        name="grains", label="指标日粒度", tables=("oversight_grain", "oversight_grain_day", "oversight_placed"),
        basis="电子监察统计，不含个人信息", period=None, then="永久保存，可从办件重算",
    ),
)  # fmt: skip
