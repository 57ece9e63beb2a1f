"""What files say about a person: their names and, sealed in the store, all that is in them."""

from datetime import datetime

from kernel.files.models import File
from kernel.module import Left, PersonalData


async def read(owner: int) -> list[dict[str, str]]:
    rows = await File.filter(uploader_id=owner).order_by("-id")
    return [{"时间": one.uploaded_at.isoformat(), "文件": one.name, "字节": str(one.size)} for one in rows]


async def erase(owner: int, closing: bool, at: datetime) -> tuple[int, list[Left]]:
    had = await File.filter(uploader_id=owner, attachments__id__isnull=False).exists()
    return 0, [Left("附件", "随所附的事项保存；没有用上的 48 小时内自动删除")] if had else []


FILES = PersonalData(
    name="files", label="附件", columns=("kernel_file.name", "kernel_upload.name"),
    purpose="办理所附的事项", basis="个人信息保护法 第十三条第一款第三项", period="随所附的事项；没有用上的 48 小时",
    readers="看得到所附事项的人", read=read, erase=erase,
)  # fmt: skip
