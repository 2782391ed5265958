import csv
import io
import json
import re
from dataclasses import replace

from exports.documents.codebook_page import codebook_csv, codebook_json, codebook_page, distribution
from exports.documents.context import DocumentContext
from tests.exports.documents.desk import NASTY, context, relabelled


def entry(name: str, release: DocumentContext | None = None):
    return next(e for e in (release or context()).codebook if e["variable"] == name)


def bars(name: str, **cells: int) -> list[tuple[str, str]]:
    drawn = distribution(entry(name), {c.replace("m", "-"): n for c, n in cells.items()})
    return [(bar.label, bar.figure) for bar in drawn]


def test_the_table_has_one_line_a_column_of_the_data():
    lines = list(csv.DictReader(io.StringIO(codebook_csv(context()).decode(), newline="")))
    assert [line["variable"] for line in lines] == [e["variable"] for e in context().codebook]


def test_no_cell_of_the_table_opens_like_a_formula():
    release = relabelled(context(), "met", label="=1+1", hint="@x", note="-5+1")
    cells = [c for line in csv.reader(io.StringIO(codebook_csv(release).decode())) for c in line]
    assert not any(c.startswith(("=", "+", "-", "@")) for c in cells)


def test_the_json_keeps_every_entry_as_it_is():
    book = json.loads(codebook_json(context()))
    assert book["variables"] == json.loads(json.dumps(context().codebook))
    assert book["data"] == "data/study-tinystudy_data.csv"


def test_a_single_choice_is_drawn_with_its_labels():
    drawn = bars("met", **{"1": 60, "2": 41})
    assert drawn == [("1 met 1", "about 60 (59%)"), ("2 met 2", "about 40 (40%)")]


def test_rare_reasons_for_a_missing_answer_stand_together():
    drawn = bars("calm", **{"1": 60, "2": 40, "3": 30, "4": 30, "5": 30, "m99": 6, "m95": 7})
    assert drawn[-1] == ("Missing for another reason", "about 15 (7%)")


def test_too_few_missing_answers_are_left_out_without_a_word():
    drawn = bars("calm", **{"1": 60, "2": 40, "3": 30, "4": 30, "5": 30, "m99": 2})
    assert len(drawn) == 5


def test_a_score_is_drawn_in_bands():
    drawn = bars("sc_mood", **{"4.333": 50, "1.000": 12, "m92": 20})
    assert drawn[0] == ("1 to under 1.4", "about 10 (12%)")
    assert drawn[-1] == ("-92 Not scored", "about 20 (24%)")


def test_a_difference_shows_how_many_are_empty():
    drawn = distribution(entry("sc_rise"), {"": 30, "-1": 20, "2": 25})
    assert "Empty" in [bar.label for bar in drawn]


def test_the_page_shows_every_column_with_a_place_to_link_to():
    page = codebook_page(context()).decode()
    assert all(f'id="v-{e["variable"]}"' in page for e in context().codebook)


def test_two_people_are_never_counted_on_the_page():
    shares = re.findall(r"about (\d+) \(", codebook_page(context()).decode())
    assert shares == []


def test_a_free_text_is_not_counted():
    assert distribution(entry("said"), {"Helen was there": 12}) == []


def test_a_label_with_markup_stays_text():
    page = codebook_page(relabelled(context(), "met", label=NASTY)).decode()
    assert "&lt;b&gt;" in page
    assert "<b>|" not in page


def test_the_page_stands_without_counts():
    assert b"calm" in codebook_page(replace(context(), counts={}))
