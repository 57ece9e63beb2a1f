"""In which tongue a program hears a refusal: the hall's own interface has one envelope, a standard's interface has the
shape that the standard says. Everything that refuses, from the edge to our own mistakes, asks here."""

from collections.abc import Callable, Mapping

from starlette.responses import JSONResponse, Response

from kernel.errors import Refusal

Tongue = Callable[[Refusal, str], Response]  # the refusal and the path that was asked for


def envelope(refusal: Refusal, path: str) -> Response:
    return JSONResponse(refusal.envelope(), status_code=refusal.status)


_tongues: dict[str, Tongue] = {"/api/": envelope}


def declare(tongues: Mapping[str, Tongue]) -> None:
    """By the beginning of the path, with its slashes."""
    _tongues.update(tongues)


def of_program(path: str) -> bool:
    """Whether a program asks there: it is never shown a page."""
    return path.startswith(tuple(_tongues))


def told(refusal: Refusal, path: str) -> Response:
    """For a path of a program."""
    tongue = next(tongue for prefix, tongue in _tongues.items() if path.startswith(prefix))
    answer = tongue(refusal, path)
    answer.headers.update(refusal.headers)
    return answer
