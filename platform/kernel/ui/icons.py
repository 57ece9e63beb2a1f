"""Icons of our own (图标): a 24-unit grid, 1.75 stroke, drawn for this product; inline, so a page needs no sprite."""

from markupsafe import Markup

SIGNS = {
    "arrow": '<path d="M4 12h15M13.5 6l6 6-6 6"/>',
    "bell": '<path d="M6 17V10.5a6 6 0 0 1 12 0V17l1.5 1.5h-15zM10 21h4"/>',
    "cal": '<path d="M4 5.5h16V20.5H4zM4 10h16M8.5 3v4M15.5 3v4"/>',
    "chain": '<path d="M10 14 14 10M8.5 11 5 14.5a3.5 3.5 0 0 0 5 5L13 16M15.5 13l3.5-3.5a3.5 3.5 0 0 0-5-5L11 8"/>',
    "chat": '<path d="M3.5 4.5h17V17H11l-5 4v-4H3.5z"/><path d="M8 9h8M8 12.5h5"/>',
    "check": '<path d="M4 12.5 9.5 18 20 6.5"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5.5h4.5"/>',
    "cross": '<path d="M5 5l14 14M19 5 5 19"/>',
    "doc": '<path d="M5 3h10l4 4v14H5z"/><path d="M15 3v4h4M8.5 11h7M8.5 14.5h7M8.5 18h4"/>',
    "down": '<path d="M12 3v12M7 10.5l5 5 5-5M4 20.5h16"/>',
    "eye": '<path d="M2.5 12C5 7.5 8 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.5 6.5-9.5 6.5S5 16.5 2.5 12z"/><circle cx="12" cy="12" r="3"/>',
    "folder": '<path d="M3 5h6.5l2 2.5H21V20H3z"/>',
    "gavel": '<path d="M13 3.5 20.5 11M9.5 7 17 14.5M14.8 5.2 11.3 8.7M18.8 9.2l-3.5 3.5M12 11l-8 8M4 22h9"/>',
    "hand": '<path d="M4 13.5h3l4 3h4a1.6 1.6 0 0 0 0-3.2h-3M15 15l4.5-2.5a1.5 1.5 0 0 1 1.5 2.5l-6 5H9l-5-2"/><path d="M12 3.5c-1.5-1.8-4.5-.8-4.5 1.5S12 9.5 12 9.5 16.5 7 16.5 5s-3-3.3-4.5-1.5z"/>',
    "home": '<path d="M3 11 12 4l9 7M5.5 9.5V20.5h13V9.5M10 20.5V14h4v6.5"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v6M12 7.2v.6"/>',
    "key": '<circle cx="8" cy="15.5" r="4.5"/><path d="M11.5 12 20 3.5M16.5 7l3 3"/>',
    "live": '<circle cx="12" cy="12" r="2.5"/><path d="M7 7a7 7 0 0 0 0 10M17 7a7 7 0 0 1 0 10M4 4a11.3 11.3 0 0 0 0 16M20 4a11.3 11.3 0 0 1 0 16"/>',
    "lock": '<path d="M5 11h14v10H5z"/><path d="M8 11V7.5a4 4 0 0 1 8 0V11M12 15v2.5"/>',
    "open": '<path d="M12 6c-2.5-2-5.5-2.5-9-2.5V18c3.5 0 6.5.5 9 2.5 2.5-2 5.5-2.5 9-2.5V3.5c-3.5 0-6.5.5-9 2.5zM12 6v14.5"/>',
    "phone": '<path d="M5 3h4l1.5 5-2.5 2a13 13 0 0 0 6 6l2-2.5 5 1.5v4c0 1-1 2-2 2C11 21 3 13 3 5c0-1 1-2 2-2z"/>',
    "pin": '<path d="M12 21.5s7-6.5 7-12a7 7 0 0 0-14 0c0 5.5 7 12 7 12z"/><circle cx="12" cy="9.5" r="2.5"/>',
    "plus": '<path d="M12 4v16M4 12h16"/>',
    "print": '<path d="M7 8V3h10v5M7 17H3.5V8h17v9H17"/><path d="M7 14h10v7H7z"/>',
    "proof": '<path d="M12 2.5 4 6v6c0 5 3.5 8 8 9.5 4.5-1.5 8-4.5 8-9.5V6z"/><path d="M8.5 12 11 14.5 15.5 9.5"/>',
    "s-done": '<circle cx="12" cy="12" r="11" fill="currentColor" stroke="none"/><path d="M7 12.5l3.5 3.5 6.5-8" stroke="var(--sunk)" stroke-width="2.4"/>',
    "s-late": '<path d="M12 1 23 12 12 23 1 12z" fill="currentColor" stroke="none"/><path d="M12 6.5v7M12 16.5v1" stroke="var(--red)" stroke-width="2.6"/>',
    "s-ok": '<circle cx="12" cy="12" r="9.5"/><path d="M7.5 12.5l3 3 6-7"/>',
    "s-pause": '<path d="M5 4h4.5v16H5zM14.5 4H19v16h-4.5z" fill="currentColor" stroke="none"/>',
    "s-prov": '<circle cx="12" cy="12" r="9.5" stroke-dasharray="3.5 3.5"/><path d="M7.5 13.5c1.5-3 3-3 4.5-1.5s3 1.5 4.5-1.5"/>',
    "s-soon": '<circle cx="12" cy="12" r="9.5"/><path d="M12 2.5a9.5 9.5 0 0 1 0 19z" fill="currentColor"/>',
    "s-wait": '<circle cx="12" cy="12" r="9.5"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5 21 21"/>',
    "speak": '<path d="M4 9.5h3.5L13 5v14l-5.5-4.5H4zM16.5 9a4.2 4.2 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11"/>',
    "stamp": '<path d="M9.5 12.5 10 9a3.5 3.5 0 1 1 4 0l.5 3.5M4.5 12.5h15v4.5h-15zM4.5 20.5h15"/>',
    "up": '<path d="M12 16V4M7 8.5l5-5 5 5M4 20.5h16"/>',
    "user": '<circle cx="12" cy="8" r="4.5"/><path d="M3.5 21c.5-4.5 4-7 8.5-7s8 2.5 8.5 7"/>',
    "users": '<circle cx="9" cy="8.5" r="3.8"/><path d="M2.5 20c.4-4 3-6 6.5-6s6.1 2 6.5 6M16 5a3.8 3.8 0 0 1 0 7M18 14.6c2 .8 3.2 2.6 3.5 5.4"/>',
    "warn": '<path d="M12 3 22 20.5H2z"/><path d="M12 9.5v5.5M12 17.6v.6"/>',
}
MARK = (
    '<path d="M5 29a15 15 0 0 1 30 0" stroke-width="2.5"/><path d="M20 9V5.5M29.9 13.1l2.5-2.5M10.1 13.1 7.6 10.6"'
    ' stroke-width="2"/><path d="M20 29 27 16.5" stroke-width="3"/><path d="M2.5 29h35M7 35h26" stroke-width="2.5"/>'
)


def icon(name: str, kind: str = "i") -> Markup:
    """Decoration beside a word: hidden from those who listen. `kind` is its class; an unknown name fails loudly."""
    return Markup('<svg class="{}" aria-hidden="true" viewBox="0 0 24 24">{}</svg>').format(kind, Markup(SIGNS[name]))


def mark() -> Markup:
    """The sundial over a threshold."""
    return Markup('<svg viewBox="0 0 40 40" fill="none" stroke="currentColor" aria-hidden="true">{}</svg>').format(
        Markup(MARK)
    )
