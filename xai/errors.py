"""Errors that a person reads: each message is one sentence naming the file and the cause.

::

    XaiError
    ├── ImagingError    a file or folder cannot be read as a picture
    ├── BundleError     a classifier bundle or checkpoint cannot be used
    ├── ExplainError    an explanation cannot be computed or written
    │   └── UnknownExplainerError
    └── TrainingError   a table cannot be trained on, or a run cannot be written
"""

from __future__ import annotations


class XaiError(Exception):
    """Base of every error this package raises on bad input; ``str(error)`` is fit to be shown."""


class ImagingError(XaiError):
    """A file or folder cannot be read as a series, or one of its slices cannot be decoded."""


class BundleError(XaiError):
    """A classifier bundle or a reference checkpoint is missing, damaged or of another network."""


class ExplainError(XaiError):
    """An explanation cannot be computed, read or written."""


class UnknownExplainerError(ExplainError):
    """No explainer has this key; the message lists those that exist."""


class TrainingError(XaiError):
    """A table cannot be trained on, or a run cannot be written or gone on with."""
