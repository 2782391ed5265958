"""Errors whose message is a sentence for a person; study folders raise their own (``forms.load``).

LacrimaError
├── BadSetting          a setting that cannot be read or is unsafe
├── BadKey              the server key is missing, malformed or readable by others
├── Unsealable          a draft that this browser and this server cannot open together
└── Refusal             a command that will not do what was asked, with the reason
StoreError
├── StoreUnavailable    the data folder or a file in it cannot be opened or written
├── CodeNotAllowed      a value that the table does not allow; nothing was stored
├── InvitationSpent     the invitation is no longer there; nothing was stored
├── UnknownWords        no table was prepared for these words
└── TooFewToFreeze      fewer new answers than a batch must have; nothing was changed
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


class StoreError(Exception):
    """Something could not be stored; the message says what and where, never an answer."""


class StoreUnavailable(StoreError):
    """The data folder or a file in it cannot be opened or written."""


class NoRoom(StoreError):
    """The disk has too little room for this to be begun."""


class CodeNotAllowed(StoreError):
    """A value that the table does not allow; the whole answer was left out."""


class InvitationSpent(StoreError):
    """The invitation has been used already, or never existed."""


class UnknownWords(StoreError):
    """Nothing was prepared for these words."""


class TooFewToFreeze(StoreError):
    """A batch must be large enough to hide in. ``have`` and ``need`` count answers."""

    def __init__(self, have: int, need: int) -> None:
        super().__init__(
            f"{have} new answers are too few to freeze: a batch needs {need}, "
            f"{need - have} more, or the close of the study."
        )
        self.have, self.need = have, need
