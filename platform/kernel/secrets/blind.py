"""Blind index (盲索引): a number is found again without being kept."""

import hashlib
import hmac

from kernel.secrets import keys

FIRST_KEY = 1  # of the ring's oldest key: an index that changed with every rotation would find nothing


def blind_index(purpose: str, value: str) -> bytes:
    """HMAC-SHA-256 under a key of its own for each purpose (phone, query_code); 32 bytes."""
    oldest = min(keys.ring().keys, default=FIRST_KEY)
    return hmac.new(keys.derived(oldest, f"blind:{purpose}"), value.encode(), hashlib.sha256).digest()
