"""A page is read as a person meets it: every line, and nothing of how it is being served."""

import pytest

from survey.page_text import comparable_text


@pytest.mark.parametrize(("html", "lines"), [
    ("<h1>Hello</h1><p>One <em>two</em> three</p>", ["Hello", "One two three"]),
    ("<label><input name=a><span>Yes</span></label><label><span>No</span></label>", ["Yes", "No"]),
    ("<p>broken\n over   lines</p>", ["broken over lines"]),
    ("<select><option>A<option>B</select>", ["A", "B"]),
    ('<div aria-label="Heard only"><img alt="Drawn"></div>', ["Heard only", "Drawn"]),
    ("<script>no()</script><style>x</style><p>Seen</p>", ["Seen"]),
    ("<p>Page 3 of 17</p><p>Page 3 of the book</p>", ["Page 3 of the book"]),
    ("<p>Pilot: a trial run, not the real study</p><p>x</p>", ["x"]),
    ("<p>The link: https://one.example/s/hour/</p>", ["The link: /s/hour/"]),
    ("<p>&lt;b&gt; &amp; more</p>", ["<b> & more"]),
])  # fmt: skip
def test_lines(html, lines):
    assert comparable_text(html).lines == lines


def test_the_number_of_a_page_is_not_part_of_its_title():
    page = "<title>Error: {} – Survey</title><input name=shown value=q>"
    assert comparable_text(page.format("Maple")).title == "Error: Page – Survey"


def test_a_page_says_which_questions_it_asks():
    assert comparable_text('<input type="hidden" name="shown" value="a b">').asks == "a b"
