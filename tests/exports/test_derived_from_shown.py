"""Whatever a file derives can be worked out from the file, and tells nothing that it leaves out."""

import subprocess
import sys
from dataclasses import replace

import pytest

from exports import release, segment_file
from exports.columns import fields_of, kept_in, table_of
from exports.errors import ExportRefused
from forms.load import load_study
from forms.study import Branch
from tests.conftest import FLAGSHIP
from tests.exports.releases import book_of, data_in, made, make_release, simulated
from tests.exports.tiny import HIERARCHIES, POLICY, STUDY, row, study_with

UNSEEN = {"-96", "-94"}


@pytest.fixture(scope="module")
def flagship():
    return load_study(FLAGSHIP)


@pytest.fixture(scope="module")
def people(flagship):
    return simulated(flagship, 420, seed=5)


@pytest.fixture(scope="module")
def released(flagship, people, tmp_path_factory):
    """Tier → its folder, made from the same people."""
    work = tmp_path_factory.mktemp("shown")
    for tier in ("B", "C"):
        make_release(flagship, people, tier=tier, out=work / tier)
    return {tier: work / tier for tier in ("B", "C")}


def counted(line, book):
    """Items with an answer and items shown, in the columns of answers that are no key."""
    shown: dict[str, bool] = {}
    for name, entry in book.items():
        if entry["part"] == "answer" and entry["role"] != "quasi_identifier":
            # All options of a multiple choice are one item.
            item = str(entry["question"]) if entry["kind"] == "multiple" else name
            if line[name] not in UNSEEN:
                shown[item] = shown.get(item, False) or not -99 <= int(line[name]) <= -90
    return sum(shown.values()), len(shown)


@pytest.mark.parametrize("tier", ["B", "C"])
def test_the_share_of_answers_is_that_of_the_columns_shown(released, tier):
    book = book_of(released[tier])
    for line in data_in(released[tier]):
        given, shown = counted(line, book)
        assert float(line["dq_share"]) == pytest.approx(
            given / shown if shown else -94, abs=0.00051
        )


def test_a_share_over_left_out_answers_would_tell_how_many_were_shown(flagship, people):
    """The attack on a weakened copy: of the numbers that routing allows, one fits the share."""
    policy, every = flagship.policy, fields_of(flagship)
    names = {f.name for f in kept_in(every, policy.tiers["B"])}
    seen = people.filter(people["saw_tears"].is_in([1, 2]))
    weak = table_of(flagship, seen, every)
    answers = [f for f in every if f.column and not f.key and f.role != "free_text"]
    hidden = [f for f in answers if f.name not in names]
    told = right = 0
    sizes = {number(line, hidden)[1] for line in weak.iter_rows(named=True)}
    for line in weak.iter_rows(named=True):
        given, shown = number(line, [f for f in answers if f.name in names])
        fits = {
            size
            for size in sizes
            for more in range(size + 1)
            if abs((given + more) / (shown + size) - line["dq_share"]) < 0.0006
        }
        told += len(fits) == 1
        right += fits == {number(line, hidden)[1]}
    assert told == right > len(seen) // 5


def number(line, items):
    """Items given and shown in one row."""
    shown: dict[str, bool] = {}
    for item in items:
        if str(line[item.name]) not in UNSEEN:
            given = not -99 <= int(line[item.name]) <= -90
            shown[item.variable] = shown.get(item.variable, False) or given
    return sum(shown.values()), len(shown)


ROWS = [
    row(age=a, town=t, calm=c, tense=x, glad=1 + (a + 2 * t + c + 3 * x) % 5)
    for a in (1, 2, 3)
    for t in (1, 2)
    for c in (1, 3, 5)
    for x in (1, 2, 4)
]


def test_a_left_out_item_takes_no_part_in_a_score(tmp_path):
    folder = made(tmp_path / "out", ROWS, study=study_with(leave_out=("glad",)))
    for line in data_in(folder):
        assert float(line["sc_mood"]) == (int(line["calm"]) + 6 - int(line["tense"])) / 2
    entry = book_of(folder)["sc_mood"]
    assert entry["items"] == ["calm", "tense"]
    assert "at least 2 of 2 (1 of 3 not shown in this file as answered: no part)" in entry["rule"]
    done = subprocess.run(
        [sys.executable, "analysis/score.py"], cwd=folder, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.count("equal in every row")) == (0, 2)


def test_a_derived_column_whose_items_are_gone_is_gone(tmp_path):
    folder = made(tmp_path / "out", ROWS, study=study_with(leave_out=("glad", "tense")))
    assert {"sc_mood", "sc_all", "sc_rise", "dq_pair", "dq_straight"}.isdisjoint(data_in(folder)[0])
    assert book_of(folder)["calm"]["scales"] == []


def test_a_key_takes_no_part_in_anything_derived():
    """A coarsened answer would be told by its score, and why it lacks by its branch."""
    policy = replace(POLICY, roles={**POLICY.roles, "glad": "quasi_identifier"})
    keyed = replace(
        STUDY,
        policy=replace(policy, hierarchies={h.variable: h for h in HIERARCHIES}),
        branches=(Branch(1, "yes", "Young", (("age", frozenset({1, -99})),)), *STUDY.branches),
    )
    fields = {f.name: f for f in kept_in(fields_of(keyed), POLICY.tiers["C"])}
    assert fields["sc_mood"].items == ("calm", "tense")
    assert {"sc_rise", "branch"}.isdisjoint(fields)
    assert {"age", "glad", "town", "where"}.isdisjoint(fields["dq_share"].items)


def test_a_share_over_left_out_answers_is_refused_by_name(flagship, people, tmp_path, monkeypatch):
    """The same weak copy before the verifier: as if the share were worked out before columns go."""
    honest = table_of

    def weak(study, frame, fields):
        table = honest(study, frame, fields)
        every = [f for f in fields_of(study) if not f.column or f.name in frame.columns]
        return table.with_columns(dq_share=honest(study, frame, every)["dq_share"])

    monkeypatch.setattr(segment_file, "table_of", weak)
    monkeypatch.setattr(release, "table_of", weak)
    with pytest.raises(ExportRefused, match=r"dq_share tells .*talk_happened of"):
        make_release(flagship, people, tier="B", out=tmp_path / "out")
