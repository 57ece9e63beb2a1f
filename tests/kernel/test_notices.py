"""Documents: numbers without gaps, words that can't change, paper that can be proven."""

import asyncio
import re
import subprocess
from datetime import date
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError

from hotline.documents import REPLY
from kernel import journal
from kernel.database import transaction
from kernel.errors import FormRejected, NotAllowed, NotFound, Refusal, WrongState
from kernel.lifecycle import Nothing
from kernel.models import Entry, SealedText, Series
from kernel.notices import actions, proof, queries, rendering, rules, wording
from kernel.notices.forms import How, Receipt
from kernel.notices.models import Notice
from kernel.notices.states import NoticeState
from kernel.notices.wording import NoticeTemplate, Slot
from kernel.people.models import Organisation
from kernel.permissions import Actor
from tests.conftest import Client
from tests.factories import CITIZEN, CITY, NEIGHBOUR, NOBODY, NOW, a_ticket_in, way
from tests.kernel import papers
from tests.kernel.papers import CHIEF, CLERK, EDITOR, ELSEWHERE, PEOPLE, SECOND_EDITOR, a_notice, a_notice_in, an_office

HOSTILE = (
    "#let x = 1", "#sys.inputs", "$ sum $", "\\u{41} \\", '"引号" \'单引号\'', "<script>alert(1)</script>",
    "{answer} {no}", "#image(\"/etc/passwd\")", "*粗* _斜_ `码` = 题", "// 注释 /* */", "]#panic()[",
    "@ref <label>", "{{ 7*7 }} {% raw %}",
)  # fmt: skip
FACTS: dict[str, Any] = {
    "issue": Nothing(), "confirm": Nothing(), "deliver": papers.RECEIPT, "give_back": papers.RETURNED,
    "withdraw": papers.WITHDRAW,
}  # fmt: skip


def nothing_done(done: int, of: int) -> None:
    """Nobody watches."""


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("state", [*NoticeState])
async def test_only_the_table_moves_a_document_for_every_state_move_and_role(state: NoticeState) -> None:
    notice = await a_notice_in(state.value)
    for name, verb in actions.NOTICE_VERBS.items():
        move = Notice.moves[name]
        for person in (*PEOPLE, NOBODY, NEIGHBOUR):
            allowed = person.may(move.permission, notice.org.path) and state in move.sources  # type: ignore[arg-type]
            allowed = allowed and name != "confirm"  # only the person whom it is for, whom this one hasn't
            try:
                async with transaction():
                    fresh = await Notice.get(id=notice.id)
                    await verb(fresh, FACTS[name], **way(fresh, person))
                    assert allowed, (name, person.name)
                    raise InterruptedError  # noqa: TRY301
            except InterruptedError:
                pass
            except (NotAllowed, WrongState):
                assert not allowed, (name, person.name)


@pytest.mark.usefixtures("database")
async def test_numbers_have_no_gap_and_no_double_even_where_every_second_document_is_refused() -> None:
    org, ticket = await an_office(), await a_ticket_in("closed")

    async def one(n: int) -> str | None:
        try:
            async with transaction():
                notice = await a_notice(org, ticket=ticket)
                if n % 2:
                    raise ConnectionError  # noqa: TRY301
                return notice.no
        except ConnectionError:
            return None

    made = [no for no in await asyncio.gather(*[one(n) for n in range(12)]) if no]
    assert sorted(made) == sorted(f"澜热复〔2026〕{n}号" for n in range(1, 7))
    assert await Series.filter(name="澜热复-2026").values_list("taken", flat=True) == [6]
    assert await proof.notices(True, nothing_done) == (6, [])


@pytest.mark.usefixtures("database")
async def test_a_refused_draft_takes_no_number() -> None:
    org = await an_office()
    with pytest.raises(FormRejected) as wrong:
        await a_notice(org, caller="", answer="长" * 1501, extra="多余")
    assert set(wrong.value.fields) == {"caller", "answer", "extra"}
    with pytest.raises(NotAllowed):
        await a_notice(org, by=Actor(id=7, name="无权", powers={"hotline:ticket:read": (CITY,)}))
    assert not await Series.exists(name="澜热复-2026")
    assert (await a_notice(org)).number == 1


@pytest.mark.usefixtures("database")
async def test_a_document_is_only_about_what_one_may_see_and_what_has_got_that_far() -> None:
    org = await an_office()
    with pytest.raises(rules.NotReady, match="答复告知书"):
        await a_notice(org, ticket=await a_ticket_in("hand"))
    for about in ("ticket:12345-20260101-000001-1", "nothing:1", "ticket"):
        with pytest.raises(NotFound):
            await actions.draft("hotline_reply", about, papers.VALUES, org=org, by=CLERK, at=NOW)
    with pytest.raises(rules.NoSign):
        await a_notice(await Organisation.get(code="SW"))


@pytest.mark.usefixtures("database")
async def test_what_it_says_is_sealed_and_neither_row_nor_words_can_be_changed() -> None:
    notice = await a_notice_in("issued")
    await notice.know("wording")
    stored = await Entry.filter(subject=notice.ref).order_by("seq").values_list("facts", flat=True)
    assert "张三" not in str(stored)
    assert b"\xe5\xbc\xa0\xe4\xb8\x89" not in b"".join(bytes(row.ciphertext) for row in await SealedText.all())
    for change in ({"content_hash": "0" * 64}, {"number": 9}, {"public_id": "0" * 32}):
        with pytest.raises(IntegrityError):
            await Notice.filter(id=notice.id).update(**change)
    with pytest.raises(IntegrityError):
        await type(notice.wording).filter(id=notice.wording_id).update(code="other")
    assert len(notice.public_id) == 32


@pytest.mark.usefixtures("database")
async def test_verify_finds_a_changed_text_and_a_document_that_is_gone() -> None:
    notice = await a_notice_in("issued")
    await notice.know("org", "wording")
    sealed = await queries.filled(notice)
    assert sealed is not None
    changed = {"values": sealed["values"] | {"answer": "另一种答复。"}, "nonce": sealed["nonce"]}
    assert actions.content_hash(notice, notice.wording, changed) != notice.content_hash
    assert (await proof.notices(True, nothing_done))[1] == []
    await Series.filter(name="澜热复-2026").update(taken=5)
    await a_notice(notice.org)
    assert (await proof.notices(True, nothing_done))[1] == ["澜热复〔2026〕有 2 份文书，号已到 6"]


@pytest.mark.usefixtures("database")
async def test_a_new_version_counts_only_when_a_second_person_published_it_and_old_documents_keep_theirs() -> None:
    notice = await a_notice_in("issued")
    await notice.know("org")
    words = wording.from_plain(REPLY.plain() | {"version": 2, "title": "答复书", "valid_from": "2026-03-01"})
    await actions.draft_wording(words, by=EDITOR, at=NOW)
    with pytest.raises(rules.OwnWording):
        await actions.publish_wording("hotline_reply", 2, by=EDITOR, at=NOW)
    with pytest.raises(NotAllowed):
        await actions.publish_wording("hotline_reply", 2, by=CLERK, at=NOW)
    assert (await a_notice(notice.org)).wording.version == 1
    await actions.publish_wording("hotline_reply", 2, by=SECOND_EDITOR, at=NOW)
    assert (await a_notice(notice.org)).wording.version == 2
    assert (await rendering.printed(await queries.one(CLERK, notice.public_id)))["title"] == "答复告知书"


@pytest.mark.usefixtures("database")
async def test_a_sign_belongs_to_one_agency() -> None:
    await an_office()
    with pytest.raises(rules.TakenSign):
        await actions.sign(await Organisation.get(code="SW"), "澜热", by=EDITOR)


@pytest.mark.usefixtures("database")
async def test_the_receipt_of_a_citizens_own_document_is_the_citizens_own_click() -> None:
    org = await an_office()
    ticket = await a_ticket_in("closed")
    await type(ticket).filter(id=ticket.id).update(owner_id=CITIZEN.id)
    notice = await a_notice(org, ticket=ticket)
    assert await queries.about(ticket.ref, CITIZEN) == []  # not before it has been issued
    await papers.pressed(await papers.a_seal(org), notice)
    await actions.issue(notice, Nothing(), **way(notice, CLERK))
    instead = Receipt(how=How.INBOX, to=journal.Sealed("张三"), proof=journal.Sealed("已读"))
    with pytest.raises(rules.InboxConfirmsItself):
        await actions.deliver(notice, instead, **way(notice, CLERK))
    for other in (CLERK, NEIGHBOUR):
        with pytest.raises(NotAllowed):
            await actions.confirm(notice, Nothing(), **way(notice, other))
    mine = await queries.one(CITIZEN, notice.public_id)
    await actions.confirm(mine, Nothing(), **way(mine, CITIZEN))
    assert (mine.state, mine.delivered_at) == (NoticeState.DELIVERED, NOW)


@pytest.mark.usefixtures("database")
async def test_other_agencies_and_strangers_get_the_answer_of_a_document_that_is_not_there() -> None:
    notice = await a_notice_in("issued")
    for person in (ELSEWHERE, NEIGHBOUR, NOBODY):
        with pytest.raises(NotFound):
            await queries.one(person, notice.public_id)


async def test_the_page_of_proof_tells_public_facts_only(signed_in: Client) -> None:
    notice = await a_notice_in("issued")
    async with signed_in(NOBODY) as client:
        page = await client.get(f"/verify/notice/{notice.public_id}")
        assert page.status_code == 200
        assert all(
            said in page.text for said in (notice.no, notice.content_hash, "热线中心", "这份文书是真的，现在有效")
        )
        assert not any(secret in page.text for secret in ("张三", "小区停水", notice.about))
        assert (await client.get(f"/verify/notice/{'0' * 32}")).status_code == 404
        assert (await client.get(f"/notices/{notice.public_id}")).status_code == 303  # to the sign-in page
    await actions.withdraw(notice, papers.WITHDRAW, **way(notice, CHIEF))
    async with signed_in(NOBODY) as client:
        assert "已经撤回，不再有效" in (await client.get(f"/verify/notice/{notice.public_id}")).text


async def test_a_draft_can_not_be_proven_by_anybody(signed_in: Client) -> None:
    notice = await a_notice_in("drafted")
    async with signed_in(NOBODY) as client:
        assert (await client.get(f"/verify/notice/{notice.public_id}")).status_code == 404


async def test_a_clerk_drafts_from_the_form_and_prints_a_pdf(signed_in: Client) -> None:
    await an_office()
    ticket = await a_ticket_in("closed")
    async with signed_in(CLERK) as client:
        form = await client.get(f"/notices/new?template=hotline_reply&about={ticket.ref}")
        hidden = dict(re.findall(r'name="(_\w+)" value="([^"]*)"', form.text[form.text.index("/notices/new") :]))
        sent = papers.VALUES | hidden | {"_org": "RX"}
        again = await client.post("/notices/new", data=sent | {"caller": ""})
        assert again.status_code == 422
        assert "请填写诉求人。" in again.text
        assert papers.VALUES["answer"] in again.text
        made = await client.post("/notices/new", data=sent)
        assert made.status_code == 303, made.text
        page = await client.get(made.headers["location"])
        assert "澜热复〔2026〕1号" in page.text
        assert "印章位" in page.text
        answer = await client.get(f"{made.headers['location']}/pdf")
        assert answer.content.startswith(b"%PDF-")
        assert "澜热复〔2026〕1号" in (await client.get("/notices")).text


@pytest.mark.usefixtures("database")
async def test_the_pdf_has_the_words_the_number_the_seal_and_the_same_bytes_every_time() -> None:
    notice = await a_notice_in("issued")
    told = await rendering.printed(notice)
    first, second = await rendering.pdf(told), await rendering.pdf(await rendering.printed(notice))
    assert first == second
    text = text_of(first)
    for said in ("澜热复〔2026〕1号", "答复告知书", "管道已抢修完毕", "张三：", "补充新的情况", "本件共1页，第1页"):
        assert said in text, said
    assert told["seal"]


async def test_a_long_document_says_its_two_pages() -> None:
    told = paper(answer="\n".join(["长答复的一段话，说明办理的经过和结果。" * 4] * 6))
    assert "本件共2页，第2页" in text_of(await rendering.pdf(told))


@pytest.mark.parametrize(
    "org", ["热线中心", "澜州市12345政务服务便民热线中心", "澜州市江北区" + "云谷街道" * 3 + "综合行政执法办公室"]
)
async def test_the_issuing_organ_stands_on_one_line_however_long_its_name(org: str) -> None:
    made = await rendering.pdf(paper() | {"org": org})
    assert "".join(lines_of(made)[0].split()) == org


@pytest.mark.parametrize("value", HOSTILE)
async def test_a_hostile_value_stays_text(value: str) -> None:
    text = text_of(await rendering.pdf(paper(answer=value)))
    assert "".join(value.split()) in text.replace("’", "'").replace("“", '"')


async def test_a_hostile_cell_of_a_table_stays_text() -> None:
    template = NoticeTemplate(
        code="t", version=1, series="受", title="受理通知书", to="{to}", body=("{materials}",), legal_basis="",
        remedy="无", slots=(Slot("to", "收件人"), Slot("materials", "材料", columns=("序", "材料"))),
        valid_from=date(2026, 1, 1), kind="ticket",
    )  # fmt: skip
    values = wording.fill(template, {"to": "某店", "materials": [["1", value] for value in HOSTILE]})
    told = as_paper(wording.composed(template, values))
    text = text_of(await rendering.pdf(told))
    assert "#sys.inputs" in text


def test_a_value_that_looks_like_a_slot_is_not_filled_again() -> None:
    told = wording.composed(REPLY, papers.VALUES | {"answer": "{caller}"})
    assert {"kind": "text", "text": "{caller}"} in told["blocks"]


def test_a_template_whose_slots_and_words_differ_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        wording.from_plain(REPLY.plain() | {"to": "{caller}{nobody}"})


async def test_the_doctor_names_the_package_of_the_font() -> None:
    assert await rendering.look() is None
    assert rendering.FONT_PACKAGE == "fonts-noto-cjk"


@pytest.mark.usefixtures("database")
async def test_erased_it_says_so_and_its_chain_still_holds() -> None:
    notice = await a_notice_in("issued")
    await journal.erase(notice.ref)
    with pytest.raises(Refusal, match="已按规定删除"):
        await rendering.printed(notice)
    assert (await proof.notices(True, nothing_done))[1] == []


def paper(**values: str) -> dict[str, Any]:
    return as_paper(wording.composed(REPLY, papers.VALUES | values))


def as_paper(words: dict[str, Any]) -> dict[str, Any]:
    address = "http://localhost/verify/notice/0"
    return rendering.told(words, no="澜热复〔2026〕1号", org="热线中心", at=NOW, address=address, seal="", void="")


def text_of(made: bytes) -> str:
    """What a reader would copy out of it, without spaces and line ends."""
    return "".join("".join(lines_of(made)).split())


def lines_of(made: bytes) -> list[str]:
    told = subprocess.run(["pdftotext", "-layout", "-", "-"], input=made, capture_output=True, check=True, timeout=20)
    return told.stdout.decode().split("\n")
