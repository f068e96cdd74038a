"""How a cohort is made up."""

from __future__ import annotations

import numpy as np

from xai.phantom.lesions import GRADES

TRAIN_SEED, HELD_OUT_SEED, TEST_SEED, DEMO_SEED = 20_001, 30_001, 40_001, 50_001
"""Cohorts that the demo classifier learns from, is stopped by and is tested on, and that of the demo study.

A patient is drawn from (seed, index), so cohorts with different seeds share no patient.
"""


def cohort_grades(patients: int, seed: int) -> tuple[int, ...]:
    """Return each patient's grade: half healthy, the rest shared among the grades, in an order drawn from ``seed``."""
    balanced = [0 if k % 2 else 1 + (k // 2) % (len(GRADES) - 1) for k in range(patients)]
    return tuple(int(g) for g in np.random.default_rng(seed).permutation(balanced))
