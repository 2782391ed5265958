"""The platform's own words to a client, beside those of the study; one home for all of them.

A study words everything that concerns its topic; these are what every study has in common.
Templates meet them as ``platform``.
"""

from __future__ import annotations

from forms.typed_codes import CODE_GROUP, CODE_GROUPS, OLDER_GROUPS

# Titles of pages, which a browser keeps in its history.
TITLE = "{} – Survey"
ERROR_TITLE = "Error: {}"
SITE_TITLE = "Surveys"
INVITATION_TITLE = "Invitation"

# In dates.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

# Ways on and out, on every screen.
LEAVE_NOW = "Leave now"
STOP = "Stop"
HELP = "Help and support"
INFORMATION = "Information"
AT_ANY_TIME = "At any time"
GO_ON = "Go on"
GO_ON_WITH_SURVEY = "Go on with the survey"
GO_ON_INSTEAD = "Go on with the survey instead"
GO_ON_WHEN_READY = "Go on when you are ready"
DELETE_EARLIER = "Delete answers you sent earlier"
TO_THE_START = "To the start"
BEFORE_YOU_GO_ON = "Before you go on"

# Marks of a pilot and of the board's walk.
PREVIEW_MARK = "Preview for review: nothing is stored"
PILOT_MARK = "Pilot: a trial run, not the real study"
EXAMPLE_MARK = "Pilot: a trial run. Names, dates and places are made up"

# Landing and information.
INVITED = "This survey is by invitation: it asks for a code. If you have not entered yours yet,"
ENTER_CODE = "enter it here"
BY_INVITATION = f"{INVITED} {ENTER_CODE}."
READ_ABOUT = "Read what it is about"
GOOD_TO_KNOW = "Good to know first"
SHIFT_LEAVES = "Where this site’s script runs, pressing Shift three times in a row leaves as well."
NETWORK_SEES = (
    "Whoever runs the network you use can see that you are on this site, how many pages you open "
    "and when. That can tell which questions you were asked, and whether you opened the help page. "
    "Every page is sent at one length, so that its length tells nothing more."
)
YOUR_COUNTRY = "Your country"
CHOOSE_COUNTRY = "Choose a country"
SHOW = "Show"
MORE_DETAIL = "More detail"
NOTICE = "Data protection notice"
PRINT_OR_SAVE = "You can print or save this page, all of it. It stays at this address."

# Answers that were begun in this browser.
BEGUN_TITLE = "Answers were begun in this browser"
BEGUN_LEAD = "They have not been sent. Were they yours?"
BEGUN_GO_ON = "Go on with them"
BEGUN_ANEW = "Begin anew"
BEGUN_ON_TEXT = (
    "You come to the first page that is not finished. What was answered before is not shown until "
    "something new is answered."
)
BEGUN_ANEW_TEXT = "This deletes the answers begun here. Nobody can open them any more."
NOT_SHOWN = (
    "You went on with answers that were begun in this browser, and nothing new has been answered "
    "since. So they are not shown here. You can send them as they are, or stop and delete them."
)

# A shared device, opened by its own link.
KIOSK_NOTE = (
    "This device is shared. When you finish or leave, it goes back to its first page, and so it "
    "does when nobody touches it for a while. Answers that were not sent are deleted then."
)
KIOSK_NEXT = "Finish, for the next person"
KIOSK_ENDS = "This page ends by itself {}."
IDLE_TITLE = "Are you still there?"
IDLE_LEAD = "If not, what was answered here is deleted {}, and this device goes back to its start."
IDLE_STAY = "I am still here"

# Questions about the information, before consent.
TWO_QUESTIONS = "First, if you like: is this clear?"
TWO_QUESTIONS_TEXT = (
    "You can leave these blank. Whatever you choose, you can take part. We do not keep what you "
    "choose here. We only count how many people chose what. The count is written nowhere: it is "
    "gone when the server stops."
)
RIGHT = "“{}” is right."
NOT_RIGHT = "“{}” is not right. You can read it again here."
SHOW_WHERE = "Show me where"
WHAT_YOU_AGREE_TO = "What you agree to"

# Consent.
YES = "Yes"
NO = "No"
YOUR_CHOICE = "Your choice, either way is fine"
READ_INFORMATION = "Read, print or save the information"
THE_LINK = "The link:"

# Questions.
BACK = "Back"
WITHOUT_SCRIPT = (
    "Your browser does not run this site’s script. Then whoever runs the network can see how much "
    "you type, tick and leave out on a page, but not what."
)
SAVE_AND_CHECK = "Save and go back to check"
PAGES_DONE = "Pages done"
MINUTES_LEFT = "about {} minutes left"
MINUTES_STEP = 5  # in which they are told, rounded up
GRID_LEGEND = "Sentences to answer"
GRID_REFUSED = "You chose not to answer these. You can still answer any of them."
REFUSE_GRID = "I would rather not answer these"
WRITTEN_EARLIER = "You wrote this earlier. You can delete it here; it cannot be changed."
DELETE_TEXT = "Delete what I wrote"
TEXT_DELETED = "Nothing is kept here. This question is asked only once, so it stays empty."

NO_ANSWER = "No answer"  # the choice that stands for none, chosen until another is
CLEAR = "Clear"  # the same, to whoever sees it beside a choice that was made
NEW_QUESTION = "New:"  # before a question that an answer on the same page opened
ONE_MORE_QUESTION = "Your answer opened one more question on this page."
MORE_QUESTIONS = "Your answers opened {} more questions on this page."
GRID_CLEARED = "You chose not to answer these sentences, so what was chosen there was taken away."
ANSWERS_REMOVED = (
    "Some questions are not asked after what you just answered. What you had answered there was "
    "deleted."
)
SEE_BLANK = "See the page before"
ASKED_ONCE = (
    "When you press {}, this can still be deleted, but not rewritten. You can also leave it empty. "
    "Then it stays empty."
)
UP_TO = "Up to {:,} characters."
CUT_BY_BROWSER = "Your browser takes no more: it cuts what is longer."
NUMBER_FROM = "A number from {} to {}"
END_OF_SCALE = "{} = {}"
CHARACTERS_LEFT = "{} characters left"
CHARACTERS_TOO_MANY = "{} characters too many. Shorten this before you go on."
SLIDER_EMPTY = "no answer yet"
OFFLINE = "You seem to be offline. What you chose is still here. Try again when you are connected."
KEPT_FOR = (
    "Your answers are kept for {} minutes more. To keep them for longer, press any button of this "
    "page, Help for example. What you have typed here is kept with them."
)

# Neutral words, 64 of them: titles of pages, which stay in the history. They mean nothing.
PAGE_WORDS = (
    "Acorn", "Amber", "Apple", "Apron", "Arch", "Barley", "Basin", "Beach", "Birch", "Bread",
    "Bridge", "Brook", "Button", "Candle", "Canvas", "Cedar", "Chalk", "Cherry", "Clay", "Clover",
    "Copper", "Coral", "Cotton", "Cup", "Daisy", "Door", "Fern", "Field", "Flint", "Garden",
    "Glass", "Grain", "Harbour", "Hazel", "Hill", "Honey", "Ink", "Island", "Ivory", "Kettle",
    "Lake", "Lantern", "Leaf", "Lemon", "Linen", "Maple", "Meadow", "Mint", "Moss", "Oak",
    "Olive", "Orchard", "Paper", "Pebble", "Pine", "Plum", "Quilt", "Reed", "Ribbon", "River",
    "Saddle", "Shell", "Stone", "Willow",
)  # fmt: skip

# Check.
CHECK_PART = "Part {} of {}"
TO_SENDING = "Go to the button that sends"
CHECK_PARTS = "You can send from any part, or look at the others first."
NEXT_PART = "The next part"
PART_BEFORE = "The part before"
NOTHING_HERE = "You were not asked the questions of this part."
WHAT_IS_STORED = "Exactly what we will store"
ONE_ROW = (
    "One row with these columns, and nothing else about you. Codes below zero say why there is "
    "no answer."
)
ROW_IN_PARTS = (
    "One row with the columns of all parts, and nothing else about you. Codes below zero say why "
    "there is no answer. These are the columns of this part."
)
YOUR_OWN_WORDS = "Your own words"
TEXTS_APART = (
    "Each text is stored by itself, under a random number of its own, with the study, the "
    "question, whether it may be quoted, a value for deleting it later and, later, what a reader "
    "removed from it. The language is stored with it too, unless only a few people are asked the "
    "question. Nothing connects it with your other answers. A text you left blank leaves nothing."
)
NOT_USED = (
    "You said that we should not use your answers. If you send, none of them is stored. You can "
    "still change what you said."
)
CHANGE = "Change"
SEE_OR_DELETE = "See or delete"
SEND = "Send my answers"
KEEP_THINKING = "Keep thinking: go back to the last page"
DELETE_EVERYTHING = "Stop, or delete everything"

# The lines of a row that hold no answer, as the check page tells them.
NOT_PROVIDED = "Not provided"
MADE_AT_SEND = "made when you send"
ROW_LINES = {
    "key": "A random number for the row",
    "fingerprint": "Which words you were shown",
    "lang": "Language",
    "c_open": "May be part of an open file",
    "completion": "How it ended",
    "dur_band": "About how long it took, in four bands",
    "deletion": "For deleting it later, or random",
    "batch": "Which frozen batch it belongs to",
}
AS_SHOWN = "as shown"
NO_BATCH = "None yet"
COMPLETIONS = {1: "Reached the end", 2: "Stopped early and sent"}
NOT_TICKED = "Not ticked"
TICKED = "Ticked"

# Thank you, help, a break.
YOUR_CODE = "Your code"
COPY_CODE = "Copy the code"
SAVE_CODE = "Save it as a file"
CODE_FILE = "note.txt"  # its name, which the browser lists among what it has downloaded
CODE_COPIED = "Copied. Paste it somewhere only you can find it."
CODE_NOT_COPIED = "This browser did not copy it. Please write it down."
CODE_SAVED = (
    "The file holds the code alone. Your browser lists it as {} among its downloads, where others "
    "who use this device can find it."
)
CODE_KEPT = (
    "This browser can show this page again for 15 minutes after you sent your answers, unless you "
    "press the button or leave. After that the code is shown to nobody."
)
NOT_STORED = "You said that we should not use your answers, so none of them was stored."
CODE_NOTED = "I have written it down"
FINISHED_TITLE = "You can close this page"
FINISHED_LEAD = "Your code is not shown again. Keep it where only you can find it."
CLOSE_AND_LEAVE = "Close and leave"
NOT_YET_CHECKED = "not yet checked"
NOT_TRIED = (
    "Nobody has tried yet whether a line marked “not yet checked” can be reached as it says."
)
NO_LINE_SHOWN = (
    "We show only help lines that a person has tried lately. There is none just now. Please call "
    "the emergency number of where you are, or ask a doctor, a hospital or somebody you trust for "
    "help."
)
HELP_FIRST_TITLE = "Thank you for telling us. You do not have to go on."
WHAT_NEXT = "What would you like to do?"
TAKE_A_BREAK = "Take a break"
STOP_AND_DELETE = "Stop and delete"
STOP_AND_SEND = "Stop and send what I have answered"
BREAK_TITLE = "Take your time"
BREAK_LEAD = (
    "This page stays open. For two hours from now your answers can be opened, in this browser "
    "alone. After that they cannot, and within half an hour more they are deleted."
)

WAIT_TITLE = "One moment, please"
WAIT_LEAD = (
    "More people are starting this survey just now than it lets in at once. Your choice is kept, "
    "and you are let in as soon as there is room."
)
WAIT_ITSELF = "This page tries again by itself every 20 seconds. You need not do anything."
TRY_NOW = "Try now"

# Stop and delete later.
NOTHING_IS_KEPT = "Nothing is kept."
NOTHING_ANSWERED = (
    "That is fine. This browser has no unfinished answers here, so there is nothing to delete. You "
    "can close this page or leave now."
)
LEAVE_SITE = "Leave this site"
DELETE_THEM = "Delete the answers sent with this code"
NO_CODES = "This study gives no codes."
PILOT_COPIES = (
    "This is a pilot. Trial files may be made from its answers before you delete yours. Those that "
    "this server keeps are deleted with your answers. A copy that somebody has taken from here "
    "before cannot be called back."
)
CODE_HINT = "Small or capital letters, with or without hyphens: both are fine."
CODE_ERRORS = {
    "empty": "Type the code that was shown when your answers were sent.",
    "shape": (
        f"A code has {CODE_GROUPS * CODE_GROUP} letters and digits in {CODE_GROUPS} groups of "
        f"{CODE_GROUP}; an older one has {OLDER_GROUPS} groups. What you typed has another number "
        "of them, or a letter is wrong or in the wrong place."
    ),
}
DELETED_WHEN = "Deleting takes a minute at most."
# In its place where this server could not delete for ten minutes.
DELETED_LATE = (
    "Deleting takes longer than usual now, because this server has a fault. What you asked for is "
    "kept, and tried again until it is done."
)
# With the day on which the operator said that a server key is gone, in words.
KEY_LOST = (
    "A code that was given on or before {day} may delete nothing: a key that this server needs for "
    "it was lost."
)
# With the day of the last freeze, in words.
FROZEN_ONCE = (
    "Answers sent before {day} were put into the results on that day, and so were any sent earlier "
    "that day. No code can delete them any more."
)
FROZEN_AGAIN = (
    "Answers sent before {day} were put into the results on that day or earlier, and so were any "
    "sent earlier that day. No code can delete them any more."
)
FROZEN_ALL = (
    "All answers were put into the results, the last of them on {day}. No code can delete them any "
    "more."
)
TYPE_ANOTHER = "Type the code again"

# In place of a page that was asked for.
ELSEWHERE_TITLE = "That page is not on your way"
ELSEWHERE_LEAD = (
    "Which pages you see depends on your answers. What you have answered on your way is still here."
)
GONE_TITLE = "There are no unfinished answers here"
GONE_LEAD = "If you saw the thank-you page, your answers arrived, once."
GONE_TEXT = (
    "If you had not sent them yet, they cannot be opened from here. Unfinished answers can be "
    "opened for two hours after the last page, in the browser that they were written in alone. We "
    "are sorry if that was unexpected. You are welcome to start again."
)
SPENT_TITLE = "This invitation was used already"
SPENT_LEAD = "Your answers were not sent, and nothing of them is kept. We are sorry."
SPENT_TEXT = (
    "Each invitation can send one set of answers. Somebody has sent answers with yours before, "
    "perhaps you yourself in another window or on another device. Or the invitation was taken "
    "back while you were answering."
)
SPENT_ARRIVED = "If you saw the thank-you page before, those answers arrived, once."
REFUSED = (
    "It ended while you were answering. What you had answered was not sent, and nothing of it is "
    "kept. We are sorry."
)

# A page that was not taken: heading, lead and what to do, by cause (survey.csrf).
NOT_TAKEN = {
    "no_cookie": (
        "Your browser sent no cookie",
        (
            "This survey needs one cookie while you answer. None came with this page, so what was "
            "on it was not taken."
        ),
        (
            "Perhaps your browser keeps no cookies for this site. Then allow them, if only for "
            "this visit. You are welcome to start again."
        ),
        (
            "Or the cookie had ended. It does after Leave now, at the end of the survey, and when "
            "the browser is closed. Answers that were not sent can be opened only with it. If you "
            "saw the thank-you page, your answers arrived, once."
        ),
    ),
    "old_page": (
        "This page is out of date",
        "It belongs to an earlier visit, or it did not arrive whole. What was on it was not taken.",
    ),
    "foreign": (
        "This did not come from our page",
        "Your browser names another site as the one that sent it, so it was not taken.",
        (
            "If it was our page, open the survey anew by its link and try again. If this comes "
            "again, the fault is ours: please tell the people who gave you the link."
        ),
    ),
    "untold": (
        "Your browser did not say where this came from",
        (
            "We take a page only when the browser says that it is one of ours. Yours did not say, "
            "so what was on it was not taken."
        ),
        (
            "A setting, an add-on or an old browser can hold this back: it is sent as “Origin”, or "
            "as “Referer”. Allow one of them for this site, or use another browser."
        ),
    ),
}
STILL_HERE = "What you answered on the pages before is still here."
HAVE_ARRIVED = "The answers that you sent have arrived, once."
SEE_THANKS = "See the thank-you page"
NONE_UNFINISHED = "This browser has no unfinished answers here. You are welcome to start again."
OPEN_ANEW = "Open the page anew"

# A study that takes nobody: heading and sentence by its state.
_OVER = ("This survey is closed", "Nobody can take part any more. Thank you for wanting to.")
_PAUSED = (
    "This survey is paused",
    "It takes nobody new at the moment. Thank you for wanting to take part.",
)
CLOSED = {
    "not_open": ("Not open yet", "This survey has not started. Please come back later."),
    "closed": _OVER,
    "frozen": _OVER,
    "full": (
        "Enough people have taken part",
        "As many people have sent answers as we hoped for. Thank you for wanting to take part.",
    ),
    "full_today": (
        "Enough people for today",
        "This survey takes only so many answers a day. Please come back tomorrow. Thank you.",
    ),
    "held": _PAUSED,
    "expired": _PAUSED,
}

# On the information page, where a quorum of the board confirmed what the operator noted.
ON_PAPER = (
    "The ethics board approved this study on paper. Whoever runs this site noted that here from "
    "its letter, and the board confirmed it."
)

# Why it is paused, where the board chose one of these with its suspension: nothing else is told.
WHY_PAUSED = {
    "checked": "The ethics board is checking something in the study. You did nothing wrong.",
    "words": "The ethics board has asked for clearer words before anybody else is asked.",
    "care": "The ethics board wants to be sure that people who take part are looked after well.",
    "early": "The ethics board has decided that the study ends earlier than planned.",
}

# What is to be mended on a page. Each error names what it is about, so that a list of them can be
# told apart.
CHOOSE_SHOWN = "Choose one of the answers shown."
CHOOSE_ONE = "Choose an answer to go on."
WHOLE_NUMBER = "Enter a whole number from {} to {}."
TOO_LONG = "Shorten this to {} characters. It has {} now."
LONGEST_ERROR = TOO_LONG.format(10**6, 10**6)  # of those about one input
TYPED_BESIDE = (
    "You typed an answer and chose “{0}” as well. Keep one: empty the box, or choose “No answer”. "
    "If both stay, “{0}” counts."
)
TICKED_BESIDE = (
    "You ticked “{0}” beside other answers. Keep one or the other. If both stay, “{0}” counts."
)
CHOOSE_CODE = "Choose whether you want a code."
ENTRANCE_ERRORS = {
    "unanswered": (
        "Choose an answer to every question. Nothing of this page was kept, so please choose all "
        "of them again."
    ),
    "unticked": (
        "To take part, tick every statement. Nothing of this page was kept, so please tick and "
        "choose all of them again."
    ),
    "filled": (
        "Leave the last box empty: it is there to stop programs that fill in forms. Nothing of "
        "this page was kept, so please tick and choose all of it again."
    ),
    "changed": "These words have just changed. Please read the information and this page again.",
}
LEAVE_EMPTY = "Leave this box empty"
# At each input of the same pages, where a script checks before anything is sent.
TICK_THIS = "Tick this to take part."
SOME_UNTICKED = "To take part, tick every statement. Those that are not ticked are marked."
SOME_UNANSWERED = "Choose an answer to every question. Those without one are marked."
CHOOSE_END = "Choose what should happen to your answers."
NOTHING_YET = "You have not answered anything yet, so there is nothing to send."

# An error in place of a page: heading and sentence by its status, and of any other.
ERROR_PAGES = {
    400: ("That did not work", "We could not read what was sent. Please go back and try again."),
    404: ("There is no such page", "The address may have a slip in it, or the page has moved."),
    405: ("That did not work", "This page is not used in that way. Please go back and try again."),
    413: ("That was too much", "This page cannot take so much. Please shorten it and try again."),
    503: ("Please try again in a moment", "Answers cannot be saved just now. Nothing was sent."),
}
ANY_ERROR = (
    "Something went wrong here",
    "It was our fault, not yours. Please go back and try again in a moment.",
)

# Missing codes as a grid names them.
CANT_SAY = {"dont_know": "Can’t say", "not_applicable": "Does not apply"}

# The page that takes an invitation, to a code that opens nothing.
INVITATION_ERRORS = {
    "empty": "Type the code that you were given.",
    "shape": (
        "A code has twelve letters and digits. What you typed has another number of them, or a "
        "letter is wrong or in the wrong place. Please compare it letter by letter."
    ),
    "unknown": (
        "This code opens nothing: it has been used, was taken back, or is not from this site."
    ),
}

# With the day, where a server key was lost.
INVITATION_KEY_LOST = (
    "A code that was made on or before {day} may be unknown here now: a key that this server needs "
    "for it was lost. Ask whoever invited you for another."
)

# The leaflet, whose outside tells nothing of the topic.
LEAFLET = {
    "heading": "An invitation to a survey",
    "outside": (
        "Without your name. What it is about is told inside. Read it where you are by yourself."
    ),
    "pilot": "Trial run: not the real study",
    "picture": "QR code of the address below",
    "code": "Your code:",
}
