"""Words around a word that tell a name from an ordinary word. Folded, as words.fold gives them."""

from __future__ import annotations


def _of(words: str) -> frozenset[str]:
    return frozenset(words.split())


# After these comes a name, whatever it looks like; after the next ones only a likely name.
HARD_TITLES = _of("dr mr mrs ms mx prof professor frau herr madame monsieur mme")
SOFT_TITLES = _of(
    "doctor doc miss sister brother father fr rev reverend pastor coach nurse officer sergeant "
    "captain aunt auntie uncle lady lord dame sir granny nana grandma grandpa"
)
RELATIONS = _of(
    "therapist counsellor counselor psychologist psychiatrist psychotherapist analyst shrink psych "
    "husband wife partner ex boyfriend girlfriend fiance son daughter brother sister mother father "
    "mum mom dad friend mate colleague neighbour neighbor boss cousin nephew niece dog cat baby "
    "supervisor worker lad twin flatmate roommate teacher tutor manager midwife"
)
CALLED = _of("called named nicknamed name names hes shes call")
DO = _of(
    "said says cried cries crying asked asks told tells started had has teared wept welled smiled "
    "laughed nodded looked looks did didnt doesnt does never helped came went got put gave held "
    "kept thinks thought knew knows wasnt isnt who was is just always would"
)
# What follows a lower-case name, but hardly a noun or a verb of the same letters.
DO_SURELY = _of(
    "said says cried cries asked asks told tells teared wept smiled laughed nodded didnt doesnt "
    "did does thinks knew knows is who"
)
IN = _of("in at from near to outside around of via")
DETERMINERS = _of(
    "a an the this that my your his her its their some any no more very i you we they he she it to "
    "have with of and or great such any can"
)
NOT_NAMES = _of(
    "a an the me it her him them us you back off in out on for my his our your to and up an by so "
    "because when not just only that this it now again about is was with how if as or"
)
NO_NAME = NOT_NAMES | DO | DETERMINERS | IN
