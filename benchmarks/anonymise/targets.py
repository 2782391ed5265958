"""What the engine is to reach, and what others reached earlier on a comparable machine."""

from __future__ import annotations

# (data, k, l) → mean loss of all cells, labels, at most.
NCP = {
    ("Adult-8", 2, 1): 0.021,
    ("Adult-8", 5, 1): 0.048,
    ("Adult-8", 10, 1): 0.072,
    ("Adult-8", 25, 1): 0.107,
    ("Adult-4", 5, 1): 0.0075,
    ("bfi3", 5, 1): 0.0090,
    ("Adult-8", 5, 2): 0.110,
    ("Adult-4", 5, 2): 0.037,
    ("bfi3", 5, 2): 0.0094,
}
OVERLAP = {"Adult-8": 0.63, "bfi3": 0.98, "Adult-4": 0.88}  # at least, k = 5
WITHHELD = 0.001  # share of people
INSIDE_SECONDS, COMMAND_SECONDS, MEGABYTES = 1.0, 2.0, 200.0  # Adult-8
RELEASE = (1_000_000, 90.0, 1000.0)  # answers, seconds, MB
TABLES = {600: (1.5, 300.0), 1_000_000: (20.0, 300.0)}  # answers → seconds, MB
SAME = 0.8  # overlap of the main result's interval, from 300 clients on

ANCHORS = (
    ("ARX 3.9.2 full-domain, 5 %", ".1818", ".2742", ".3430", ".4300"),
    ("ANJANA 1.2.3, 5 %", ".2059", ".3325", ".3473", ".4635"),
    ("ARX local, gsFactor 0", ".0304", ".0603", ".0838", ".1221"),
    ("plain peel, a sketch of ours", ".0227", ".0540", ".0790", ".1162"),
    ("lower bound", "", ".0292", "", ""),
    ("aim", ".021", ".048", ".072", ".107"),
)
