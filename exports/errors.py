"""Why a release does not come about: one exception, whose message is the sentence to say."""


class ExportRefused(Exception):
    """This release is refused; the message says what is wrong, by how much, and what to do."""
