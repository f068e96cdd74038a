"""What the window, every export and the README say of the program."""

from __future__ import annotations

RESEARCH_USE_ONLY = "Research use only; not a medical device."
