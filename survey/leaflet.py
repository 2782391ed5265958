"""The way in for clients, on paper: a QR code, and a leaflet in the study's own words (typst).

Neutral outside, so that it can lie about: what the survey is asks to be unfolded. Without a date
and a typeface of this machine its bytes follow from words and address.
"""

from __future__ import annotations

import io
from typing import Any, Literal

import segno

from forms.platform_texts import GOOD_TO_KNOW, LEAFLET
from forms.prose import paragraphs
from survey import pdf
from survey.ethics.dossier.blocks import runs
from survey.studies.version import StudyVersion

Paper = Literal["a4", "a5"]
PAPERS: tuple[Paper, ...] = ("a4", "a5")

# What the first page says of leaving; the rest of it is read there.
_NOTES = ("landing_exit",)
TEMPLATE = "leaflet/leaflet.typ"
QUIET_ZONE = 4  # modules of nothing around a QR code (ISO/IEC 18004 section 6.3.8)
DOTS = 12  # pixels a module: sharp at 5 cm on paper


def _qr(link: str) -> segno.QRCode:
    # Quarter of it may be dirty or folded (level Q); micro codes are not read by every telephone.
    return segno.make(link, error="q", micro=False)


def qr_svg(link: str) -> bytes:
    """Return the QR code as a drawing, dark on light."""
    out = io.BytesIO()
    _qr(link).save(out, kind="svg", scale=DOTS, border=QUIET_ZONE, light="#fff", svgns=True)
    return out.getvalue()


def qr_inline(link: str) -> str:
    """Return the QR code as an element of a page."""
    code = _qr(link)
    drawn = code.svg_inline(scale=5, border=QUIET_ZONE, light="#fff", svgclass="qr", omitsize=False)
    return str(drawn)


def qr_png(link: str) -> bytes:
    """Return the QR code as a picture for word processors."""
    out = io.BytesIO()
    _qr(link).save(out, kind="png", scale=DOTS, border=QUIET_ZONE)
    return out.getvalue()


def leaflet(version: StudyVersion, link: str, paper: Paper) -> bytes:
    """Return a sheet to print on both sides and fold once: outside neutral, inside the landing.

    Raises Refusal naming letters that no typeface here has.
    """
    return pdf.pdf(TEMPLATE, {"leaflet": _content(version, link, paper)}, called="The leaflet")


def _content(version: StudyVersion, link: str, paper: Paper) -> dict[str, Any]:
    words = version.study.consent.texts
    return {
        "paper": paper,
        "language": version.study.language,
        "title": words["landing_title"],
        "lead": _paragraphs(version, words["landing_lead"]),
        "passages": [
            {"heading": version.fill(passage.heading), "text": _paragraphs(version, passage.text)}
            for passage in version.study.consent.leaflet
        ],
        "notes": [_paragraphs(version, words[key]) for key in _NOTES],
        "link": link,
        "short": link.partition("://")[2].rstrip("/"),
        "qr": qr_svg(link).decode(),
        "pilot": version.pilot,
        "invited": version.invited,
        "words": {**LEAFLET, "notes": GOOD_TO_KNOW},
    }


def _paragraphs(version: StudyVersion, text: str) -> list[list[tuple[str, str]]]:
    return [[(run[0], run[1]) for run in runs(p)] for p in paragraphs(version.fill(text))]
