"""The Overread window and command line: ``viewer.ui -> viewer.app -> viewer.core -> xai``."""
