import csv
import io
import random
import re
from dataclasses import replace

import pytest

from exports.errors import ExportRefused
from exports.texts.redaction import ReviewedText
from exports.texts.text_release import TextContext, text_name, text_release
from forms.study import Question, Wording
from tests.exports.tiny import PAGES, STUDY, _tier

APART = tuple(
    Question(name, "text", Wording(f"{name}?"), max_length=600, apart=True)
    for name in ("first", "last")
)
MET = (("met", frozenset({1})),)  # also what leads to a branch
SELDOM = (*MET, ("feel", frozenset({5})))
RARE = Question("rare", "text", Wording("rare?"), apart=True, show_if=MET)
ON_A_RARE_PAGE = replace(APART[0], name="beside")
WITH_TEXTS = replace(
    STUDY,
    pages=(
        *PAGES,
        replace(PAGES[0], id="p4", questions=(*APART, RARE)),
        replace(PAGES[0], id="p5", show_if=SELDOM, questions=(ON_A_RARE_PAGE,)),
    ),
)
TIER = _tier("D", k=20)


def some(count=25, *, variable="first", lang="en", state="approved", quote=1, say="text {}"):
    return [ReviewedText(variable, lang, quote, state, say.format(f"{n:03}")) for n in range(count)]


def release(texts, **occasion):
    return text_release(WITH_TEXTS, texts, tier=TIER, occasion=TextContext(**occasion))


def lines(made):
    return list(csv.DictReader(io.StringIO(made.data.decode(), newline="")))


def test_approved_and_redacted_texts_are_in_the_file():
    made = release([*some(20), *some(5, state="redacted", say="[name] {}")])
    assert [x["text"] for x in lines(made)][:2] == ["[name] 000", "[name] 001"]
    assert made.rows == 25


@pytest.mark.parametrize("state", ["new", "once", "withheld", "anything"])
def test_what_nobody_approved_is_not(state):
    made = release([*some(20), *some(30, state=state, say="secret {}")])
    assert b"secret" not in made.data


def test_too_few_are_refused_by_how_many():
    with pytest.raises(ExportRefused, match="first in en has 17, 3 too few"):
        release(some(17))


def test_what_is_not_read_yet_is_told():
    with pytest.raises(ExportRefused, match="9 texts are not read yet"):
        release([*some(17), *some(9, state="new")])


def test_nothing_at_all_is_refused():
    with pytest.raises(ExportRefused, match="none is approved"):
        release([])


def test_a_question_with_too_few_waits_while_another_is_released():
    made = release([*some(20), *some(19, variable="last", say="late {}")])
    assert {x["variable"] for x in lines(made)} == {"first"}
    assert "waiting for others" in made.about
    assert "19" not in made.about


def test_a_rare_language_is_left_out_with_its_texts():
    made = release([*some(20), *some(3, lang="el", say="κείμενο {}")])
    assert "κείμενο".encode() not in made.data
    assert {x["lang"] for x in lines(made)} == {"en"}


def test_a_text_without_a_language_never_leaves():
    made = release([*some(20), *some(40, lang=None, say="rare {}")])
    assert b"rare" not in made.data


@pytest.mark.parametrize("variable", ["rare", "beside"], ids=["its question", "its page"])
def test_a_text_that_only_a_few_are_asked_for_never_leaves(variable):
    with pytest.raises(ExportRefused):
        release(some(40, variable=variable))


def test_a_reader_is_told_which_texts_never_leave():
    assert "only some are asked: rare, beside" in release(some()).about


def test_a_text_of_a_whole_branch_leaves():
    pages = [replace(page, show_if=MET) if page.id == "p5" else page for page in WITH_TEXTS.pages]
    study = replace(WITH_TEXTS, pages=tuple(pages))
    assert text_release(study, some(variable="beside"), tier=TIER).rows == 25


def test_a_question_that_the_tier_leaves_out_stays():
    tier = replace(TIER, leave_out=("first",))
    with pytest.raises(ExportRefused):
        text_release(WITH_TEXTS, some(40), tier=tier)


def test_the_order_of_arrival_changes_nothing():
    texts = [*some(30), *some(30, variable="last"), *some(20, quote=0)]
    shuffled = random.Random(3).sample(texts, len(texts))
    assert release(texts).data == release(shuffled).data


def test_nothing_but_the_named_columns_is_in_it():
    header = release(some()).data.decode().splitlines()[0]
    assert header == "row,variable,lang,may_quote,text"


def test_each_line_says_whether_it_may_be_quoted():
    made = release([*some(10), *some(10, quote=0, say="quiet {}")])
    assert {(x["text"][:5], x["may_quote"]) for x in lines(made)} == {
        ("quiet", "0"),
        ("text ", "1"),
    }


@pytest.mark.parametrize("start", ["=1+1", "+44-1", "- a", "@me", "\t=1", " =1", "\u202e=1"])
def test_a_spreadsheet_runs_no_text(start):
    made = release([*some(20), ReviewedText("first", "en", 1, "approved", start)])
    assert not [x for x in lines(made) if x["text"][0] in "=+-@\t\r"]


def test_line_breaks_quotes_and_commas_survive():
    said = 'She said "oh",\r\nthen\rnothing, 😢'
    made = release([*some(20), ReviewedText("first", "en", 1, "approved", said)])
    assert 'She said "oh",\nthen\nnothing, 😢' in [x["text"] for x in lines(made)]


def test_pilot_and_synthetic_texts_are_marked_on_every_line():
    made = release(some(), pilot=True, synthetic=True)
    assert {(x["pilot"], x["synthetic"]) for x in lines(made)} == {("1", "1")}


# Repeated releases.


def test_a_later_release_holds_the_earlier_one_byte_for_byte():
    first = release(some())
    later = release([*some(), *some(20, say="a later one {}")], earlier=first.data)
    assert later.data.startswith(first.data)
    assert (later.rows, later.new) == (45, 20)
    assert [x["row"] for x in lines(later)] == [str(n) for n in range(1, 46)]


def test_too_few_new_texts_wait_and_the_file_stays_as_it_was():
    first = release(some())
    later = release([*some(), *some(19, say="a later one {}")], earlier=first.data)
    assert (later.data, later.new) == (first.data, 0)


def test_a_text_approved_after_its_batch_went_out_can_follow():
    read = [*some(20), *some(20, state="new", say="slow {}")]
    first = release(read)
    later = release([replace(t, state="approved") for t in read], earlier=first.data)
    assert later.new == 20


def test_alike_texts_are_counted_not_confused():
    alike = [ReviewedText("first", "en", 1, "approved", "Relief.")] * 25
    first = release(alike)
    assert release([*alike, *alike[:20]], earlier=first.data).new == 20


def test_a_released_text_that_is_no_longer_approved_is_refused():
    first = release(some())
    with pytest.raises(
        ExportRefused, match="1 texts of the earlier release are no longer approved"
    ):
        release(some()[1:], earlier=first.data)


def test_a_file_of_another_kind_is_no_earlier_release():
    with pytest.raises(ExportRefused, match="other columns"):
        release(some(), earlier=b"row,text\r\n1,x\r\n")


def test_a_real_release_never_follows_a_pilot_one():
    with pytest.raises(ExportRefused, match="other columns"):
        release(some(), earlier=release(some(), pilot=True).data)


# What is said about it.


def test_the_name_follows_psych_ds():
    assert re.fullmatch(r"([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv", text_name("a-b"))


def test_the_codebook_has_an_entry_for_every_column():
    made = release(some(), pilot=True)
    header = made.data.decode().splitlines()[0].split(",")
    assert [e["variable"] for e in made.codebook] == header


def test_staff_see_exact_counts_by_state():
    made = release([*some(20), *some(3, state="withheld"), *some(2, state="once")])
    assert made.counts == {"first": {"approved": 20, "unread": 2, "withheld": 3}}


def test_the_page_tells_small_counts_only_roughly():
    made = release([*some(20), *some(3, state="withheld"), *some(17, state="new")])
    assert "Held back by a reader: fewer than 10." in made.about
    assert "Not read to the end: about 15." in made.about
