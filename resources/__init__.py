"""Data only: icons, style, protocols and the demo bundle; read through `viewer.assets`."""
