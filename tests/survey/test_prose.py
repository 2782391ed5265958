import pytest

from survey.respondents.screens import line, prose


class version:  # noqa: N801 - stands for what a site offers
    def __init__(self, **facts):
        self.facts = facts

    def fill(self, text):
        return text.format_map(self.facts) if self.facts else text


@pytest.mark.parametrize(("text", "html"), [
    ("One.", "<p>One.</p>"),
    ("One.\n\nTwo.", "<p>One.</p>\n<p>Two.</p>"),
    ("This *matters* much.", "<p>This <em>matters</em> much.</p>"),
    ("2 * 3 = 6", "<p>2 * 3 = 6</p>"),
    ("<b>bold</b> & so", "<p>&lt;b&gt;bold&lt;/b&gt; &amp; so</p>"),
    ("*<script>*", "<p><em>&lt;script&gt;</em></p>"),
    ("We are [institution].", "<p>We are <mark>[institution]</mark>.</p>"),
    ("", ""),
])  # fmt: skip
def test_study_text_becomes_paragraphs_and_nothing_else(text, html):
    assert str(prose(text, version())) == html


def test_what_a_site_fills_in_is_escaped_too():
    assert str(line("We are {who}.", version(who="A & <B>"))) == "We are A &amp; &lt;B&gt;."
