"""What people are told about the numbers."""

from exports.verify.findings import Findings
from exports.verify.reading import Claim
from exports.verify.verdict import cautions, figures_in_words, share_of
from exports.verify.verify import verify
from tests.exports.verify.written import good, text


def said(file_words: tuple[object, ...]) -> str:
    return "\n".join(str(getattr(one, "sentence")) for one in file_words)  # noqa: B009


def test_the_smallest_group_is_told_in_a_sentence(tmp_path):
    file = good()
    first = figures_in_words(file.findings(tmp_path), file.claim)[0]
    assert first.sentence.startswith(
        "The smallest group of people who look alike in this file has 10 members"
    )


def test_every_line_has_a_label_and_a_sentence_that_ends(tmp_path):
    file = good().promise(insider=("sex",), segments=(60,))
    found = file.findings(tmp_path)
    for line in (*figures_in_words(found, file.claim), *cautions(found, file.claim)):
        assert line.label
        assert line.sentence.endswith(".")


def test_a_name_is_that_of_a_figure(tmp_path):
    file = good().promise(insider=("sex",))
    found = file.findings(tmp_path)
    assert {line.name for line in figures_in_words(found, file.claim)} <= found.figures().keys()


def test_nothing_is_called_safe_or_anonymous(tmp_path):
    file = good()
    found = file.findings(tmp_path)
    told = said((*figures_in_words(found, file.claim), *cautions(found, file.claim))).lower()
    assert not {"safe", "secure", "anonymous", "guarantee", "impossible"} & {*told.split()}


def test_reversal_is_told_with_its_source(tmp_path):
    assert "Cohen 2021" in said(cautions(good().findings(tmp_path), good().claim))


def test_known_answers_are_told_with_the_figure_of_this_file(tmp_path):
    path = text(tmp_path / "t.csv", "a,x,y\n1,1,1\n1,1,2\n1,2,2\n1,2,2\n")
    claim = Claim(("a",), k=4)
    assert "with 5 answers 50 %, with 10 answers 50 %" in said(cautions(verify(path, claim), claim))


def test_a_group_that_agrees_is_told_to_give_its_value_away(tmp_path):
    path = text(tmp_path / "t.csv", "a,x\n1,1\n1,1\n2,1\n2,2\n")
    claim = Claim(("a",), k=2, sensitive=("x",))
    assert "knows the value" in said(figures_in_words(verify(path, claim), claim))


def test_a_broken_file_has_no_figures_to_explain():
    assert figures_in_words(Findings(broken="the file is empty"), Claim(("a",), k=1)) == ()


def test_a_share_is_never_rounded_to_nobody_or_everybody():
    assert [share_of(s) for s in (0, 0.00001, 0.125, 0.99999, 1)] == [
        "0 %", "under 0.1 %", "12.5 %", "over 99.9 %", "100 %",
    ]  # fmt: skip
