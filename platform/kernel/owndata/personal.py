"""The kernel's own lines of the register of personal data, how their owner reads them, and how they are erased."""

from datetime import datetime, timedelta

from kernel import secrets
from kernel.citizens import queries as citizens
from kernel.citizens.models import Profile
from kernel.companies.models import Member
from kernel.inbox.models import Message
from kernel.messages.models import Contact
from kernel.module import Left, PersonalData
from kernel.owndata.models import OwnRequest
from kernel.people.models import Account, Session

REQUESTS_KEPT = timedelta(days=3 * 365)
Rows = list[dict[str, str]]
NAMES = {"name": "姓名", "phone": "手机号", "id_number": "身份证号"}


async def read_profile(owner: int) -> Rows:
    profile = await Profile.get_or_none(account_id=owner)
    account = await Account.get_or_none(id=owner)
    if account is None:
        return []
    row = {"帐号": account.username, "显示的名字": account.name, "建立时间": account.created_at.isoformat()}
    if profile is None:
        return [row]
    told = {label: citizens.clear(profile, column) for column, label in NAMES.items()}
    return [row | told | {"实名等级": str(profile.level)}]


async def erase_profile(owner: int, closing: bool, at: datetime) -> tuple[int, list[Left]]:
    if not closing:
        return 0, [Left("帐号和实名信息", "帐号还在使用，注销帐号时删除")]
    nothing = dict.fromkeys(("name", "phone", "id_number", "phone_index", "id_index"))
    await Profile.filter(account_id=owner).update(**nothing, level=0, closed_at=at)
    await Account.filter(id=owner).update(active=False, name="已注销用户", username=f"closed-{owner}", password_hash="")
    return 1, []


async def read_sessions(owner: int) -> Rows:
    rows = await Session.filter(account_id=owner).order_by("-id").limit(200)
    return [{"时间": one.created_at.isoformat(), "网络地址": one.address, "设备": one.agent} for one in rows]


async def erase_sessions(owner: int, closing: bool, at: datetime) -> tuple[int, list[Left]]:
    """Of sessions that have ended the device and the address go; the one in use keeps them until it ends."""
    mine = Session.filter(account_id=owner)
    gone = await (mine if closing else mine.exclude(ended_at=None)).update(address="", agent="")
    return gone, []


async def read_contact(owner: int) -> Rows:
    row = await Contact.get_or_none(account_id=owner)
    if row is None:
        return []
    labels = {"phone": "接收短信的手机号", "email": "接收邮件的地址", "pending": "等待确认的邮件地址"}
    given = {name: getattr(row, name) for name in labels}
    return [{labels[name]: secrets.unseal(given[name], **row.sealed[name](row)) for name in labels if given[name]}]


async def erase_contact(owner: int, closing: bool, at: datetime) -> tuple[int, list[Left]]:
    if not closing:
        return 0, [Left("联系方式", "帐号还在使用，可以在联系方式页面自己删除，注销帐号时一并删除")]
    return await Contact.filter(account_id=owner).delete(), []


async def read_messages(owner: int) -> Rows:
    rows = await Message.filter(account_id=owner).order_by("-id")
    return [{"时间": one.at.isoformat(), "消息": one.title, "正文": one.body} for one in rows]


async def erase_messages(owner: int, closing: bool, at: datetime) -> tuple[int, list[Left]]:
    return await Message.filter(account_id=owner).delete(), []


async def read_companies(owner: int) -> Rows:
    rows = await Member.filter(account_id=owner).order_by("id").select_related("company__account")
    return [
        {"企业": one.company.account.name, "身份": one.part.label, "起": one.since.isoformat(),
         "止": one.ended_at.isoformat() if one.ended_at else ""}
        for one in rows
    ]  # fmt: skip


async def erase_companies(owner: int, closing: bool, at: datetime) -> tuple[int, list[Left]]:
    """Invitations to the number go; who acted for a company stays with the company's journal."""
    if closing:
        await Member.filter(account_id=owner, ended_at=None).update(ended_at=at)
    had = await Member.filter(account_id=owner).exists()
    return 0, [Left("代企业办事的记录", "企业事项的办理凭证，随企业事项保存")] if had else []


async def read_requests(owner: int) -> Rows:
    from kernel.owndata.queries import said

    found = []
    for one in await OwnRequest.filter(owner_id=owner).order_by("id"):
        asked, answered = await said(one)
        found.append(
            {"编号": one.no, "请求": one.right.label, "状态": one.state.label, "说明": asked, "答复": answered}
        )
    return found


async def erase_requests(owner: int, closing: bool, at: datetime) -> tuple[int, list[Left]]:
    return 0, [Left("您的请求和答复", "依法办理的凭证，只供核查", at + REQUESTS_KEPT)]


PERSONAL = (
    PersonalData(
        name="account", label="帐号和实名信息",
        columns=(
            "kernel_account.name", "kernel_profile.name", "kernel_profile.phone", "kernel_profile.id_number",
            "kernel_profile.phone_index", "kernel_profile.id_index",
        ),
        purpose="登录、实名办事、通知", basis="个人信息保护法 第十三条第一款第二、三项", period="注销帐号时",
        readers="本人；窗口核验员、实名核验服务在核验时", read=read_profile, erase=erase_profile,
    ),
    PersonalData(
        name="sessions", label="登录记录", columns=("kernel_session.address", "kernel_session.agent"),
        purpose="帐号安全", basis="网络安全法 第二十一条", period="登录结束后 30 天", readers="本人",
        read=read_sessions, erase=erase_sessions,
    ),
    PersonalData(
        name="contact", label="接收通知的联系方式",
        columns=("kernel_contact.phone", "kernel_contact.email", "kernel_contact.pending"), purpose="告知办理进展",
        basis="个人信息保护法 第十三条第一款第三项", period="本人删除或注销帐号时", readers="本人；发送时的服务商",
        read=read_contact, erase=erase_contact,
    ),
    PersonalData(
        name="factor", label="动态码的种子", columns=("kernel_second_factor.seed",), purpose="登录的第二步验证",
        basis="网络安全法 第二十一条", period="停用时", readers="无人",
    ),
    PersonalData(
        name="messages", label="消息", columns=("kernel_message.title", "kernel_message.body"), purpose="告知办理进展",
        basis="个人信息保护法 第十三条第一款第三项", period="读过满一年，或本人要求删除时", readers="本人",
        read=read_messages, erase=erase_messages,
    ),
    PersonalData(
        name="companies", label="代企业办事",
        columns=("kernel_company_invitation.phone", "kernel_company_invitation.phone_index"),
        purpose="企业授权经办人", basis="个人信息保护法 第十三条第一款第二项", period="邀请 7 天；经办记录随企业事项",
        readers="本人、企业负责人", read=read_companies, erase=erase_companies,
    ),
    PersonalData(
        name="requests", label="个人信息请求", columns=("kernel_sealed_text.ciphertext",),
        purpose="答复本人的请求", basis="个人信息保护法 第五十条", period="3 年", readers="本人、个人信息保护专员",
        read=read_requests, erase=erase_requests,
    ),
    PersonalData(
        name="codes", label="短信验证码", columns=("kernel_code.bound",), purpose="验证手机号",
        basis="网络安全法 第二十四条", period="5 分钟", readers="无人",
    ),
    PersonalData(
        name="outgoing",
        label="待发的短信和邮件",
        columns=("kernel_outgoing.recipient", "kernel_outgoing.content"),
        purpose="发送验证码和通知",
        basis="个人信息保护法 第十三条第一款第三项",
        period="发出即删除",
        readers="短信、邮件服务商",
    ),
    PersonalData(
        name="answered", label="接口的应答", columns=("kernel_answered.answer",), purpose="重复提交得到同一答复",
        basis="个人信息保护法 第十三条第一款第三项", period="24 小时", readers="提交的程序",
    ),
    PersonalData(
        name="standing_in", label="工作人员的委托、AB 岗、不在岗",
        columns=("kernel_delegation.reason", "kernel_absence.reason", "kernel_post.name"),
        purpose="确定由谁代行职责", basis="个人信息保护法 第十三条第一款第二项（按劳动规章制度实施人力资源管理）",
        period="3 年", readers="本人、受托人、本单位负责人",
    ),
    PersonalData(
        name="warrants", label="调阅令的事由", columns=("kernel_warrant.reason",),
        purpose="核查为什么查看了不属于自己的事项",
        basis="网络安全法 第二十一条", period="3 年", readers="申请人、安全管理员、分管领导、审计员",
    ),
    PersonalData(
        name="security", label="安全日志中的网络地址", columns=("kernel_security_event.address",),
        purpose="发现和追查攻击", basis="网络安全法 第二十一条", period="3 年", readers="审计员",
    ),
)  # fmt: skip
