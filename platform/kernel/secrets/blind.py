"""Blind index (盲索引): a number is found again without being kept."""

from cryptography.hazmat.primitives import hmac

from kernel.secrets import keys


def blind_index(purpose: str, value: str) -> bytes:
    """HMAC under a key of its own for each purpose (phone, query_code); 32 bytes. SHA-256, or SM3 in a ring made so.

    Its key outlives the sealing keys: an index that changed with every rotation would find nothing."""
    ring = keys.ring()
    keyed = hmac.HMAC(keys.derived(ring.lasting, f"blind:{purpose}", ring.profile), keys.HASHES[ring.profile]())
    keyed.update(value.encode())
    return keyed.finalize()
