"""Mass matters answered at once, and disputes that teach the dispatch."""

import pytest

from hotline.clusters import actions as clusters
from hotline.clusters import forms as cluster_forms
from hotline.dispatching import actions as dispatching
from hotline.dispatching import forms as rule_forms
from hotline.dispatching import queries as rules
from hotline.dispatching.models import DispatchRule
from hotline.dispatching.rulings import RULINGS
from hotline.suggestions import suggest
from hotline.tickets.models import Ticket
from hotline.tickets.rules import NotNow
from kernel.clocks.models import Clock
from kernel.errors import FormRejected, NotAllowed, OwnWork
from kernel.journal import Sealed
from kernel.models import SealedText
from tests import factories as f
from tests.factories import NOW, a_ticket, a_ticket_in, share_of, way
from tests.hotline.test_life_of_a_ticket import nothing_differs

pytestmark = pytest.mark.usefixtures("database")
BODY = cluster_forms.BatchReply(body=Sealed("爆管已修复，今晚八点恢复供水。"))


async def test_t41_one_batch_reply_is_one_reply_and_one_visit_for_each_of_twenty_callers() -> None:
    tickets = [await a_ticket() for _ in range(20)]
    facts = cluster_forms.Gather(title="云谷路爆管停水", tickets=tuple(one.no for one in tickets))
    no = await clusters.draw_number(NOW)
    cluster = await clusters.begin(facts, no=no, region=f.CITY, by=f.DISPATCHER, at=NOW)
    with pytest.raises(NotNow, match="20 件"):
        await clusters.close(cluster, cluster_forms.End(), **way(cluster, f.DISPATCHER))

    out = cluster_forms.Remove(tickets=(tickets[3].no,), reason="不是同一原因")
    await clusters.remove(cluster, out, **way(cluster, f.DISPATCHER))
    await clusters.reply(cluster, BODY, **way(cluster, f.MANAGER))
    assert await Ticket.filter(cluster=cluster.no, state="visit").count() == 19
    assert await SealedText.filter(field="body", subject__startswith="ticket:").count() == 19
    assert await Clock.filter(step="visit", stopped_at=None).count() == 19
    await clusters.close(cluster, cluster_forms.End(), **way(cluster, f.DISPATCHER))
    assert (await Ticket.get(id=tickets[3].id)).state == "pdisp"
    await nothing_differs()


async def test_a_ticket_is_in_one_cluster_and_one_ticket_is_none() -> None:
    one, two, three = [await a_ticket() for _ in range(3)]
    no = await clusters.draw_number(NOW)
    facts = cluster_forms.Gather(title="停水事件", tickets=(one.no, two.no))
    with pytest.raises(NotAllowed):
        await clusters.begin(facts, no=no, region=f.CITY, by=f.OPERATOR, at=NOW)
    await clusters.begin(facts, no=no, region=f.CITY, by=f.DISPATCHER, at=NOW)
    other = await clusters.draw_number(NOW)
    with pytest.raises(FormRejected):
        again = cluster_forms.Gather(title="另一事件", tickets=(two.no, three.no))
        await clusters.begin(again, no=other, region=f.CITY, by=f.DISPATCHER, at=NOW)
    with pytest.raises(FormRejected):
        cluster_forms.Gather.check({"title": "一件工单", "tickets": [one.no]})


async def test_a_granted_objection_is_a_precedent_and_proposes_a_rule_that_a_second_person_approves() -> None:
    ticket = await a_ticket_in("dispute")
    await Ticket.filter(id=ticket.id).update(category="010203", area_code="369902")
    share = await share_of(ticket)
    await RULINGS["rule_objection"](share, f.GRANT, **way(share, f.DISPATCHER))

    [precedent] = await rules.precedents("010203")
    assert (precedent.objected, precedent.agency, precedent.granted) == ("SW", "ZJ", True)
    rule = await DispatchRule.get(state="proposed")
    assert await rules.rule_for("010203", "369902001") is None
    both = f.officer(f.DISPATCHER.id, "身兼两职", "manager")
    with pytest.raises(OwnWork):
        await dispatching.approve(rule, rule_forms.Approve(), **way(rule, both))
    await dispatching.approve(rule, rule_forms.Approve(), **way(rule, f.MANAGER))

    found = await rules.rule_for("010203", "369902001")
    assert found
    assert found.agency == "ZJ"
    assert await rules.rule_for("010203", "369903") is None
    shown = await suggest.for_dispatch(await Ticket.get(id=ticket.id), "停水")
    assert shown["agencies"][0]["code"] == "ZJ"  # type: ignore[index]
