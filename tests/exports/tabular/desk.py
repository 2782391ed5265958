"""A folder with a small table, its hierarchies and a policy, each of which a test can spoil."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from exports.errors import ExportRefused

NAMES = ("name", "sex", "age", "answer", "note")
ROWS = [
    (f"P{at}", sex, str(age), answer, str(at % 3))
    for at, (sex, age, answer) in enumerate(
        [
            ("f", 21, "yes"),
            ("f", 22, "no"),
            ("f", 23, "yes"),
            ("f", 24, "no"),
            ("m", 31, "yes"),
            ("m", 32, "no"),
            ("m", 33, "yes"),
            ("m", 34, "no"),
        ]
    )
]
POLICY = """
[privacy]
k = 2

[roles]
identifier = ["name"]
quasi_identifier = ["sex", "age"]
sensitive = ["answer"]
plain = ["note"]

[hierarchies]
sex = "trees/sex.csv"
age = "trees/age.csv"
"""
AGE = "".join(
    f"{n},{n // 5 * 5}-{n // 5 * 5 + 4},{n // 10 * 10}-{n // 10 * 10 + 9},*\n"
    for n in range(20, 40)
)


class Desk:
    """The files of one run; ``run`` and ``refusal`` act on them as they stand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.policy, self.out = (
            folder / name for name in ("data.csv", "policy.toml", "out")
        )
        self.rows(ROWS)
        self.write("policy.toml", POLICY)
        self.write("trees/sex.csv", "f,*\nm,*\n")
        self.write("trees/age.csv", AGE)

    def write(self, name: str, content: str | bytes) -> Path:
        """Put a file in the folder."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def rows(self, rows: Sequence[Sequence[str]], names: tuple[str, ...] = NAMES) -> None:
        """Other rows in the table."""
        with self.data.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([names, *rows])

    def change(self, old: str, new: str, *, name: str = "policy.toml") -> None:
        """Other words in a file; they must have been there."""
        text = (self.folder / name).read_text("utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def run(self, out: str = "out") -> list[dict[str, str]]:
        """Protect the table; the rows written."""
        from exports.tabular.run import anonymise

        anonymise(self.data, self.policy, self.folder / out)
        with (self.folder / out / "data.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def refusal(self) -> str:
        """What is said when the table is refused; nothing may have been written."""
        before = sorted(self.folder.rglob("*"))
        try:
            self.run()
        except ExportRefused as refused:
            assert sorted(self.folder.rglob("*")) == before
            return str(refused)
        raise AssertionError("this was not refused")
