"""What each move of a client must be told. Its token never stands in a fact, only the token's digest."""

import ipaddress
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from hotline.tickets.forms import Why
from kernel.forms import Form

NETWORKS_CHARS_MAX, NETWORKS_MAX = 400, 10


def networks(value: str) -> str:
    """Addresses and ranges, apart by blanks or commas: `10.1.2.3 10.2.0.0/16`. Empty: from everywhere."""
    found = value.replace(",", " ").replace("，", " ").split()
    if len(found) > NETWORKS_MAX:
        raise ValueError(f"最多填 {NETWORKS_MAX} 个地址或网段。")
    for one in found:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError:
            raise ValueError(f"“{one[:40]}”不是 IP 地址或网段，请写 10.1.2.3 或 10.2.0.0/16。") from None
    return " ".join(found)


Networks = Annotated[str, AfterValidator(networks), Field(title="来源地址", max_length=NETWORKS_CHARS_MAX)]
ValidTo = Annotated[date, Field(title="有效期至")]
TokenHash = Annotated[str, Field(title="令牌摘要", pattern=r"^[0-9a-f]{64}$")]


class Ask(Form):
    """A new client, as the administrator types it."""

    title: Annotated[str, Field(title="系统名称", min_length=2, max_length=60)]
    valid_to: ValidTo
    networks: Networks = ""


class Renew(Form):
    valid_to: ValidTo


class Issue(Ask):
    token_hash: TokenHash


class Rotate(Renew):
    token_hash: TokenHash


class Revoke(Form):
    reason: Why
