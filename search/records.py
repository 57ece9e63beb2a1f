"""From a document of the database to the record that an engine keeps."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from kernel.searchable import Document, scope_tokens
from kernel.secrets.masking import mask_text
from search import analysis, pinyin, ranking
from search.engine import NEVER, TIMED, Part, Record
from search.ranking import Moment
from search.trimming import searchables, stored_tokens
from search.vocabulary import queries as vocabulary

log = logging.getLogger(__name__)
BETWEEN = " | "  # no phrase reaches from one text into the other
Tokens = dict[str, str]  # title, signs, pinyin, initials, body: with a space between


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a record depends on beside its document: when it is made, and how signs of several readings are read."""

    moment: Moment
    readings: pinyin.Readings


async def circumstances(at: datetime) -> Circumstances:
    return Circumstances(await ranking.moment(at), (await vocabulary.in_force()).readings)


@dataclass(frozen=True, slots=True)
class Read:
    """What the database says about one ref now; both empty: gone."""

    public: Document | None = None
    restricted: Document | None = None

    def of(self, part: Part) -> Document | None:
        return self.public if part is Part.PUBLIC else self.restricted


async def read(refs: list[str]) -> dict[str, Read]:
    """Fresh, masked, by ref; a few queries for each kind."""
    found: dict[str, Read] = {ref: Read() for ref in refs}
    kinds: dict[str, list[str]] = {}
    for ref in found:
        kinds.setdefault(ref.partition(":")[0], []).append(ref)
    for kind, wanted in kinds.items():
        searchable = searchables().get(kind)
        for document in await searchable.documents(wanted) if searchable else ():
            ref = f"{document.kind}:{document.no}"
            if ref not in found:
                log.error("%s gave a document that nobody asked for: %s", kind, ref)
                continue
            shown = replace(document, title=mask_text(document.title), body=mask_text(document.body))
            found[ref] = replace(found[ref], **{"public" if document.public else "restricted": shown})
    return found


def sources(seen: Read, part: Part) -> list[Document]:
    """The restricted record knows the words of its public twin, too, and the public one who may see the other: so each
    reader gets one of them, and which one needs no look into the other index. Empty: there is none."""
    document = seen.of(part)
    if document is None:
        return []
    return [document, seen.public] if part is Part.RESTRICTED and seen.public else [document]


def tokens(titles: list[str], bodies: list[str], readings: pinyin.Readings) -> Tokens:
    """Most of the work of a record; it depends on nothing but its words."""
    titles, bodies = ([analysis.without_masked(text) for text in those] for those in (titles, bodies))
    return {
        "title": BETWEEN.join(" ".join(analysis.title_tokens(title)) for title in titles),
        "signs": " ".join({sign: None for title in titles for sign in analysis.title_signs(title)}),
        "pinyin": BETWEEN.join(one for title in titles for one in pinyin.sound_tokens(title, readings)),
        "initials": BETWEEN.join(one for title in titles for one in pinyin.letter_tokens(title, readings)),
        "body": BETWEEN.join(" ".join(analysis.body_tokens(body)) for body in bodies),
    }


def record(seen: Read, part: Part, now: Circumstances, said: Tokens | None = None) -> Record | None:
    """`said`: its tokens, where they were made before."""
    told = sources(seen, part)
    if not told:
        return None
    document = told[0]
    if said is None:
        said = tokens([source.title for source in told], [source.body for source in told], now.readings)
    numbers = dict.fromkeys(form for d in told for no in (d.no, *d.number) for form in analysis.identifiers(no))
    exact = {
        "number": tuple(numbers),
        "region": scope_tokens("", document.region_path),
        "acl": stored_tokens(document),
        "twin": stored_tokens(seen.restricted) if part is Part.PUBLIC and seen.restricted else (),
    }
    published = int(document.published.timestamp()) if document.published else 0
    deadline = int(document.deadline.timestamp()) if document.deadline else NEVER
    unsealed = -int(document.visible_from.timestamp()) if document.visible_from else 0
    closes = int(document.visible_until.timestamp()) - 1 if document.visible_until else NEVER
    window = (unsealed, closes) if (unsealed, closes) != (0, NEVER) else ()
    if window:
        exact[TIMED] = (TIMED,)
    standing = (document.life.value, deadline, document.complete, *window)  # not what is counted: that moves by itself
    key = f"{document.kind}:{document.no}"
    values = (document.agency, exact, said, published, standing, document.version)
    digest = int.from_bytes(sha256(repr((key, values)).encode()).digest()[:8])
    return Record(
        key=key,
        kind=document.kind,
        agency=document.agency,
        exact=exact,
        tokens=said,
        published=published,
        version=document.version,
        digest=digest,
        deadline=deadline,
        unsealed=unsealed,
        closes=closes,
        rank=ranking.factors(document, now.moment).steps,
        look_at=ranking.next_look(document, now.moment),
    )
