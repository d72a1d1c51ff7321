"""English words with what the rules ask of them: capital, owner, first of a sentence, in a quotation, role."""
# ruff: noqa: RUF001 curly quotes are meant

import re
from dataclasses import dataclass

from lianhuan.script import lexicon_en as lex
from lianhuan.story import Span

_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_CLITIC = re.compile(r"(?:'(?:s|ll|d|re|ve|m))$", re.IGNORECASE)
_BREAK = re.compile(r"[.!?;:…\"“”‘(\[—–]|\n\s*\n|(?:^|\W)'|--")
_VERBS = lex.HUMAN_VERBS | lex.AUXILIARIES
_BEFORE_SUBJECT = frozenset(
    [
        "but",
        "then",
        "when",
        "as",
        "while",
        "so",
        "because",
        "that",
        "if",
        "until",
        "where",
        "since",
        "although",
        "once",
    ]
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word: `text` without 's, `low` in lower case, `gap` the characters before it, `initial` after a break."""

    start: int
    end: int
    text: str
    low: str
    gap: str
    owns: bool
    initial: bool
    quoted: bool

    @property
    def capital(self) -> bool:
        """Whether it is written like a name (not like SHOUTING)."""
        return self.text[0].isupper() and (len(self.text) == 1 or not self.text.isupper())

    @property
    def near(self) -> bool:
        """Whether only white space parts it from the word before."""
        return not self.gap.strip() and "\n\n" not in self.gap and bool(self.gap)


def tokens_of(text: str, quotations: list[Span]) -> list[Token]:
    """The words of `text` in order."""
    quoted = bytearray(len(text) + 1)
    for start, end in quotations:
        quoted[start:end] = b"\x01" * (end - start)
    tokens: list[Token] = []
    last = 0
    for found in _WORD.finditer(text):
        gap = text[last : found.start()]
        word = found[0]
        base = _CLITIC.sub("", word)
        owner = (word != base and word[len(base) :].lower() == "'s") or (
            base.endswith("s") and text[found.end() : found.end() + 2] == "' "
        )
        titled = bool(tokens) and gap.strip() == "." and tokens[-1].low in lex.TITLES
        initial = not tokens or (not titled and bool(_BREAK.search(gap)))
        said = bool(quoted[found.start()])
        tokens.append(
            Token(found.start(), found.start() + len(base), base, base.lower(), gap, owner, initial, said)
        )
        last = found.end()
    return tokens


def verb_after(tokens: list[Token], last: int) -> str:
    """The verb that directly follows token `last`, adverbs skipped, in lower case; "" if there is none."""
    for token in tokens[last + 1 : last + 4]:
        if not token.near or token.capital:
            return ""
        if is_verb(token.low):
            return token.low
        if not (token.low in lex.ADVERBS or token.low.endswith("ly")):
            return ""
    return ""


def is_verb(low: str) -> bool:
    """Whether the word is a verb of the tables or ends like a past tense."""
    return low in _VERBS or (low.endswith("ed") and len(low) > 4)


def role_of(tokens: list[Token], first: int, last: int) -> str:
    """The role of the phrase tokens[first..last]: "owner" (Mike's), "subject" or "object"."""
    if tokens[last].owns:
        return "owner"
    if verb_after(tokens, last):
        return "subject"
    if tokens[first].initial:
        return "subject"
    before = tokens[first - 1]
    if before.low in lex.SPEECH and re.search(r"[\"”’']", before.gap):
        return "subject"
    return "subject" if before.low in _BEFORE_SUBJECT else "object"


def is_quoted(text: str, token: Token, last: Token) -> bool:
    """Whether the words are in a quotation and do not address somebody ("Hello, Mike!")."""
    if not token.quoted:
        return False
    opened = bool(re.search(r"[,\"“‘]\s*$", token.gap))
    return not (opened and text[last.end : last.end + 1] in (",", "!", "?", "."))
