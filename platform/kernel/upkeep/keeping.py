"""What the kernel itself keeps, how long and why (spec: security 4.5)."""

from datetime import datetime, timedelta

from tortoise.expressions import Subquery

from kernel import journal
from kernel.companies.models import Invitation
from kernel.database import transaction
from kernel.messages.models import Contact
from kernel.owndata.models import OwnRequest
from kernel.owndata.personal import REQUESTS_KEPT
from kernel.people import sessions
from kernel.people.models import Account, ProviderAsk, RecoveryCode
from kernel.upkeep.kept import Kept
from kernel.upkeep.models import Alarm

HALF_YEAR = "网络安全法第二十一条：不少于六个月"
BY_HAND = "只增不删；到期由审计员决定，连同数据库分区一起移出"
MONTH, YEAR = timedelta(days=30), timedelta(days=365)


async def _mended_alarms(before: datetime, limit: int) -> int:
    old = await Alarm.filter(cleared_at__lt=before).limit(limit).values_list("id", flat=True)
    return await Alarm.filter(id__in=old).delete() if old else 0


async def _old_invitations(before: datetime, limit: int) -> int:
    old = await Invitation.filter(until__lt=before).limit(limit).values_list("id", flat=True)
    return await Invitation.filter(id__in=old).delete() if old else 0


async def _old_asks(before: datetime, limit: int) -> int:
    old = await ProviderAsk.filter(until__lt=before).limit(limit).values_list("id", flat=True)
    return await ProviderAsk.filter(id__in=old).delete() if old else 0


async def _answered_requests(before: datetime, limit: int) -> int:
    """What was asked and answered is destroyed; number, right and journal stay as the proof that it was answered."""
    old = await OwnRequest.filter(answered_at__lt=before, cleared_at=None).order_by("answered_at").limit(limit)
    for request in old:
        async with transaction():
            await journal.erase(request.ref)
            await OwnRequest.filter(id=request.id).update(cleared_at=before + REQUESTS_KEPT)
    return len(old)


async def _used_recovery_codes(before: datetime, limit: int) -> int:
    old = await RecoveryCode.filter(used_at__lt=before).limit(limit).values_list("id", flat=True)
    return await RecoveryCode.filter(id__in=old).delete() if old else 0


async def _stale_contacts(before: datetime, limit: int) -> int:
    """Addresses that nobody proved in time go alone; of an account that was disabled all goes."""
    unproven = Contact.filter(pending_until__lt=before).limit(limit).values_list("id", flat=True)
    gone = await Contact.filter(id__in=list(await unproven)).update(pending=None, pending_hash="", pending_until=None)
    disabled = Subquery(Account.filter(active=False).values("id"))
    left = await Contact.filter(account_id__in=disabled).limit(limit).values_list("id", flat=True)
    return max(gone, await Contact.filter(id__in=left).delete() if left else 0)


KEPT = (
    Kept(
        name="journal", label="办件日志", tables=("kernel_entry",), basis="日志链是证据，不含个人信息", period=None,
        then="永久保存",
    ),
    Kept(
        name="views", label="查看记录", tables=("kernel_view",), basis=HALF_YEAR,
        period=3 * YEAR, at_least=timedelta(days=183), then=BY_HAND,
    ),
    Kept(
        name="security", label="安全日志", tables=("kernel_security_event",), basis=HALF_YEAR,
        period=3 * YEAR, at_least=timedelta(days=183), then=BY_HAND,
    ),
    Kept(
        name="warrants", label="调阅令和紧急授权", tables=("kernel_warrant",), basis=HALF_YEAR,
        period=3 * YEAR, at_least=timedelta(days=183), then=BY_HAND,
    ),
    Kept(
        name="delegations", label="委托、AB 岗、不在岗、离岗",
        tables=("kernel_delegation", "kernel_post", "kernel_absence", "kernel_leaving"),
        basis="日志链引用“代谁”，须能查证", period=3 * YEAR, at_least=timedelta(days=183), then=BY_HAND,
    ),
    Kept(
        name="sessions", label="登录会话", tables=("kernel_session",), basis="业务需要", period=MONTH,
        then="结束后满期即删除", clear=sessions.clear,
    ),
    Kept(
        name="deliveries", label="已完成的投递", tables=("kernel_delivery",), basis="业务需要", period=MONTH,
        then="每分钟清除到期的",
    ),
    Kept(
        name="answers", label="请求编号和它的答复", tables=("kernel_answered",), basis="业务需要",
        period=timedelta(hours=24), then="每分钟清除到期的",
    ),
    Kept(
        name="rates", label="限速计数", tables=("kernel_rate_count", "kernel_lockout"), basis="业务需要",
        period=timedelta(days=2), then="每分钟清除到期的",
    ),
    Kept(
        name="documents", label="文书、模板和用印记录",
        tables=("kernel_notice", "kernel_wording", "kernel_sign", "kernel_seal", "kernel_imprint"),
        basis="机关文件材料归档范围和文书档案保管期限规定；只存编号、指纹和经手人，正文在密文中", period=None,
        then="永久保存；正文随所涉事项删除",
    ),
    Kept(
        name="books", label="账务", tables=("kernel_book", "kernel_posting", "kernel_line", "kernel_closed_day"),
        basis="会计档案管理办法：会计凭证、会计账簿 30 年", period=30 * YEAR, at_least=30 * YEAR, then=BY_HAND,
    ),
    Kept(
        name="ratings", label="评价和关联", tables=("kernel_rating", "kernel_link"),
        basis="评价人只存密码学摘要，内容在密文中", period=None, then="永久保存；内容随所涉事项删除",
    ),
    Kept(
        name="alarms", label="已排除的告警", tables=("kernel_alarm",), basis="业务需要", period=YEAR, then="删除",
        clear=_mended_alarms,
    ),
    Kept(
        name="invitations", label="企业的邀请", tables=("kernel_company_invitation",), basis="业务需要",
        period=MONTH, then="邀请过期后满期即删除，连同被邀请的手机号", clear=_old_invitations,
    ),
    Kept(
        name="provider_asks", label="统一身份认证的在途登录", tables=("kernel_provider_ask",), basis="业务需要",
        period=timedelta(days=1), then="过期后满期即删除", clear=_old_asks,
    ),
    Kept(
        name="own_requests", label="个人信息请求和答复", tables=("kernel_own_request",),
        basis="个人信息保护法第五十条；民法典第一百八十八条：诉讼时效三年",
        period=REQUESTS_KEPT, at_least=REQUESTS_KEPT,
        then="答复满期即销毁所写的内容，编号和日志链保留", clear=_answered_requests,
    ),
    Kept(
        name="recovery_codes", label="用过的恢复码", tables=("kernel_recovery_code",), basis="业务需要", period=MONTH,
        then="用后满期即删除；没用过的随重新生成或停用替换", clear=_used_recovery_codes,
    ),
    Kept(
        name="stale_contacts", label="没有确认的邮箱、已停用帐号的联系方式", tables=(), basis="业务需要",
        period=timedelta(days=1), then="满期即删除", clear=_stale_contacts,
    ),
)  # fmt: skip
