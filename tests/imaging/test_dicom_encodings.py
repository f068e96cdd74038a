"""Every way in which DICOM stores pixels gives the same numbers."""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from xai.errors import ImagingError
from xai.imaging.catalog import scan
from xai.imaging.series import Series

PIXELS = np.random.default_rng(0).integers(0, 4000, (5, 40, 48)).astype(np.uint16)


def _only(folder: Path) -> Series:
    (series,) = scan([folder]).series
    return series


def _sequence(ds: Dataset, undefined: bool) -> None:
    """Add nested sequences before the pixels, which a walk must step over."""
    inner, outer = Dataset(), Dataset()
    inner.CodeValue = "X"
    inner.add_new(0x7FE00010, "OW", b"\0\0")  # an icon's pixels are not the picture's
    outer.PurposeOfReferenceCodeSequence = DicomSequence([inner, inner])
    ds.ReferencedImageSequence = DicomSequence([outer])
    for name in ("ReferencedImageSequence",):
        ds[name].is_undefined_length = undefined
        for item in ds[name].value:
            item.is_undefined_length_sequence_item = undefined


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
        JPEG2000Lossless,
    ],
    ids=lambda uid: str(uid.keyword),
)
def test_every_transfer_syntax(syntax: Any, undefined: bool, dicom: Any, basic_dataset: Any, place: Any) -> None:
    affine = np.eye(4)[:, [2, 1, 0, 3]]
    for k, plane in enumerate(PIXELS):
        ds = basic_dataset(plane)
        place(ds, affine, k)
        _sequence(ds, undefined)
        path = dicom.folder / f"{k}"
        if syntax.is_compressed and syntax != DeflatedExplicitVRLittleEndian:
            ds.BitsStored, ds.HighBit = 12, 11
            ds.compress(syntax)
            ds.save_as(path, enforce_file_format=True)
        else:
            if syntax == ExplicitVRBigEndian:
                ds.PixelData = plane.astype(">u2").tobytes()
            ds.file_meta.TransferSyntaxUID = syntax
            ds.save_as(path, enforce_file_format=True)
    series = _only(dicom.folder)
    assert series.problems == ()
    assert np.array_equal(series.read().array, PIXELS)


def test_gzipped_files_open(dicom: Any, basic_dataset: Any, place: Any) -> None:
    affine = np.eye(4)[:, [2, 1, 0, 3]]
    for k, plane in enumerate(PIXELS):
        ds = basic_dataset(plane)
        place(ds, affine, k)
        path = dicom.save(ds, "plain")
        (dicom.folder / f"{k}.dcm.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    series = _only(dicom.folder)
    assert series.problems == ()
    assert np.array_equal(series.read().array, PIXELS)


def test_files_without_preamble_open(dicom: Any, basic_dataset: Any) -> None:
    ds = basic_dataset(PIXELS[0])
    path = dicom.save(ds, "IM1")
    path.write_bytes(path.read_bytes()[132:])
    assert np.array_equal(_only(dicom.folder).read_slice(0), PIXELS[0])
    del ds.file_meta
    for implicit in (True, False):
        ds.save_as(path, implicit_vr=implicit, little_endian=True)
        assert np.array_equal(_only(dicom.folder).read_slice(0), PIXELS[0])


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4"])
def test_every_width_and_sign(dtype: str, dicom: Any, basic_dataset: Any) -> None:
    limits = np.iinfo(dtype)
    span = [limits.min, limits.min // 3, 0, 1, limits.max // 2, limits.max]
    pixels = np.array(span * 3, dtype).reshape(3, 6)
    dicom.save(basic_dataset(pixels))
    assert np.array_equal(_only(dicom.folder).read_slice(0), pixels.astype(np.float32))


@pytest.mark.parametrize("signed", [False, True])
def test_overlay_bits_beside_the_stored_ones_are_dropped(signed: bool, dicom: Any, basic_dataset: Any) -> None:
    low, high = (-2048, 2047) if signed else (0, 4095)
    wanted = np.array([[low, -1 if signed else 7, 0], [1, 99, high]])
    ds = basic_dataset((wanted & 0xFFF | 0x9000).astype(np.uint16))
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 11, int(signed)
    dicom.save(ds)
    assert np.array_equal(_only(dicom.folder).read_slice(0), wanted)


def test_a_high_bit_above_the_stored_ones_is_followed(dicom: Any, basic_dataset: Any) -> None:
    wanted = np.array([[0, 5], [100, 4095]])
    ds = basic_dataset((wanted << 4 | 0xF).astype(np.uint16))
    ds.BitsStored, ds.HighBit = 12, 15
    dicom.save(ds)
    assert np.array_equal(_only(dicom.folder).read_slice(0), wanted)


def test_monochrome1_is_turned_and_its_window_with_it(dicom: Any, basic_dataset: Any) -> None:
    ds = basic_dataset(PIXELS[0])
    ds.PhotometricInterpretation = "MONOCHROME1"
    ds.BitsStored, ds.HighBit = 12, 11
    ds.RescaleSlope, ds.RescaleIntercept = 2, 10
    ds.WindowCenter, ds.WindowWidth = 2010, 300
    dicom.save(ds)
    series = _only(dicom.folder)
    assert np.array_equal(series.read_slice(0), (4095 - PIXELS[0].astype(np.float32)) * 2 + 10)
    # A stored 1000 is 2010 before turning; turned it is (4095 - 1000) * 2 + 10.
    assert series.info.windows == ((6200, 300),)


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_is_shown_as_brightness_and_kept_from_the_model(planar: int, dicom: Any, basic_dataset: Any) -> None:
    colours = np.zeros((4, 6, 3), np.uint8)
    colours[..., 0], colours[0, 0] = 100, 255
    ds = basic_dataset(colours[..., 0])
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", planar
    ds.PixelData = (colours.transpose(2, 0, 1) if planar else colours).tobytes()
    dicom.save(ds)
    series = _only(dicom.folder)
    assert "colour" in [problem.code for problem in series.problems]
    assert series.kept_from_model
    assert series.read_slice(0)[1, 1] == pytest.approx(29.9)
    assert series.read_slice(0)[0, 0] == pytest.approx(255, abs=1e-3)


def test_palette_colour_is_shown_as_brightness(dicom: Any, basic_dataset: Any) -> None:
    ds = basic_dataset(np.array([[0, 1], [2, 3]], np.uint8))
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for colour, table in (("Red", [0, 255, 0, 90]), ("Green", [0, 0, 0, 90]), ("Blue", [0, 0, 255, 90])):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [4, 0, 8])
        setattr(ds, f"{colour}PaletteColorLookupTableData", bytes(table))
    dicom.save(ds)
    series = _only(dicom.folder)
    assert "colour" in [problem.code for problem in series.problems]
    values = series.read_slice(0)
    assert values[0, 0] < values[1, 0] < values[0, 1]
    assert values[1, 1] == pytest.approx(values[0, 1] * 90 / 76.245, rel=1e-3)


def _group(**elements: object) -> DicomSequence:
    item = Dataset()
    for name, value in elements.items():
        setattr(item, name, value)
    return DicomSequence([item])


def _enhanced(basic_dataset: Any, planes: NDArray[np.uint16], places: list[tuple[float, int]], syntax: Any) -> Dataset:
    """Return an enhanced multi-frame data set: ``places`` are (z, time point) of each frame."""
    ds: Dataset = basic_dataset(planes)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    ds.NumberOfFrames = len(planes)
    shared = Dataset()
    shared.PlaneOrientationSequence = _group(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    shared.PixelMeasuresSequence = _group(PixelSpacing=[0.5, 0.25], SliceThickness=3, SpacingBetweenSlices=4)
    ds.SharedFunctionalGroupsSequence = DicomSequence([shared])
    frames = []
    for z, time in places:
        frame = Dataset()
        frame.PlanePositionSequence = _group(ImagePositionPatient=[-10, -20, z])
        frame.FrameContentSequence = _group(TemporalPositionIndex=time)
        frame.PixelValueTransformationSequence = _group(RescaleSlope=z + 1, RescaleIntercept=-5)
        frames.append(frame)
    ds.PerFrameFunctionalGroupsSequence = DicomSequence(frames)
    if syntax == RLELossless:
        ds.compress(syntax)
    elif syntax == ImplicitVRLittleEndian:
        ds.file_meta.TransferSyntaxUID = syntax
    return ds


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless])
def test_enhanced_frames_are_sorted_by_their_own_places(syntax: Any, dicom: Any, basic_dataset: Any) -> None:
    places = [(8.0, 1), (0.0, 1), (4.0, 1), (12.0, 1), (16.0, 1)]
    dicom.save(_enhanced(basic_dataset, PIXELS, places, syntax))
    series = _only(dicom.folder)
    assert series.problems == ()
    assert series.geometry.spacing == pytest.approx((4, 0.5, 0.25))
    assert series.geometry.affine[:3, 3] == pytest.approx([-10, -20, 0])
    expected = [PIXELS[f].astype(np.float32) * np.float32(4 * k + 1) - 5 for k, f in enumerate((1, 2, 0, 3, 4))]
    assert np.array_equal(series.read().array, np.array(expected, np.float32))


def test_enhanced_time_points_are_volumes(dicom: Any, basic_dataset: Any) -> None:
    places = [(z, time) for z in (0.0, 4.0) for time in (2, 1)]
    dicom.save(_enhanced(basic_dataset, PIXELS[:4], places, ExplicitVRLittleEndian))
    series = _only(dicom.folder)
    assert [problem.code for problem in series.problems] == ["time-series"]
    assert series.volumes == 2
    assert np.array_equal(series.read().array[0], PIXELS[1].astype(np.float32) - 5)


def test_a_classic_file_of_many_frames_has_no_place(dicom: Any, basic_dataset: Any) -> None:
    ds = basic_dataset(PIXELS)
    ds.NumberOfFrames = 5
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    dicom.save(ds)
    series = _only(dicom.folder)
    assert [problem.code for problem in series.problems] == ["geometry-unknown"]
    assert np.array_equal(series.read().array, PIXELS)


@pytest.mark.parametrize("fragments", [1, 3])
def test_encapsulated_frames_of_several_pieces(fragments: int, dicom: Any, basic_dataset: Any) -> None:
    ds = basic_dataset(PIXELS)
    ds.NumberOfFrames = 5
    ds.compress(RLELossless)
    frames = [get_frame(ds.PixelData, k, number_of_frames=5) for k in range(5)]
    ds.PixelData = encapsulate(frames, fragments_per_frame=fragments, has_bot=True)
    dicom.save(ds)
    assert np.array_equal(_only(dicom.folder).read().array, PIXELS)


def _unknown_sequence(element: int, content: bytes) -> bytes:
    """Return a private sequence of undefined length whose representation is unknown: its items are implicit."""
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + content + b"\xfe\xff\x0d\xe0\0\0\0\0"
    return b"\x09\x00" + element.to_bytes(2, "little") + b"UN\0\0\xff\xff\xff\xff" + item + b"\xfe\xff\xdd\xe0\0\0\0\0"


def test_a_copied_sequence_of_unknown_kind_is_stepped_over(dicom: Any, basic_dataset: Any, place: Any) -> None:
    ds = basic_dataset(PIXELS[0])
    place(ds, np.eye(4)[:, [2, 1, 0, 3]], 0)
    path = dicom.save(ds)
    data = path.read_bytes()
    at = data.index(b"\x10\x00\x10\x00PN")
    inner = b"\x09\x00\x02\x10\x04\0\0\0abcd"
    path.write_bytes(data[:at] + _unknown_sequence(0x1001, inner) + data[at:])
    series = _only(dicom.folder)
    assert series.problems == ()
    assert np.array_equal(series.read_slice(0), PIXELS[0])


def _jpeg(basic_dataset: Any, pixels: NDArray[np.uint8]) -> tuple[Dataset, bytes]:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95)
    ds: Dataset = basic_dataset(pixels if pixels.ndim == 2 else pixels[..., 0])
    if pixels.ndim == 3:
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "YBR_FULL_422", 0
    encode_jpeg(ds, stream.getvalue())
    return ds, stream.getvalue()


def encode_jpeg(ds: Dataset, stream: bytes) -> None:
    """Put a JPEG stream into a data set."""
    ds.PixelData = encapsulate([stream])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit


@pytest.mark.parametrize("colour", [False, True])
def test_baseline_jpeg(colour: bool, dicom: Any, basic_dataset: Any) -> None:
    ramp = np.linspace(0, 250, 48 * 40).reshape(40, 48).astype(np.uint8)
    pixels = np.stack([ramp, ramp // 2, 255 - ramp], -1) if colour else ramp
    dicom.save(_jpeg(basic_dataset, pixels)[0])
    series = _only(dicom.folder)
    expected = pixels.astype(np.float32) @ [0.299, 0.587, 0.114] if colour else ramp
    assert np.abs(series.read_slice(0) - expected).mean() < 2
    assert bool(series.kept_from_model) is colour


@pytest.mark.parametrize("where", range(2, 12))
def test_jpeg_segments_that_contradict_each_other_are_refused(where: int, dicom: Any, basic_dataset: Any) -> None:
    ramp = np.linspace(0, 250, 48 * 40).reshape(40, 48).astype(np.uint8)
    ds, stream = _jpeg(basic_dataset, ramp)
    frame = stream.index(b"\xff\xc0")
    broken = bytearray(stream)
    broken[frame + where] ^= 0xFF
    encode_jpeg(ds, bytes(broken))
    dicom.save(ds)
    with pytest.raises(ImagingError, match=r"^image000.dcm cannot be read: its pixel data cannot be decoded\.$"):
        _only(dicom.folder).read_slice(0)


def test_what_pydicom_says_of_oddities_stays_out_of_logs(
    dicom: Any, basic_dataset: Any, caplog: pytest.LogCaptureFixture
) -> None:
    # Bytes after the pixels make pydicom warn, and the tests turn warnings into errors.
    ds = basic_dataset(np.zeros((4, 6), np.uint8))
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.PixelData = b"\x40" * (4 * 6 * 3 + 10)
    dicom.save(ds)
    assert (_only(dicom.folder).read_slice(0) == 0x40).all()
    assert caplog.records == []
