"""Explanation methods; `xai.registry` is their table."""
