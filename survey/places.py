"""Where templates and shipped studies lie: atop a checkout, inside an installed package."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder ``name`` ("templates" or "studies") that belongs to this code."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name
