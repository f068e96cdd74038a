"""Phantom patients as DICOM series: classic MR Image Storage, explicit little endian, one file per slice."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage

from xai.phantom.patient import PhantomSeries

IMPLEMENTATION_UID = UID("2.25.289063476431275466520953424112205412573")
COMMENT = "synthetic phantom, not a patient"


def uid(*parts: object) -> UID:
    """Return a UID made from ``parts``: the same parts always give the same (2.25 and 128 bits, as for UUIDs)."""
    digest = hashlib.sha256("/".join(["overread phantom", *map(str, parts)]).encode()).digest()
    # The bits that make it a well-formed (name-based, version 5) UUID, on which the 2.25 root insists.
    number = bytearray(digest[:16])
    number[6] = (number[6] & 0x0F) | 0x50
    number[8] = (number[8] & 0x3F) | 0x80
    return UID(f"2.25.{int.from_bytes(number, 'big')}")


def write_series(series: PhantomSeries, folder: Path, code: str) -> None:
    """Write a patient's slices into ``folder``; ``code`` such as ``"P001"`` names the patient.

    Files are numbered from the knee down, as such examinations are usually planned; the catalogue sorts by position.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = len(series.array)
    body = series.array[series.array > 0.12 * np.percentile(series.array, 99)]
    low, high = np.percentile(body, (1, 99))
    window = (round(float(low + high) / 2), max(1, round(float(high - low))))
    for k in range(count):
        number = count - k
        _dataset(series, k, number, code, window).save_as(folder / f"IM{number:04d}.dcm", enforce_file_format=True)


def _dataset(series: PhantomSeries, k: int, number: int, code: str, window: tuple[int, int]) -> FileDataset:
    patient, scan, geometry = series.patient, series.patient.scan, series.geometry
    identity = (patient.seed, patient.index, patient.grade, patient.sides, *geometry.shape)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = uid("instance", *identity, number)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    meta.ImplementationVersionName = "OVERREAD_PHANTOM"
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "SE"]
    ds.SOPClassUID, ds.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20000101"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "120000"
    ds.AccessionNumber = ""
    ds.Modality = "MR"
    ds.Manufacturer = "Overread phantom"
    ds.ManufacturerModelName = "synthetic"
    ds.ReferringPhysicianName = ""
    ds.StudyDescription = "Lower legs"
    ds.SeriesDescription = "T1 SE axial lower legs"
    ds.PatientName = f"PHANTOM^{code}"
    ds.PatientID = f"PHANTOM-{code}"
    ds.PatientBirthDate = ""
    ds.PatientSex = "O"
    ds.PatientIdentityRemoved = "YES"
    ds.DeidentificationMethod = "synthetic from the start"
    ds.BodyPartExamined = "LEG"
    ds.ScanningSequence = "SE"
    ds.SequenceVariant = "NONE"
    ds.ScanOptions = ""
    ds.MRAcquisitionType = "2D"
    ds.SliceThickness = scan.thickness
    ds.RepetitionTime = scan.repetition_time
    ds.EchoTime = scan.echo_time
    ds.NumberOfAverages = 1
    ds.ImagingFrequency = 63.87
    ds.ImagedNucleus = "1H"
    ds.EchoNumbers = 1
    ds.MagneticFieldStrength = 1.5
    ds.SpacingBetweenSlices = scan.spacing
    ds.EchoTrainLength = 1
    ds.InPlanePhaseEncodingDirection = "COL" if scan.phase_rows else "ROW"
    ds.FlipAngle = 90
    ds.PatientPosition = "FFS"
    ds.StudyInstanceUID = uid("study", *identity)
    ds.SeriesInstanceUID = uid("series", *identity)
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber, ds.AcquisitionNumber = "1", 1, number, 1
    place = geometry.to_mm(np.array([k, 0.0, 0.0]))
    ds.ImagePositionPatient = [f"{value:.4f}" for value in place]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.FrameOfReferenceUID = uid("frame of reference", *identity)
    ds.PositionReferenceIndicator = ""
    ds.Laterality = ""
    ds.SliceLocation = f"{place[2]:.4f}"
    ds.ImageComments = COMMENT
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = geometry.shape[1:]
    ds.PixelSpacing = [scan.pixel, scan.pixel]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = window
    ds.AnatomicRegionSequence = DicomSequence([_code("30021000", "SCT", "Lower leg")])
    ds.PixelData = np.ascontiguousarray(series.array[k], "<u2").tobytes()
    ds["PixelData"].VR = "OW"
    return ds


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item
