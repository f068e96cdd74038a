"""What undo takes back of a view and what it leaves alone: slices and a held key are no steps."""

from __future__ import annotations

from dataclasses import replace

from viewer.core.view_state import ViewState


def step_of(state: ViewState) -> ViewState:
    """Return what counts of ``state`` for undo: two states that are equal by it are no step apart."""
    return replace(state, slice_index=0, peek=False, beside=replace(state.beside, slice_index=-1))


def taken_back(state: ViewState, now: ViewState) -> ViewState:
    """Return an earlier ``state`` at the slices that are shown ``now``."""
    beside = replace(state.beside, slice_index=now.beside.slice_index)
    return replace(state, slice_index=now.slice_index, peek=False, beside=beside)
