from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import SeriesInfo
from xai.models.manifest import BundleCalibration, BundleManifest, TrainedOn, region_of, weighting_of, write_toml

LEGS = TrainedOn(sequence="T1", region="lower leg", plane="axial", pixel_mm=(0.6, 1.0), data_source="legs")
GOOD = SeriesInfo(modality="MR", body_part="LOWERLEG", repetition_time_ms=550.0, echo_time_ms=12.0)


def manifest(trained_on: TrainedOn = LEGS) -> BundleManifest:
    return BundleManifest(
        name="x",
        version="1",
        network="resnet18",
        classes=("healthy", "affected"),
        weights_sha256="0" * 64,
        cam_layer="layer4",
        cam_centre=0.0,
        cam_stride=32.0,
        trained_on=trained_on,
    )


def axial(pixel_mm: float = 0.8) -> VolumeGeometry:
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = 5.0, pixel_mm, pixel_mm, 1.0
    return VolumeGeometry((10, 256, 256), affine)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    texts | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | st.lists(texts, max_size=3),
    lambda inner: st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(texts, values, max_size=4))
def test_what_is_written_as_toml_reads_back(table: dict[str, object]) -> None:
    assert tomllib.loads(write_toml(table)) == table


def test_a_manifest_reads_back_from_its_toml() -> None:
    assert BundleManifest.model_validate(tomllib.loads(manifest().to_toml())) == manifest()


def test_a_calibration_reads_back_and_is_a_positive_temperature() -> None:
    found = BundleCalibration(temperature=0.75, slices=480, patients=40, ece_before=0.08, ece_after=0.03)
    with_it = manifest().model_copy(update={"calibration": found})
    assert "[calibration]" in with_it.to_toml()
    assert BundleManifest.model_validate(tomllib.loads(with_it.to_toml())) == with_it
    assert with_it.temperature == 0.75
    assert manifest().temperature == 1
    assert found.sentence == ("Probabilities are calibrated: temperature 0.75, fitted on 480 slices of 40 patients.")
    for bad in ("0.0", "-1.0", "nan", "inf"):
        with pytest.raises(ValidationError, match="temperature"):
            BundleManifest.model_validate(
                tomllib.loads(with_it.to_toml().replace("temperature = 0.75", f"temperature = {bad}"))
            )


def test_a_manifest_without_calibration_is_written_as_it_always_was() -> None:
    assert manifest().to_toml() == BEFORE_CALIBRATION


BEFORE_CALIBRATION = """name = "x"
version = "1"
network = "resnet18"
classes = ["healthy", "affected"]
weights_sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
cam_layer = "layer4"
cam_centre = 0.0
cam_stride = 32.0

[preprocess]
recipe = 1
size = 224
window_percentiles = [0.5, 99.5]
body_mask = true

[trained_on]
modality = "MR"
sequence = "T1"
region = "lower leg"
plane = "axial"
pixel_mm = [0.6, 1.0]
data_source = "legs"

[metrics]
"""


def test_a_series_like_the_training_data_has_no_mismatch() -> None:
    assert manifest().mismatches(GOOD, axial()) == ()
    assert manifest().mismatches(GOOD, axial(1.04)) == ()


@pytest.mark.parametrize(
    ("info", "geometry", "said"),
    [
        (replace(GOOD, modality="CT"), axial(), "The series is CT; the model was trained on MR."),
        (
            replace(GOOD, body_part="THIGH"),
            axial(),
            "The series shows the thigh; the model was trained on the lower leg.",
        ),
        (replace(GOOD, echo_time_ms=90.0, repetition_time_ms=3000.0), axial(), "looks T2-weighted"),
        (GOOD, axial(1.95), "Pixels are 1.95 mm; the model was trained on 0.60 to 1.00 mm."),
        (GOOD, VolumeGeometry((9, 64, 64), np.diag([3.0, 0.8, 0.8, 1.0])), "The slices are sagittal"),
        (GOOD, VolumeGeometry.unknown((9, 64, 64)), "no patient geometry"),
        (SeriesInfo(), axial(), "Not stated by the files, so not checked: modality, body region, sequence."),
    ],
)
def test_each_difference_is_one_sentence(info: SeriesInfo, geometry: VolumeGeometry, said: str) -> None:
    (sentence,) = manifest().mismatches(info, geometry)
    assert said in sentence
    assert sentence.endswith(".")
    assert len(sentence) <= 100


def test_what_training_does_not_state_is_not_compared() -> None:
    assert manifest(TrainedOn()).mismatches(replace(GOOD, body_part="BRAIN"), axial(3.0)) == ()


@pytest.mark.parametrize(
    ("source", "caution"),
    [
        ("synthetic lower-leg phantoms", "Trained on synthetic lower-leg phantoms, not on patients."),
        ("412 patients of one hospital", ""),
        ("", "It is not known what this model was trained on."),
    ],
)
def test_training_on_phantoms_is_a_caution(source: str, caution: str) -> None:
    assert TrainedOn(data_source=source).caution == caution


def test_the_training_data_fit_one_line() -> None:
    assert LEGS.sentence == "T1-weighted axial MR lower leg, 0.60 to 1.00 mm pixels (legs)"


@pytest.mark.parametrize(
    ("info", "region"),
    [
        (SeriesInfo(body_part="LEG"), "lower leg"),
        (SeriesInfo(body_part="TIBIA_FIBULA"), "lower leg"),
        (SeriesInfo(body_part="EXTREMITY"), ""),
        (SeriesInfo(description="t1_tse_tra upper leg"), "thigh"),
        (SeriesInfo(description="calf and thigh"), ""),
        (SeriesInfo(body_part="KNEE", description="leg"), "knee"),
    ],
)
def test_body_region_is_taken_from_headers_or_left_open(info: SeriesInfo, region: str) -> None:
    assert region_of(info) == region


@pytest.mark.parametrize(
    ("info", "weighting"),
    [
        (SeriesInfo(description="t1_tse_tra"), "T1"),
        (SeriesInfo(description="PD/T2 dual"), ""),
        (SeriesInfo(description="AT10 localizer"), ""),
        (SeriesInfo(repetition_time_ms=600, echo_time_ms=10), "T1"),
        (SeriesInfo(repetition_time_ms=3000, echo_time_ms=15), "PD"),
        (SeriesInfo(repetition_time_ms=3000, echo_time_ms=90), "T2"),
        (SeriesInfo(repetition_time_ms=20, echo_time_ms=4), ""),
        (SeriesInfo(repetition_time_ms=600), ""),
    ],
)
def test_weighting_is_guessed_only_from_what_is_stated(info: SeriesInfo, weighting: str) -> None:
    assert weighting_of(info) == weighting
