"""The people around a warrant, with accounts of their own, and a warrant in each of its states."""

from datetime import datetime

from kernel.forms import Form
from kernel.lifecycle import Nothing
from kernel.people.models import Account
from kernel.permissions import Actor
from kernel.warrants import actions
from kernel.warrants.forms import Ask, Why
from kernel.warrants.models import Warrant
from tests import factories as f
from tests.officers import acting, hire

WHY = Why(why="事由不充分，请补充")
FACTS: dict[str, Form] = {"refuse": WHY, "revoke": WHY}
STEPS = {  # how each state is reached: (move, by whom)
    "asked": (), "confirmed": (("confirm", "security"),),
    "open": (("confirm", "security"), ("approve", "chief")),
    "refused": (("refuse", "security"),), "wdrawn": (("withdraw", "auditor"),),
    "returned": (("confirm", "security"), ("approve", "chief"), ("give_back", "auditor")),
    "revoked": (("confirm", "security"), ("approve", "chief"), ("revoke", "chief")),
}  # fmt: skip


async def crew() -> dict[str, Actor]:
    """Everybody whom a warrant concerns, twice where it takes two, and some whom it doesn't."""
    hired: dict[str, Account] = {
        "auditor": await hire("shenji", "auditor", scope="/"),
        "second auditor": await hire("shenji2", "auditor", scope="/"),
        "security": await hire("anquan", "security_admin", scope="/"),
        "second security": await hire("anquan2", "security_admin", scope="/"),
        "system": await hire("xitong", "system_admin", scope="/"),
        "chief": await hire("lingdao", "chief"),
        "second chief": await hire("lingdao2", "chief"),
        "officer": await hire("chengban", "handler", "ZJ", f.HOUSING_PATH),
        "operator": await hire("huawu", "operator"),
    }
    return {who: await acting(account) for who, account in hired.items()} | {"citizen": f.CITIZEN}


def asked_about(*nos: str) -> Ask:
    return Ask(kind="ticket", numbers="\n".join(nos), reason="核查一件举报的办理过程")


async def step(warrant: Warrant, name: str, by: Actor, at: datetime = f.NOW) -> Warrant:
    moved: Warrant = await actions.VERBS[name](warrant, FACTS.get(name, Nothing()), **f.way(warrant, by, at))
    return moved


async def a_warrant(who: dict[str, Actor], *nos: str, state: str = "open", asker: str = "auditor") -> Warrant:
    warrant = await actions.ask(asked_about(*nos), by=who[asker], at=f.NOW)
    for name, by in STEPS[state]:
        await step(warrant, name, who[asker if by == "auditor" else by])
    return warrant
