"""Pages of text: keys, explanation card, about."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import xai
from viewer.core.said import said
from viewer.core.words import tr
from viewer.ui.menus import keys_page
from xai.notice import RESEARCH_USE_ONLY

__all__ = ["about_page", "card_page", "keys_page"]


def card_page(card: Sequence[tuple[str, str]]) -> str:
    """Return the explanation card, to be read and copied."""
    rows = (
        f"<tr><td width='30%'><b>{escape(name)}</b></td><td>{escape(value)}</td></tr>" for name, value in card if value
    )
    return f"<table cellspacing='0' cellpadding='3' width='100%'>{''.join(rows)}</table>"


def about_page() -> str:
    """Return version, licence and intended use."""
    purpose = tr(
        "Overread shows MRI series with a local classifier's predictions and the reasons for them, and keeps a "
        "reader's opinion of both. It makes no connection to any network."
    )
    licence = tr("Licence MIT. Uses Qt (LGPL-3) through PySide6, PyTorch, pydicom, nibabel and others.")
    return (
        f"<h2>Overread {xai.__version__}</h2><p><b>{escape(said(RESEARCH_USE_ONLY))}</b></p>"
        f"<p>{escape(purpose)}</p><p>{escape(licence)}</p>"
    )
