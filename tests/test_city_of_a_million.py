"""The city that the bench fills is one that the hall itself finds nothing wrong with."""

import json
from pathlib import Path

from tests.halls import a_hall
from tests.servers import Server

TICKETS = 400


def test_every_chain_clock_and_sealed_text_of_a_filled_city_holds(postgres_server: Server, tmp_path: Path) -> None:
    url = postgres_server.create("city_of_a_million")
    with a_hall(tmp_path / "home", demo=True, SUNHALL_DATABASE_URL=url) as hall:
        hall.run_module("tests.bench.city_of_a_million", str(TICKETS))
        hall.run("reindex")
        told = json.loads(hall.run("verify", "--full", "--json").stdout)
        assert told["differences"] == []
        assert told["checked"] > TICKETS
