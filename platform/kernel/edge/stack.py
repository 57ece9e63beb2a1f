"""The order of the edge, outermost first."""

from starlette.middleware import Middleware

from kernel.edge.address import CleanAddress, KnownHost
from kernel.edge.headers import SecurityHeaders
from kernel.edge.limits import Body, Head
from kernel.edge.origin import OwnOrigin
from kernel.settings import settings


def middleware() -> list[Middleware]:
    limits = settings()
    return [
        Middleware(SecurityHeaders),
        Middleware(Head),
        Middleware(KnownHost),
        Middleware(CleanAddress),
        Middleware(OwnOrigin),
        Middleware(
            Body, bytes_max=limits.body_bytes_max, files_bytes_max=limits.form_files_max * limits.upload_bytes_max
        ),
    ]
