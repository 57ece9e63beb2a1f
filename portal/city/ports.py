"""Ports on loopback for servers that are started here."""

import secrets
import socket
from contextlib import suppress
from pathlib import Path

LOWEST, TRIES = 15_000, 200
GIVEN_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """One below those that the system lends to outgoing lines: a server that ends and comes back finds it free again,
    too. Raises OSError where nothing is free."""
    lent = int(GIVEN_OUT.read_text().split()[0]) if GIVEN_OUT.exists() else 32_768
    for port in secrets.SystemRandom().sample(range(min(LOWEST, lent // 2), lent), TRIES):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"在 {TRIES} 个端口里没有一个空闲")
