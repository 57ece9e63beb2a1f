"""文书模板: versions, a preview with the labels in place of values, a new version, its publication by somebody else."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.errors import FormRejected
from kernel.forms import Form
from kernel.notices import actions, queries, rendering, wording
from kernel.notices.permissions import P
from kernel.pages import act_once, check_token, needs, posted, render
from kernel.people import queries as people


class NewWording(Form):
    """The slots stay those of the version it follows: they belong to the code that fills them."""

    title: Annotated[str, Field(title="文书名称", min_length=2, max_length=40)]
    body: Annotated[str, Field(title="正文", min_length=2, max_length=4000)]
    legal_basis: Annotated[str, Field(title="依据", min_length=2, max_length=300)]
    remedy: Annotated[str, Field(title="救济途径", min_length=2, max_length=600)]
    valid_from: Annotated[date, Field(title="生效日期")]


class NewSign(Form):
    org: Annotated[str, Field(title="单位代码", min_length=1, max_length=20)]
    word: Annotated[str, Field(title="机关代字", min_length=1, max_length=12)]


@needs(P.TEMPLATE_DRAFT)
async def index(request: Request) -> Response:
    found = await queries.wordings()
    names = await people.names({row.drafted_by for row in found})
    return render(request, "kernel/notices/wordings.html", found=found, names=names, signs=await queries.signs())


@needs(P.TEMPLATE_DRAFT)
async def preview(request: Request) -> Response:
    row = await queries.wording(request.path_params["code"], request.path_params["version"])
    template = wording.from_plain(row.words)
    values = {s.name: [[f"〔{c}〕" for c in s.columns]] if s.columns else f"〔{s.label}〕" for s in template.slots}
    told = rendering.told(
        wording.composed(template, values), no=f"代字{template.series}〔2026〕0号", org="出具单位",
        at=datetime.now(UTC),        address="/", seal="", void="模板预览，不是文书",
    )  # fmt: skip
    return render(request, "kernel/notices/wording.html", row=row, template=template, printed=told)


@needs(P.TEMPLATE_DRAFT)
async def draft(request: Request) -> Response:
    form = await NewWording.read(request, again=preview)
    check_token(request)
    followed = await queries.wording(request.path_params["code"], request.path_params["version"])
    old = wording.from_plain(followed.words)
    version = max(row.version for row in await queries.wordings() if row.code == old.code) + 1
    changed = form.model_dump(mode="json") | {"body": form.body.split("\n"), "version": version}
    try:
        template = wording.from_plain(old.plain() | changed)
    except ValueError as wrong:
        raise FormRejected({"body": f"{wrong}。"}) from wrong

    async def effect() -> str:
        await actions.draft_wording(template, by=request.user, at=datetime.now(UTC))
        return "/admin/notice-templates"

    return await act_once(request, effect)


@needs(P.TEMPLATE_PUBLISH)
async def publish(request: Request) -> Response:
    await posted(request)
    code, version = request.path_params["code"], request.path_params["version"]

    async def effect() -> str:
        await actions.publish_wording(code, version, by=request.user, at=datetime.now(UTC))
        return "/admin/notice-templates"

    return await act_once(request, effect)


@needs(P.TEMPLATE_DRAFT)
async def sign(request: Request) -> Response:
    form = await NewSign.read(request, again=index)
    check_token(request)
    org = await people.active_organisation(form.org)
    if org is None:
        raise FormRejected({"org": "没有这个单位代码，请核对。"})

    async def effect() -> str:
        await actions.sign(org, form.word, by=request.user)
        return "/admin/notice-templates"

    return await act_once(request, effect)


routes = [
    Route("/admin/notice-templates", index, methods=["GET"], name="kernel:wordings"),
    Route("/admin/notice-signs", sign, methods=["POST"], name="kernel:notice_sign"),
    Route("/admin/notice-templates/{code}/{version:int}", preview, methods=["GET"], name="kernel:wording"),
    Route("/admin/notice-templates/{code}/{version:int}", draft, methods=["POST"], name="kernel:wording_draft"),
    Route(
        "/admin/notice-templates/{code}/{version:int}/publish", publish, methods=["POST"], name="kernel:wording_publish"
    ),
]
