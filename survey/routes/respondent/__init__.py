"""The client's pages: one blueprint below a study's address, and within it one a module."""

from forms.form_fields import fixed_width
from survey.respondents.rendered_parts import render_frame
from survey.respondents.screens import dialable, error_line, line, prose, reachable
from survey.routes.respondent import entry, exits, questions
from survey.routes.respondent.request import bp

__all__ = ["bp"]

for pages in (entry.bp, questions.bp, exits.bp):
    bp.register_blueprint(pages)
bp.add_app_template_global(render_frame)
bp.add_app_template_filter(prose)
bp.add_app_template_filter(line)
bp.add_app_template_filter(fixed_width)
bp.add_app_template_filter(error_line)
bp.add_app_template_filter(dialable)
bp.add_app_template_filter(reachable)
