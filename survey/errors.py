"""What can go wrong, and the sentence a person is told.

    LacrimaError
    ├── BadSetting          a setting that cannot be read or is unsafe
    ├── BadKey              the server key is missing, malformed or readable by others
    ├── Unsealable          a draft that this browser and this server cannot open together
    └── Refusal             a command that will not do what was asked, with the reason

Stores and study folders raise their own (``survey.store.connect``, ``forms.load``).
"""


class LacrimaError(Exception):
    """Something went wrong; the message says what, where, and what to do."""


class BadSetting(LacrimaError):
    """A setting cannot be read, or would be unsafe."""


class BadKey(LacrimaError):
    """The server key cannot be used."""


class Unsealable(LacrimaError):
    """This draft cannot be opened."""


class Refusal(LacrimaError):
    """The command refuses; nothing was written."""
