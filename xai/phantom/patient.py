"""A phantom patient: two legs, a scan, and perhaps lesions, all from one seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import SliceMapping
from xai.phantom.acquisition import Acquisition, scan_tissue
from xai.phantom.anatomy import Leg, draw_leg
from xai.phantom.fields import Array
from xai.phantom.lesions import GRADES, VISIBLE, Lesion, choose_lesions, infiltrate

NETWORK_SIZE = 224
MIN_LESION_PIXELS = 30
"""A slice is affected when its mask has at least so many pixels on the network's grid."""

Side = Literal["left", "right", "both"]
SIDES: tuple[Side, ...] = ("left", "right", "both")


@dataclass(frozen=True, slots=True)
class PhantomPatient:
    """Everything that is decided about a patient before the first pixel is drawn."""

    seed: int
    index: int
    grade: int
    """Index into `GRADES`: 0 healthy, 1 subtle, 2 moderate, 3 plain."""
    legs: tuple[Leg, Leg]
    """Right and left."""
    apart: float
    """Millimetres from the middle of the picture to a leg's axis."""
    raised: float
    """Millimetres by which the left leg lies higher than the right."""
    lean: float
    """Millimetres by which the legs draw nearer to one another from the knee to the ankle."""
    reach: tuple[float, float]
    """Where along the leg (0 knee, 1 ankle) the first and last slice lie."""
    muscle: float
    """Signal of muscle relative to the usual."""
    scan: Acquisition
    lesions: tuple[Lesion, ...]

    @property
    def sides(self) -> str:
        """The patient's side or sides with lesions: ``""``, ``"left"``, ``"right"`` or ``"both"``."""
        found = {lesion.side for lesion in self.lesions}
        return "both" if len(found) == 2 else next(iter(found), "")


@dataclass(frozen=True, slots=True, eq=False)
class PhantomSeries:
    """The pictures of a patient and what is true of each slice; slices run from the foot to the head."""

    patient: PhantomPatient
    array: NDArray[np.uint16]
    """Stored pixels (D, H, W)."""
    mask: NDArray[np.uint8]
    """1 where infiltration adds signal (D, H, W)."""
    muscles: NDArray[np.uint8]
    """Label map of `xai.phantom.anatomy.MUSCLES` (D, H, W): 1 + index, plus 10 in the left leg."""
    geometry: VolumeGeometry
    mask_pixels: NDArray[np.int64]
    """Pixels of the mask on the network's grid, for each slice."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """0 healthy, 1 affected, for each slice."""
        return (self.mask_pixels >= MIN_LESION_PIXELS).astype(np.int64)

    @property
    def grades(self) -> NDArray[np.int64]:
        """The patient's grade where a slice is affected, else 0."""
        return self.labels * self.patient.grade

    def slice_muscles(self, k: int) -> tuple[str, ...]:
        """Name the muscles with lesion pixels on slice ``k``, with their side."""
        found = np.unique(self.muscles[k][self.mask[k] > 0])
        sides = {(lesion.muscle + 1 + 10 * (lesion.side == "left")): lesion for lesion in self.patient.lesions}
        return tuple(f"{sides[m].side} {sides[m].name}" for m in found.tolist() if m in sides)


def make_patient(
    seed: int,
    index: int,
    *,
    grade: int | None = None,
    side: Side | None = None,
    slices: int = 16,
    size: int = 320,
) -> PhantomSeries:
    """Draw a patient; the same ``seed`` and ``index`` always give the same pixels.

    Parameters
    ----------
    seed : int
        Names the cohort.
    index : int
        Names the patient in it.
    grade : int, optional
        Index into `GRADES`; chosen by the patient's own generator when left out, healthy half of the time.
    side : {"left", "right", "both"}, optional
        Where lesions lie; chosen likewise.
    slices, size : int
        The series has ``slices`` pictures of ``size`` x ``size``.
    """
    plan, draw = np.random.default_rng([seed, index]).spawn(2)
    return draw_patient(plan_patient(seed, index, plan, grade, side, size), draw, slices, size)


def plan_patient(
    seed: int, index: int, rng: np.random.Generator, grade: int | None, side: Side | None, size: int
) -> PhantomPatient:
    """Decide who the patient is. Nothing but the lesions depends on the grade: confounders befall all alike."""
    fov = rng.uniform(330, 370)
    radius, fat = rng.uniform(45, 54), float(np.clip(rng.lognormal(np.log(7.5), 0.4), 3, 17))
    right = Leg(
        side="right",
        radius=radius,
        fat=fat,
        tibia=radius / 51 * rng.uniform(25, 28),
        fibula=rng.uniform(10.5, 13),
        turn=rng.uniform(2, 24),
        flat=rng.uniform(0.86, 1.0),
        girth=rng.uniform(-0.05, 0.07),
        septa=rng.uniform(0.5, 1.35),
        streaks=rng.uniform(0.3, 1.5),
        veins_bright=bool(rng.random() < 0.4),
        taper=rng.uniform(0.85, 1.1),
    )
    left = replace(
        right,
        side="left",
        radius=radius * rng.uniform(0.97, 1.03),
        fat=fat * rng.uniform(0.93, 1.07),
        turn=right.turn + rng.normal(0, 4),
        flat=min(1.0, right.flat * rng.uniform(0.97, 1.03)),
        girth=right.girth + rng.normal(0, 0.01),
    )
    widest = (max(radius, left.radius) * 1.08 + fat * 1.35 + 2) / np.sqrt(min(right.flat, left.flat))
    fov = max(fov, 4 * widest + 16)
    thickness = float(rng.choice((6.0, 7.0, 8.0)))
    scan = Acquisition(
        pixel=round(fov / size, 4),
        thickness=thickness,
        spacing=thickness + float(rng.choice((3.0, 4.0, 5.0))),
        repetition_time=float(rng.choice((480, 520, 550, 600, 650))),
        echo_time=float(rng.choice((10, 11, 12, 14))),
        gain=rng.uniform(500, 1100),
        noise=rng.uniform(0.010, 0.026),
        bias=rng.uniform(0.02, 0.12),
        falloff=rng.uniform(0, 0.40),
        tilt=(rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15)),
        ghost=rng.uniform(0.01, 0.05) if rng.random() < 0.4 else 0.0,
        ghost_every=rng.uniform(0.12, 0.4),
        phase_rows=bool(rng.random() < 0.7),
        shift=rng.uniform(0.0, 0.6),
        sampled=rng.uniform(0.75, 0.95),
    )
    top = rng.uniform(0.02, 0.10)
    muscle = rng.uniform(0.85, 1.30)
    widest_gap = max(2.5, fov / 2 - 2 * widest - 4)
    apart, raised, lean = widest + rng.uniform(2, widest_gap), rng.normal(0, 3), rng.uniform(-4, 10)
    bottom = min(0.97, top + rng.uniform(0.72, 0.88))
    # Drawn whether asked for or not, and last: a patient is the same with and without lesions.
    own_grade = int(rng.integers(1, len(GRADES))) * int(rng.random() < 0.5)
    own_side = SIDES[int(rng.integers(len(SIDES)))]
    chosen = own_grade if grade is None else grade
    return PhantomPatient(
        seed=seed,
        index=index,
        grade=chosen,
        legs=(right, left),
        apart=float(apart),
        raised=float(raised),
        lean=float(lean),
        reach=(float(top), float(bottom)),
        muscle=muscle,
        scan=scan,
        lesions=choose_lesions(chosen, side or own_side, rng),
    )


def draw_patient(patient: PhantomPatient, rng: np.random.Generator, slices: int, size: int) -> PhantomSeries:
    """Draw a planned patient. The legs' generators come before the lesions', so both legs stay as they are without."""
    scan, pixel = patient.scan, patient.scan.pixel
    t = np.linspace(patient.reach[1], patient.reach[0], slices)
    shape = (slices, size, size)
    water, fat = np.full(shape, 0, np.float32), np.zeros(shape, np.float32)
    mask, muscles = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    leg_rngs, lesion_rng, scan_rng = rng.spawn(2), *rng.spawn(2)
    for leg, own, sign in zip(patient.legs, leg_rngs, (-1, 1), strict=True):
        reach = (leg.radius * 1.2 + leg.fat * 1.4 + 6) / np.sqrt(leg.flat)
        middle = (size - 1) / 2
        cx = sign * (patient.apart - patient.lean * (t - 0.3))
        cy = -patient.raised * (sign > 0) + 0 * t
        rows = _span(middle, cy.min() - reach, cy.max() + reach, pixel, size)
        columns = _span(middle, cx.min() - reach, cx.max() + reach, pixel, size)
        if sign < 0:
            columns = slice(columns.start, min(columns.stop, size // 2))
        else:
            columns = slice(max(columns.start, size // 2), columns.stop)
        x = (np.arange(size, dtype=np.float32)[columns] - middle) * pixel
        y = (np.arange(size, dtype=np.float32)[rows] - middle) * pixel
        x_leg = (x[None, None, :] - cx[:, None, None]).astype(np.float32)
        y_leg = (y[None, :, None] - cy[:, None, None]).astype(np.float32)
        tissue = draw_leg(leg, x_leg, y_leg, t, pixel, own)
        added: Array = np.zeros_like(tissue.water)
        for lesion in patient.lesions:
            if lesion.side == leg.side:
                tissue, more = infiltrate(tissue, lesion, t, pixel, lesion_rng)
                added += more
        water[:, rows, columns], fat[:, rows, columns] = tissue.water, tissue.fat
        mask[:, rows, columns] = added >= VISIBLE
        muscles[:, rows, columns] = np.where(tissue.label > 0, tissue.label + 10 * (sign > 0), 0)
    water *= np.where(muscles > 0, np.float32(patient.muscle), np.float32(1))
    geometry = phantom_geometry(scan, shape)
    array = scan_tissue(scan, water, fat, scan_rng)
    return PhantomSeries(patient, array, mask, muscles, geometry, pixels_on_grid(mask, geometry))


def _span(middle: float, low: float, high: float, pixel: float, size: int) -> slice:
    first, last = int(np.floor(middle + low / pixel)), int(np.ceil(middle + high / pixel)) + 1
    return slice(max(first, 0), min(last, size))


def phantom_geometry(scan: Acquisition, shape: tuple[int, int, int]) -> VolumeGeometry:
    """Return the axial grid of a scan: slices towards the head, rows to the back, columns to the patient's left."""
    slices, rows, columns = shape
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = scan.spacing, scan.pixel, scan.pixel, 1.0
    affine[:3, 3] = (
        -round((columns - 1) / 2 * scan.pixel, 3),
        -round((rows - 1) / 2 * scan.pixel, 3),
        -round((slices - 1) / 2 * scan.spacing, 3),
    )
    return VolumeGeometry(shape, affine)


def mask_on_grid(mask: NDArray[np.uint8], geometry: VolumeGeometry, size: int = NETWORK_SIZE) -> NDArray[np.uint8]:
    """Bring masks (D, H, W) to the network's grid (D, size, size), nearest neighbour."""
    mapping = SliceMapping.fit(geometry, size)
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), -1).astype(float)
    index = np.rint(mapping.to_index(grid)).astype(int)
    row, column = index[..., 0], index[..., 1]
    inside = (row >= 0) & (row < mask.shape[1]) & (column >= 0) & (column < mask.shape[2])
    row, column = row.clip(0, mask.shape[1] - 1), column.clip(0, mask.shape[2] - 1)
    return np.asarray(mask[:, row, column] * inside, np.uint8)


def pixels_on_grid(mask: NDArray[np.uint8], geometry: VolumeGeometry) -> NDArray[np.int64]:
    """Count the mask's pixels on the network's grid, slice by slice."""
    return np.asarray(mask_on_grid(mask, geometry).sum((1, 2), dtype=np.int64))
