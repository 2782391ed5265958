"""Released rows, attacked by people who know something or hold more than one file.

The attacks are those of ``exports.attacks``, which reports and the verifier use too.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import polars as pl

from exports import attacks
from exports.columns import fields_of
from exports.disclosure import covers_of
from exports.report import ORDINARY
from exports.segment_file import read_back, recode_segment, source_of, write_segment
from forms.load import load_study
from forms.study import Tier
from survey.errors import Refusal
from survey.releases import process
from survey.releases.build import ReleaseRequest
from survey.storage.stores import Stores
from tests.answering import freeze, real_answers
from tests.attacks.outcome import Outcome, Told
from tests.conftest import FLAGSHIP, STUDIES
from tests.exports.releases import simulated

STUDY = load_study(FLAGSHIP)
FIELDS = {f.name: f for f in fields_of(STUDY)}
COVERS = {name: covers_of(f, STUDY.policy) for name, f in FIELDS.items() if f.key}
CORE = [f.name for f in FIELDS.values() if f.key and f.group == "core"]
INSIDERS = [f.name for f in FIELDS.values() if f.key and f.group == "insider"]
SEEN = [*CORE, *INSIDERS, "branch"]
ANSWERS = [f.name for f in FIELDS.values() if f.part == "answer" and not f.key]
SENSITIVE = ("int_main", "distress_now", "view_overall_before")
B, C = STUDY.policy.tiers["B"], STUDY.policy.tiers["C"]
ASKED, ASKED_PEOPLE = load_study(STUDIES / "scores"), 60
OTHERWISE = ("age_band", "gender")
BOARD = "board.md"


class Files:
    """The flagship's files of tiers B and C, who is in B, and others who agreed or never came."""

    def __init__(self, folder: Path, count: int = 600, seed: int = 1) -> None:
        self.folder, self.count, self.seed = folder, count, seed
        drawn = random.Random(seed)
        people = simulated(STUDY, count, seed)
        others = simulated(STUDY, 200, seed + 99)
        source = source_of(STUDY, people, ORDINARY)
        self.lots = pl.Series([drawn.random() < 0.8 for _ in range(count)])
        restricted = recode_segment(STUDY, source, C)
        write_segment(restricted, folder / "C.csv")
        rows = read_back(STUDY, folder / "C.csv", C, ORDINARY)
        opened = recode_segment(STUDY, rows, B, drawn=self.lots.gather(restricted.source))
        write_segment(opened, folder / "B.csv")
        self.restricted, self.open = (_read(folder / f"{tier}.csv") for tier in "CB")
        self.who, self.who_open = restricted.source, restricted.source.gather(opened.source)
        # As it was once: with what the therapist knows.
        seen = self.restricted[opened.source].select(INSIDERS)
        self.with_insiders = pl.concat([self.open, seen], how="horizontal")
        self.people, self.truth = people, as_known(source.table)
        agreed = pl.Series(people["c_open"] == 1)
        self.members = self.truth.filter(agreed & self.lots)
        self.left_out = self.truth.filter(agreed & ~self.lots)
        self.strangers = as_known(source_of(STUDY, others, ORDINARY).table)

    def recoded(
        self, name: str, people: pl.DataFrame, tier: Tier = C, drawn: pl.Series | None = None
    ) -> tuple[pl.DataFrame, pl.Series]:
        """A file of other people, and whose each row is."""
        part = recode_segment(STUDY, source_of(STUDY, people, ORDINARY), tier, drawn=drawn)
        write_segment(part, self.folder / name)
        return _read(self.folder / name), part.source

    @cached_property
    def rare(self) -> list[int]:
        """People who are alone in the core variables, by what is true of them."""
        answered = attacks.complete(self.truth.with_row_index("at"), CORE)
        alone = attacks.class_sizes(answered, CORE) == 1
        return list(answered.filter(alone)["at"].to_list())


def _read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


def as_known(table: pl.DataFrame) -> pl.DataFrame:
    """True values, written as a file writes them."""
    return table.select(pl.all().cast(pl.String))


def one_missing(file: pl.DataFrame) -> pl.DataFrame:
    """The file with one code for whatever is missing in the core."""
    missing = list(attacks.ANYTHING)
    return file.with_columns(
        pl.when(pl.col(key).is_in(missing)).then(pl.lit("-93")).otherwise(pl.col(key)).alias(key)
        for key in CORE
    )


def known(table: pl.DataFrame, *, without: str = "") -> list[str]:
    """What somebody who was there can look up in this table."""
    return [name for name in SEEN if name in table.columns and name != without]


def rows(files: Files) -> list[Outcome]:
    """What the files alone tell."""
    return [
        order_of_rows(files),
        *outsider(files),
        *insider(files),
        ten_answers(files),
        two_tiers(files),
    ]


def more_rows(files: Files, *, targets: int) -> list[Outcome]:
    """What takes further files to be made."""
    return [strangers_rows(files, targets), two_releases(files), two_studies(files.folder)]


def _told(share: float, tries: int, guessed: float) -> Told:
    return Told(round(share * tries), tries, guessed)


def order_of_rows(files: Files) -> Outcome:
    """Somebody who takes rows that stand first for rows that came first, or the other way."""
    return Outcome(
        "holder of a release",
        "of two rows of tier C, whose answers came first: by their places, learnt from other rows",
        _by_place(files.who.to_list()),
        _by_place(list(range(files.count))),
        "rows in the order in which they came",
        0.5,
        BOARD,
    )


def _by_place(arrival: list[int]) -> Told:
    """Of pairs of neighbours, nobody in two of them, how often the learnt direction is right."""
    rising = [a < b for a, b in zip(arrival[::2], arrival[1::2], strict=False)]
    learnt, tested = rising[::2], rising[1::2]
    first = 2 * sum(learnt) >= len(learnt)
    return Told(sum(pair is first for pair in tested), len(tested), len(tested) / 2)


def outsider(files: Files) -> list[Outcome]:
    """Somebody who knows the five core values of a person."""
    found = []
    for tier, file in (("C", files.restricted), ("B", files.open)):
        k, n = STUDY.policy.tiers[tier].k, len(file)
        plain = one_missing(files.truth)
        found += [
            Outcome(
                "marketer who knows the core variables",
                f"picking a person's row of tier {tier} out of those alike",
                _picked(one_missing(file)),
                _picked(plain),
                "rows as they were answered",
                1 / k,
                BOARD,
            ),
            Outcome(
                "reader with a spreadsheet",
                f"rows of tier {tier} alike with fewer than {k - 1} others",
                _told(attacks.under(one_missing(file), CORE, k), n, 0),
                _told(attacks.under(plain, CORE, k), len(plain), 0),
                "rows as they were answered",
                0,
                BOARD,
            ),
            Outcome(
                "reader with a spreadsheet",
                f"a sensitive answer that all alike gave, tier {tier}",
                _shared(one_missing(file)),
                _shared(plain),
                "rows as they were answered",
                0,
                BOARD,
            ),
        ]
    return found


def _picked(file: pl.DataFrame) -> Told:
    # Of each group of people alike one guess in so many is right: one a group.
    return Told(file.select(CORE).n_unique(), len(file), 1)


def _shared(file: pl.DataFrame) -> Told:
    shares = [attacks.told(file, CORE, name) for name in SENSITIVE]
    return _told(sum(shares) / len(shares), len(file) * len(shares), 0)


def insider(files: Files) -> list[Outcome]:
    """The therapist, or a partner who was there."""
    guess = _commonest(files.truth, "concern")
    rows_of_b = len(files.open)
    by_core = known(files.open)
    return [
        Outcome(
            "therapist",
            "rows of tier C that are alone with what a therapist knows",
            _told(_alone(files.restricted), len(files.restricted), 0),
            _told(_alone(files.truth), len(files.truth), 0),
            "rows as they were answered",
            (C.singled_out or 0) + 0.01,
            "board.md, by somebody who was there",
        ),
        Outcome(
            "therapist",
            "rows of tier B that are alone with what a therapist knows",
            _told(_alone(files.open), rows_of_b, 0),
            _told(_alone(files.with_insiders), rows_of_b, 0),
            "a file with what a therapist knows",
            B.singled_out or 0,
            BOARD,
        ),
        Outcome(
            "therapist",
            "the concern of people in tier C; guessing is what the same tells of strangers",
            _guessed(files.restricted, files.members, "concern", files.strangers),
            _told(1.0, len(files.members), guess * len(files.members)),
            "rows as they were answered",
            1,
            "board.md, by somebody who was there",
        ),
        Outcome(
            "therapist",
            "the main interpretation of people in tier B; guessing is what the same tells of those "
            "whom the lot left out",
            _guessed(files.open, files.members, "int_main", files.left_out, by=by_core),
            _guessed(files.with_insiders, files.members, "int_main", files.left_out),
            "a file with what a therapist knows",
            0.4,
            "board.md, by somebody who was there",
        ),
    ]


def _alone(table: pl.DataFrame) -> float:
    return attacks.singled_out(one_missing(table), known(table))


def _commonest(table: pl.DataFrame, name: str) -> float:
    return float(table[name].value_counts()["count"].max()) / len(table)  # type: ignore[arg-type]


def _guessed(
    table: pl.DataFrame,
    people: pl.DataFrame,
    target: str,
    control: pl.DataFrame,
    by: Sequence[str] = (),
) -> Told:
    """What the table tells of people in it; pure guessing is what it tells of others."""
    names = [n for n in by or known(table) if n != target]
    there, elsewhere = (
        attacks.guessed(table, some, names, target, COVERS) for some in (people, control)
    )
    tries = int((~people[target].is_in(list(attacks.ANYTHING))).sum())  # who answered it
    return _told(there, tries, elsewhere * tries)


def ten_answers(files: Files) -> Outcome:
    """Somebody who was told ten answers."""
    return Outcome(
        "somebody who was told ten answers",
        "rows of tier C that are alone with ten answers given",
        _ten(files.restricted),
        _ten(files.truth),
        "rows as they were answered",
        0.99,
        "board.md, by somebody who was told answers",
    )


def _ten(table: pl.DataFrame) -> Told:
    names = [n for n in ANSWERS if n in table.columns]
    codes = [table[n].rank("dense").to_numpy() for n in names]
    given = [~table[n].is_in([*attacks.ANYTHING, ""]).to_numpy() for n in names]
    tried, alone = attacks.alone_in_answers(codes, given, (10,), most=200)
    return _told(alone[10], tried * attacks.DRAWS, attacks.DRAWS * tried / len(table))


def strangers_rows(files: Files, targets: int) -> Outcome:
    """Somebody who sends k - 1 answers like those of a target, and strikes them out."""
    reached = without = 0
    for target in files.rare[:targets]:
        people, own = _with_fakes(files, target, C.k - 1)
        file, who = files.recoded(f"like {target}.csv", people)
        plain = as_known(source_of(STUDY, people, ORDINARY).table)
        reached += _left_alone(target, file, who, own)
        without += _left_alone(target, plain, pl.Series(range(len(plain))), own)
    tries = len(files.rare[:targets])
    return Outcome(
        "somebody with the link",
        f"a rare person left alone in tier C by {C.k - 1} answers of one's own like theirs",
        Told(reached, tries, tries / files.count),
        Told(without, tries, tries / files.count),
        "rows as they were answered",
        0.67,
        "board.md, by somebody who sends answers",
    )


def _with_fakes(files: Files, target: int, count: int) -> tuple[pl.DataFrame, pl.Series]:
    """The people, and ``count`` rows with the target's core values and answers of their own."""
    like = [target] * count
    fakes = simulated(STUDY, count, files.seed + 1000 + target).with_columns(
        files.people[name][like].alias(name)
        for name in (*CORE, "c_open")
        if name in files.people.columns
    )
    both = pl.concat([files.people, fakes])
    return both, pl.Series([False] * files.count + [True] * count)


def _left_alone(target: int, file: pl.DataFrame, who: pl.Series, own: pl.Series) -> bool:
    alone = attacks.isolated(one_missing(file), CORE, own.gather(who))
    return target in set(who.filter(alone))


def two_releases(files: Files) -> Outcome:
    """A later release: the earlier rows again, and a batch of its own, against all made anew."""
    later = simulated(STUDY, 120, files.seed + 7)
    batch, _ = files.recoded("later.csv", later)
    anew, _ = files.recoded("anew.csv", pl.concat([files.people, later]))
    names = [n for n in files.restricted.columns if n in batch.columns and n != "row"]
    second = pl.concat([files.restricted.select(names), batch.select(names)])
    return Outcome(
        "holder of two releases",
        f"people among fewer than {C.k} by what two releases of tier C say of them together",
        _under(attacks.linked(files.restricted, second, ANSWERS, CORE)),
        _under(attacks.linked(files.restricted, anew, ANSWERS, CORE)),
        "a later release in which all are recoded anew",
        0,
        BOARD,
    )


def _under(sizes: pl.Series) -> Told:
    return Told(int((sizes < C.k).sum()), len(sizes), 0)


def two_tiers(files: Files) -> Outcome:
    """Tier B beside tier C, joined on the answers; then a file coarsened another way beside it."""
    restricted = files.restricted, files.who
    answered = files.truth.select(OTHERWISE), pl.Series(range(files.count))
    return Outcome(
        "holder of two tiers",
        f"people among fewer than {C.k} by what tiers B and C say of them together",
        _under(_together(files, restricted, (files.open, files.who_open))),
        _under(_together(files, restricted, answered)),
        f"a second file with {' and '.join(OTHERWISE)} as answered and nothing else",
        0,
        BOARD,
    )


def _together(files: Files, *views: tuple[pl.DataFrame, pl.Series]) -> pl.Series:
    """Return how many people are alike in the narrowest of what the files say of each."""
    known = {name: ["-93"] * files.count for name in CORE}
    for file, who in views:
        for name in (n for n in CORE if n in file.columns):
            for person, cell in zip(who, one_missing_in(file[name]), strict=True):
                before = known[name][person]
                if before == "-93" or cell in COVERS[name].get(before, ()):
                    known[name][person] = cell
    return attacks.class_sizes(pl.DataFrame(known), CORE)


def one_missing_in(cells: pl.Series) -> list[str]:
    """Return the cells with one code for whatever is missing."""
    return ["-93" if cell in attacks.ANYTHING else cell for cell in cells]


def two_studies(folder: Path) -> Outcome:
    """The same people asked by two studies, with and without the gate between their releases."""
    gate = vars(process)["check_other_studies"]
    stopped = _both_out(folder / "gate")
    vars(process)["check_other_studies"] = lambda *_: None
    try:
        open_to_both = _both_out(folder / "no gate")
    finally:
        vars(process)["check_other_studies"] = gate
    return Outcome(
        "holder of files of two studies",
        "people whose rows of two studies that asked the same of them are joined by their answers",
        stopped,
        open_to_both,
        "a second study whose rows go out as well",
        0,
        "decisions/0024-two-studies.md",
    )


def _both_out(folder: Path) -> Told:
    """Release both studies, as far as that is not refused, and join the files."""
    stores, files = Stores(folder), []
    again = replace(ASKED, name="again", address="elsewhere")
    for number, study in enumerate((ASKED, again)):
        real_answers(stores, study, ASKED_PEOPLE, first=number * ASKED_PEOPLE)
        freeze(stores, study)
        out = folder / f"{study.name} C"
        with suppress(Refusal):
            process.run(stores, study, ReleaseRequest(tier="C", out=out))
            files += [_read(path) for path in out.glob("data/*_data.csv")]
    stores.close()
    if len(files) < 2:
        return Told(0, ASKED_PEOPLE, 1)
    answers = [n for n in files[0].columns if n in {f.name for f in fields_of(ASKED) if not f.key}]
    answers = [n for n in answers if n != "row"]
    one, other = (file.unique(answers, keep="none") for file in files)
    return Told(len(one.join(other, on=answers)), ASKED_PEOPLE, 1)
