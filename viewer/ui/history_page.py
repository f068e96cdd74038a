"""How an answer was changed, as a page of text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from viewer.core.items import Item
from viewer.core.revisions import REASONS, Revision
from viewer.core.words import tr


def history_page(item: Item, changes: Sequence[Revision]) -> str:
    """Return the page: when, at which stage, from what to what."""
    head = "".join(
        f"<td><b>{escape(word)}</b></td>" for word in (tr("When (UTC)"), tr("Stage"), tr("From"), tr("To"), "")
    )
    rows = []
    for change in changes:
        when = change.utc.replace("T", " ")[:19]
        reason = tr(REASONS[change.reason]) if change.reason in REASONS else change.reason
        cells = (when, change.stage, change.old or "–", change.new or tr("taken back"), reason)
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    if not rows:
        nothing = tr("Not answered yet.")
        return f"<h3>{escape(tr(item.text))}</h3><p>{escape(nothing)}</p>"
    table = f"<table cellspacing='0' cellpadding='4' width='100%'><tr>{head}</tr>{''.join(rows)}</table>"
    note = tr("Nothing is ever deleted: each change is an entry of its own in the log.")
    return f"<h3>{escape(tr(item.text))}</h3>{table}<p>{escape(note)}</p>"
