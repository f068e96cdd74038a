"""Widgets: thin, without knowledge of files or networks."""
