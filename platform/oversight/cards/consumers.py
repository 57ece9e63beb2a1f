"""An alarm of any clock is held against the rules; and who has to know of a card is told."""

from kernel import journal
from kernel.inbox import actions as inbox
from kernel.kinds import kind_of
from kernel.models import Event
from kernel.outbox import Consumer
from kernel.seals.permissions import P as S
from oversight.cards import actions, queries
from oversight.cards.models import Card
from oversight.ladder import queries as ladder
from oversight.ladder.models import Level
from oversight.permissions import P

TO_UNIT = {"card.give": "发来", "card.issue": "发来", "card.uphold": "申诉不成立：", "card.revoke": "已撤销"}
TO_SUPERVISOR = {"card.propose": "待确认的", "card.reply": "收到书面说明：", "card.appeal": "收到申诉："}


async def fire(event: Event) -> None:
    entry = await journal.entry_of(event)
    step, span, rung = (entry.facts[name] for name in ("step", "span", "rung"))
    kind, no = kind_of(event.subject)
    fitting = await ladder.that_fit(kind.model.kind, step, rung, event.at)
    if not fitting:
        return
    thing = await kind.load(no)
    for rule in fitting:
        await actions.fire(rule, thing, step, span, at=event.at)


async def tell(event: Event) -> None:
    """The unit's people; of a 通报 and of a red card its leader by the right to appeal, too. Of a paper those who have
    it sealed: nobody else would look for it."""
    kind, no = kind_of(event.subject)
    card: Card = await kind.load(no)
    title, url, label = f"{card.level.label} {card.no}", kind.url(card), await card.sensitivity()
    if (said := TO_UNIT.get(event.topic)) and card.issued_at is not None:
        for permission in _readers(card):
            await inbox.tell_holders(
                permission, card.org_path, event=event, title=f"{said}{title}", url=url, label=label
            )
    if event.topic == "card.alarm" and card.issued_at is not None:
        title = f"书面说明时限提醒：{title}"
        await inbox.tell_holders(P.CARD_REPLY, card.org_path, event=event, title=title, url=url, label=label)
    if said := TO_SUPERVISOR.get(event.topic):
        permission = P.CARD_JUDGE if event.topic == "card.appeal" else P.CARD_ISSUE
        await inbox.tell_holders(
            permission, card.region_path, event=event, title=f"{said}{title}", url=url, label=label
        )

    if event.topic == "card.number" and (paper := await queries.document(card)) is not None:
        await inbox.tell_holders(
            S.SEAL_REQUEST, paper.org.path, event=event, title=f"待申请用印：{card.level.label} {paper.no}",
            url=f"/notices/{paper.public_id}", label=label,
        )  # fmt: skip


def _readers(card: Card) -> tuple[P, ...]:
    return (P.CARD_REPLY, P.CARD_APPEAL) if card.level in {Level.RED, Level.RAISE} else (P.CARD_REPLY,)


FIRE = Consumer(name="oversight.fire", topics=("*.alarm",), handle=fire)
TELL = Consumer(name="oversight.tell", topics=(*TO_UNIT, *TO_SUPERVISOR, "card.alarm", "card.number"), handle=tell)
