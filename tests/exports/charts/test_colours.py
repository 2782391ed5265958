"""The colours of charts, on paper and on a dark screen, as eyes without green cones see them too.

Contrast: WCAG 2.2. Deuteranopia: Machado, Oliveira & Fernandes 2009, IEEE TVCG 15(6), severity 1.
"""

import re
from itertools import pairwise

import pytest

from exports.charts.draw import BAR, DEEPER, INK, ON_DEEPER, PAPER, TRACK
from tests.conftest import TOP

PARTED = 3.0  # WCAG 1.4.11
READ = 4.5  # WCAG 1.4.3
TOLD_APART = 10.0  # in CIE L*a*b*; 2 is about the least that can be seen
NO_GREEN = (
    (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881),
)  # fmt: skip


def dark_of(letter):
    """The colours of a dark screen, from the stylesheet."""
    css = (TOP / "survey/static/staff.css").read_text()
    return tuple(re.findall(rf"\.{letter}\d {{ fill: (#\w{{6}}) }}", css))


SOFT, CARD = "#bcb6c0", "#25252b"  # of site.css on a dark screen
BAR_IN_THE_DARK = "#45a99e"
NEIGHBOURS = [
    (BAR, TRACK, INK), (BAR, PAPER, INK), (INK, TRACK, INK), (INK, PAPER, PAPER),
    (BAR_IN_THE_DARK, "#45434d", CARD), (BAR_IN_THE_DARK, CARD, CARD),
    *((a, b, INK) for a, b in pairwise(DEEPER)),
    *((a, b, SOFT) for a, b in pairwise(dark_of("q")[:3])),
    *((a, b, CARD) for a, b in pairwise(dark_of("q")[2:])),
]  # fmt: skip


def light(colour):
    """Linear red, green, blue, 0 to 1."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def luminance(parts):
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def contrast(one, other):
    low, high = sorted(luminance(light(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def without_green(colour):
    parts = light(colour)
    seen = (sum(w * p for w, p in zip(row, parts, strict=True)) for row in NO_GREEN)
    return [min(max(part, 0), 1) for part in seen]


def lab(parts):
    red, green, blue = parts
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116
               for v in (x, luminance(parts), z))  # fmt: skip
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one, other):
    pairs = zip(lab(without_green(one)), lab(without_green(other)), strict=True)
    return sum((a - b) ** 2 for a, b in pairs) ** 0.5


def test_a_dark_screen_has_every_colour_of_a_light_one():
    assert len(dark_of("q")) == len(DEEPER)
    assert BAR_IN_THE_DARK in (TOP / "survey/static/staff.css").read_text()


@pytest.mark.parametrize(("one", "other", "line"), NEIGHBOURS)
def test_neighbours_are_parted_by_their_depth_or_by_a_line(one, other, line):
    assert max(contrast(one, other), contrast(one, line), contrast(other, line)) >= PARTED


@pytest.mark.parametrize("depths", [DEEPER, dark_of("q")])
def test_depths_rise_or_fall_throughout(depths):
    rising = [luminance(light(c)) for c in depths]
    assert rising in (sorted(rising), sorted(rising, reverse=True))


@pytest.mark.parametrize("depths", [DEEPER, dark_of("q")])
def test_depths_are_told_apart_without_green_cones(depths):
    assert min(distance(a, b) for a, b in pairwise(depths)) >= TOLD_APART


@pytest.mark.parametrize(
    ("field", "words"), [*zip(DEEPER, ON_DEEPER, strict=True), (PAPER, INK), (PAPER, "#5a5661")]
)
def test_words_on_every_colour_can_be_read(field, words):
    full = words if len(words) == 7 else "#" + "".join(c * 2 for c in words[1:])
    assert contrast(field, full) >= READ
