"""The table of clients."""

from datetime import date

from tortoise import fields

from hotline.clients.states import CLIENT_MOVES, ClientState
from kernel.models import Thing


class Client(Thing):
    """接口客户端: a program of somebody else's. What it sends belongs to its account, which nobody can sign in to."""

    kind, label, moves = "client", "接口客户端", CLIENT_MOVES
    prefix = "1234505"

    state = fields.CharEnumField(ClientState, "", max_length=10)
    title = fields.CharField(max_length=60)
    account_id = fields.IntField(unique=True)
    token_hash = fields.CharField(max_length=64, unique=True)  # SHA-256 of 256 random bits
    valid_to: fields.Field[date] = fields.DateField()
    networks = fields.CharField(max_length=400, default="")  # from where it may ask; empty: from everywhere

    class Meta:
        table = "hotline_client"
