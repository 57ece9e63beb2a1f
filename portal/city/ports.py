"""Ports on loopback for servers that are started here."""

import os
import socket
from contextlib import suppress
from itertools import count
from pathlib import Path

LOWEST, TRIES = 15_000, 200
APART = 7_919  # ports between where two processes begin to look
GIVEN_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")
_given = count()


def free_port() -> int:
    """One below those that the system lends to outgoing lines: a server that ends and comes back finds it free again,
    too. Never the same twice, and another process looks elsewhere: what was given may be taken a good while later.
    Raises OSError where nothing is free."""
    lent = int(GIVEN_OUT.read_text().split()[0]) if GIVEN_OUT.exists() else 32_768
    lowest = min(LOWEST, lent // 2)
    for _ in range(TRIES):
        port = lowest + (os.getpid() * APART + next(_given)) % (lent - lowest)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"在 {TRIES} 个端口里没有一个空闲")
