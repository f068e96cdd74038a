"""What every window and every export says of itself."""

from __future__ import annotations

RESEARCH_USE_ONLY = "Research use only; not a medical device."
