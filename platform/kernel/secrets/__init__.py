"""Keys and what they protect (密钥、字段加密、盲索引). Cryptography is called here and nowhere else.

`seal`, `unseal`, `blind_index`, `derive`, `signed_request` and `proves` are the whole interface:
`from kernel import secrets`."""

from kernel.secrets.blind import blind_index
from kernel.secrets.cipher import Place, seal, unseal
from kernel.secrets.keys import derive
from kernel.secrets.signatures import proves, signed_request

__all__ = ["Place", "blind_index", "derive", "proves", "seal", "signed_request", "unseal"]
