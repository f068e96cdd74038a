"""The what-if brush's side of the engine: strokes by slice, and what the model says of the painted picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from viewer.app.engine import Engine, EngineRequest
from viewer.app.explaining import Explaining
from viewer.core.what_if import Fill, Point, Ring, Stroke, WhatIfFinding, geojson, paint, painted, replaced, rings
from xai.explanation import SliceAnalysis
from xai.imaging.body import body_mask

ASK_MS = 80
"""While the brush moves the model is asked this often at most."""
AFFECTED = 1


class WhatIf(QObject):
    """Keeps what is painted on each slice and asks for its prediction.

    Parameters
    ----------
    engine : Engine
        Predicts.
    explaining : Explaining
        Knows what is open and what the model says of it as it is.
    """

    changed = Signal()
    """Strokes, or what the model says of them, are others."""
    failed = Signal(str)

    def __init__(self, engine: Engine, explaining: Explaining, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._explaining = engine, explaining
        self._strokes: dict[int, list[Stroke]] = {}
        self._answers: dict[int, float] = {}
        self._odds: dict[int, float] = {}
        self._fill: Fill = "local-mean"
        self._slice = 0
        self._values: NDArray[np.float32] | None = None
        self._body: NDArray[np.bool_] | None = None
        self._mask: NDArray[np.bool_] | None = None
        self._rings: tuple[Ring, ...] | None = None
        self._request: EngineRequest | None = None
        self._is_behind = False
        self._soon = QTimer(self, singleShot=True, interval=ASK_MS)
        self._soon.timeout.connect(self._ask)

    def start_over(self) -> None:
        """Forget everything: another series or model is open."""
        self._cancel()
        self._strokes, self._answers, self._odds = {}, {}, {}
        self._values = self._body = self._mask = self._rings = None
        self.changed.emit()

    def show(self, k: int, values: NDArray[np.float32] | None) -> None:
        """Turn to slice ``k`` (H, W); what was painted on others stays with them."""
        if k == self._slice and values is self._values:
            return
        self._cancel()
        self._slice, self._values, self._rings = k, values, None
        self._body = None
        self._mask = None if values is None else painted(values.shape, self._strokes.get(k, ()))
        self.changed.emit()

    # Painting -------------------------------------------------------------------------------------------------------

    def begin(self, point: Point, radius: float, spacing: tuple[float, float]) -> None:
        """Put the brush down at a stored (row, column)."""
        if self._values is None or not np.isfinite(self._values).all():
            return
        self._strokes.setdefault(self._slice, []).append(Stroke((point,), radius, spacing))
        self._extended(0)

    def go_on(self, point: Point) -> None:
        """Move the brush that is down."""
        strokes = self._strokes.get(self._slice)
        if strokes:
            last = strokes[-1]
            strokes[-1] = Stroke((*last.points, point), last.radius, last.spacing)
            self._extended(len(last.points))

    def _extended(self, begin: int) -> None:
        assert self._mask is not None
        paint(self._mask, self._strokes[self._slice][-1], begin)
        self._touched()

    def undo(self) -> None:
        """Take back the last stroke."""
        if self._strokes.get(self._slice):
            self._strokes[self._slice].pop()
            self._painted_anew()

    def reset(self) -> None:
        """Take everything off this slice."""
        if self._strokes.pop(self._slice, None):
            self._painted_anew()

    def set_fill(self, fill: Fill) -> None:
        """Choose what painted tissue becomes."""
        if fill != self._fill:
            self._fill = fill
            self._answers = {}
            self._touched()

    @property
    def fill(self) -> Fill:
        """What painted tissue becomes."""
        return self._fill

    def _painted_anew(self) -> None:
        if self._values is not None:
            self._mask = painted(self._values.shape, self._strokes.get(self._slice, ()))
        self._touched()

    def _touched(self) -> None:
        self._rings = None
        if self.is_painted:
            if not self._soon.isActive():
                self._soon.start()
        else:
            self._cancel()
            self._answers.pop(self._slice, None)
        self.changed.emit()

    @property
    def is_painted(self) -> bool:
        """Whether something is painted on this slice."""
        return bool(self._strokes.get(self._slice))

    @property
    def is_tissue_painted(self) -> bool:
        """Whether tissue is painted, not only air."""
        return self.is_painted and self._mask is not None and bool((self._mask & self._where_tissue_is()).any())

    @property
    def outline(self) -> tuple[Ring, ...]:
        """The edges of what is painted, in stored (row, column)."""
        if self._rings is None:
            self._rings = rings(self._mask) if self._mask is not None and self.is_painted else ()
        return self._rings

    # The model ------------------------------------------------------------------------------------------------------

    def _where_tissue_is(self) -> NDArray[np.bool_]:
        assert self._values is not None
        if self._body is None:
            self._body = body_mask(self._values - self._values.min())
        return self._body

    def changed_slice(self) -> NDArray[np.float32] | None:
        """Return this slice (H, W) with the painted tissue replaced; None where there is no slice."""
        if self._values is None or self._mask is None:
            return None
        return replaced(self._values, self._mask, self._where_tissue_is(), self._fill)

    def _ask(self) -> None:
        if self._request is not None:
            self._is_behind = True
            return
        explaining, values = self._explaining, self.changed_slice()
        series = None if explaining.model is None or explaining.refusal else explaining.series
        if series is None or values is None or not self.is_painted:
            return
        k = self._slice
        request = self._engine.analyse([(k, values)], series.geometry, priority=2)
        self._request = request
        request.succeeded.connect(lambda analysis: self._take(request, k, analysis))
        request.failed.connect(lambda why: self._give_up(request, why))

    def _take(self, request: EngineRequest, k: int, analysis: SliceAnalysis) -> None:
        if request is not self._request:
            return
        self._request = None
        self._answers[k] = float(analysis.probabilities[0, AFFECTED])
        self._odds[k] = _log_odds(analysis.logits[0])
        if self._is_behind:
            self._is_behind = False
            self._ask()
        self.changed.emit()

    def _give_up(self, request: EngineRequest, why: str) -> None:
        if request is self._request:
            self._request = None
            self.failed.emit(why)

    def _cancel(self) -> None:
        self._soon.stop()
        self._is_behind = False
        if self._request is not None:
            self._request.cancel()
            self._request = None

    @property
    def is_asking(self) -> bool:
        """Whether the answer shown is not that of what is painted now."""
        return self._request is not None or self._soon.isActive()

    @property
    def effect(self) -> tuple[float, float]:
        """The probability of the affected class before and after; NaN where it is not known."""
        k, before = self._slice, self._explaining.own_prediction().probabilities
        return (
            float(before[k, AFFECTED]) if k < len(before) and before.shape[1] > AFFECTED else float("nan"),
            self._answers.get(k, float("nan")),
        )

    @property
    def log_odds(self) -> tuple[float, float]:
        """Before and after, how far the affected class' logit leads: it still moves where the probability is at 1."""
        k, logits = self._slice, self._explaining.own_prediction().logits
        return (
            _log_odds(logits[k]) if k < len(logits) else float("nan"),
            self._odds.get(k, float("nan")) if k in self._answers else float("nan"),
        )

    def finding(self, volume_sha256: str) -> WhatIfFinding | None:
        """Return region and effect for the feedback; None while there is no answer to what is painted."""
        before, after = self.effect
        model = self._explaining.model
        if self._mask is None or model is None or not self.is_painted or self.is_asking or np.isnan(after):
            return None
        region = self._mask & self._where_tissue_is()
        return WhatIfFinding(
            self._slice + 1,
            geojson(region),
            int(region.sum()),
            self._fill,
            self._explaining.classes[AFFECTED],
            before,
            after,
            volume_sha256,
            model.sha256,
        )


def _log_odds(logits: NDArray[np.float32]) -> float:
    return float(logits[AFFECTED] - np.delete(logits, AFFECTED).max())
