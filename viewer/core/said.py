"""What `xai`, the engine and the stores say in English, in the user's language: sentences with values in them too.

They are written where there is no window, and the same words go into exports and the log; so they are translated only
where a window shows them. A sentence that is not in the tables here stays English.
"""

from __future__ import annotations

import re
from functools import lru_cache

from viewer.core.words import QT_TR_NOOP, speaks_english, tr

WORDS: tuple[str, ...] = (
    # Why a map cannot be shown: `xai.explainers`.
    QT_TR_NOOP("constant"),
    QT_TR_NOOP("not finite"),
    QT_TR_NOOP("nothing supports this class"),
    QT_TR_NOOP("slice could not be read"),
    QT_TR_NOOP("only one method has a map"),
    QT_TR_NOOP("the methods agree nowhere"),
    QT_TR_NOOP("no method has a map to combine"),
    QT_TR_NOOP("no window changed the prediction"),
    QT_TR_NOOP("values do not add up to the score"),
    # Work by its name, in progress lines and in sentences of failure.
    QT_TR_NOOP("Looking through files"),
    QT_TR_NOOP("Looking through the files"),
    QT_TR_NOOP("Reading slices"),
    QT_TR_NOOP("Reading the series"),
    QT_TR_NOOP("Reading the label map"),
    QT_TR_NOOP("Reading a thumbnail"),
    QT_TR_NOOP("Opening the answers"),
    QT_TR_NOOP("Closing the answers"),
    QT_TR_NOOP("Saving the answer"),
    QT_TR_NOOP("Locking the reading"),
    QT_TR_NOOP("Writing the log"),
    QT_TR_NOOP("Writing the maps"),
    QT_TR_NOOP("Keeping your place"),
    QT_TR_NOOP("Looking for recent files"),
    QT_TR_NOOP("Loading the model"),
    QT_TR_NOOP("Analysing the slices"),
    QT_TR_NOOP("Explaining the slice"),
    QT_TR_NOOP("Scoring the map"),
    QT_TR_NOOP("Looking at the methods"),
    # Body regions: `xai.models.manifest.REGION_WORDS`.
    QT_TR_NOOP("lower leg"),
    QT_TR_NOOP("thigh"),
    QT_TR_NOOP("knee"),
    QT_TR_NOOP("foot"),
    QT_TR_NOOP("hip"),
    QT_TR_NOOP("brain"),
    QT_TR_NOOP("hand"),
    QT_TR_NOOP("abdomen"),
    QT_TR_NOOP("chest"),
    QT_TR_NOOP("spine"),
    # What headers may leave out.
    QT_TR_NOOP("modality"),
    QT_TR_NOOP("body region"),
    QT_TR_NOOP("sequence"),
    QT_TR_NOOP("modality, body region"),
    QT_TR_NOOP("modality, sequence"),
    QT_TR_NOOP("body region, sequence"),
    QT_TR_NOOP("modality, body region, sequence"),
    QT_TR_NOOP("synthetic phantom"),
    # Settings of the methods, by `viewer.app.method_settings.Setting.title`.
    QT_TR_NOOP("Baseline"),
    QT_TR_NOOP("Curve steps"),
    QT_TR_NOOP("Fill"),
    QT_TR_NOOP("Least"),
    QT_TR_NOOP("Level"),
    QT_TR_NOOP("Magnitude"),
    QT_TR_NOOP("Max evals"),
    QT_TR_NOOP("Members"),
    QT_TR_NOOP("Min window"),
    QT_TR_NOOP("Noise"),
    QT_TR_NOOP("Points"),
    QT_TR_NOOP("Probes"),
    QT_TR_NOOP("Relu"),
    QT_TR_NOOP("Rule"),
    QT_TR_NOOP("Samples"),
    QT_TR_NOOP("Score"),
    QT_TR_NOOP("Scores"),
    QT_TR_NOOP("Seed"),
    QT_TR_NOOP("Share"),
    QT_TR_NOOP("Shrinkage"),
    QT_TR_NOOP("Stride"),
    QT_TR_NOOP("Threshold"),
    QT_TR_NOOP("Window"),
    QT_TR_NOOP("Zero"),
    # Whole sentences.
    QT_TR_NOOP("Research use only; not a medical device."),
    QT_TR_NOOP("The pictures have no patient geometry: pixel size, left and right are unknown."),
    QT_TR_NOOP("The pictures are in colour; their brightness is shown, and no model is run on them."),
    QT_TR_NOOP("The pixel spacing is not stated; distances are in pixels."),
    QT_TR_NOOP("The engine stopped while computing (out of memory or a crash); it was started again."),
    QT_TR_NOOP("The engine stopped (out of memory or a crash); it was started again."),
    QT_TR_NOOP("This reading is locked; its answers are no longer changed."),
)

SENTENCES: tuple[str, ...] = (
    # How a series differs from what the model was trained on: `xai.models.manifest`.
    QT_TR_NOOP("The series is {modality}; the model was trained on {known}."),
    QT_TR_NOOP("The series shows the {region}; the model was trained on the {known_region}."),
    QT_TR_NOOP("The slices are {plane}; the model was trained on {known_plane} ones."),
    QT_TR_NOOP("The series looks {sequence}-weighted; the model was trained on {known}."),
    QT_TR_NOOP("Pixels are {mm} mm; the model was trained on {low} to {high} mm."),
    QT_TR_NOOP("Pixels are {mm} mm; the model was trained on {known} mm."),
    QT_TR_NOOP("Not stated by the files, so not checked: {what}."),
    QT_TR_NOOP("{sequence}-weighted {plane} {modality} {region}, {low} to {high} mm pixels ({source})"),
    QT_TR_NOOP("{sequence}-weighted {plane} {modality} {region}, {low} to {high} mm pixels"),
    QT_TR_NOOP("{count} synthetic lower-leg phantoms"),
    # What is odd about files: `xai.imaging`.
    QT_TR_NOOP("The series is {modality}, not MR."),
    QT_TR_NOOP("{file} does not say where its voxels lie in the patient."),
    QT_TR_NOOP("{file} is not a picture in any known format."),
    QT_TR_NOOP("{file} is no longer there."),
    QT_TR_NOOP("The gaps between slices vary from {low} to {high} mm; distances along the stack are averages."),
    QT_TR_NOOP(
        "The slices are stacked {angle} degrees off their normal (gantry tilt); the geometry follows the stack."
    ),
    QT_TR_NOOP(
        "1 slice is missing (between slices {where}); the slices that are there are shown one after the other, "
        "and positions beyond the gap are off by it."
    ),
    QT_TR_NOOP(
        "{count} slices are missing (between slices {where}); the slices that are there are shown one after the other, "
        "and positions beyond the gap are off by it."
    ),
    QT_TR_NOOP("{file} cannot be read: {why}."),
    # What is not as it was when a training run was made: `xai.train.opened`.
    QT_TR_NOOP("{table} has changed since the run was made; its rows were matched by picture, label and patient."),
    QT_TR_NOOP("Slices of {table} that the run has no answer for: {number}."),
    # Work that failed: `viewer.app.tasks` and the engine.
    QT_TR_NOOP("failed: {why}"),
    QT_TR_NOOP("{work} failed: there is not enough memory."),
    QT_TR_NOOP("{work} failed unexpectedly ({kind})."),
)
"""Each with its values by name; the first one that fits is taken."""


def said(sentence: str) -> str:
    """Return ``sentence`` in the user's language, its values too where they are words of these tables."""
    if speaks_english() or not sentence:
        return sentence
    found = tr(sentence)
    if found != sentence:
        return found
    template, values = _parted(sentence)
    words = tr(template)
    return sentence if words == template else words.format(**{name: said(value) for name, value in values.items()})


@lru_cache(maxsize=512)
def _parted(sentence: str) -> tuple[str, dict[str, str]]:
    """Return the template that ``sentence`` was made of, and its values; both empty when there is none."""
    for template, pattern in _patterns():
        if (match := pattern.fullmatch(sentence)) is not None:
            return template, match.groupdict()
    return "", {}


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    parts = ((template, re.split(r"\{(\w+)\}", template)) for template in SENTENCES)
    return tuple(
        (
            template,
            re.compile("".join(f"(?P<{p}>.+?)" if n % 2 else re.escape(p) for n, p in enumerate(pieces)), re.S),
        )
        for template, pieces in parts
    )
