"""What documents and ratings hold about a person, and why it stays when they ask for its deletion."""

from datetime import datetime

from kernel.module import Left, PersonalData
from kernel.notices import queries


async def read(owner: int) -> list[dict[str, str]]:
    """Each document that was issued to them, with all that was filled in."""
    found = []
    for notice in await queries.issued_to(owner):
        row = {"文号": notice.no, "名称": notice.wording.words["title"], "状态": notice.state.label}
        labels = {slot["name"]: slot["label"] for slot in notice.wording.words["slots"]}
        values = (await queries.filled(notice) or {}).get("values", {})
        found.append(row | {labels[name]: str(value) for name, value in values.items() if value})
    return found


async def erase(owner: int, closing: bool, at: datetime) -> tuple[int, list[Left]]:
    """An official document is an archive of the agency: nothing of it goes on its own."""
    return 0, [Left(f"文书 {one.no}", "机关档案，随所涉事项保存") for one in await queries.issued_to(owner)]


NOTICES = PersonalData(
    name="notices", label="出具给您的文书", columns=("kernel_notice.owner_id", "kernel_sealed_text.ciphertext"),
    purpose="出具和送达文书", basis="个人信息保护法 第十三条第一款第三项", period="随所涉事项",
    readers="本人、出具文书的单位", read=read, erase=erase,
)  # fmt: skip
RATINGS = PersonalData(
    name="ratings", label="好差评", columns=("kernel_rating.person", "kernel_sealed_text.ciphertext"),
    purpose="改进服务、回访差评", basis="国务院办公厅关于建立政务服务“好差评”制度提高政务服务水平的意见",
    period="内容随所涉事项；评价人只存密码学摘要", readers="评价回访员，看不到评价人",
)  # fmt: skip
