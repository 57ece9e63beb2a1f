"""How a proposal stands in the journal: one note that a person can read, whose last part is what the caller is told."""

from hotline.tickets.forms import NOTE_MAX, Ground

WORDS_MAX = NOTE_MAX - 100  # room for the ground before them


def noted(ground: Ground, words: str) -> str:
    return f"拟不予受理，理由：{ground.label}。请值班长决定；同意的，这样告知诉求人：\n{words}"


def words_of(note: str) -> str:
    return note.partition("\n")[2]
