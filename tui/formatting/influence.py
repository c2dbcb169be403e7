"""What was found behind a measure or a take, said in few words: plain text from plain values.

"Similar" is the word for what a search finds, "gradients agree" for what the model's own gradients
say too; "influence" is said only of what a retraining has confirmed.
"""

from __future__ import annotations

from engine.influence.spec import InfluenceAnswer, Match, Originality
from tui.formatting.generation import share

LICENCES = {"public domain": "PD", "CC BY": "BY", "CC BY-SA": "BY-S", "unknown": "?"}
"""Short words for licences; the others are short already."""

EVIDENCE = {"similar": "similar", "gradient": "gradient", "retrained": "retrain"}
"""How far a match is confirmed, in eight cells."""

CONFIRMED = {
    "similar": "similar; nothing has confirmed an influence",
    "gradient": "similar, and the model's gradients agree",
    "retrained": "influence on a small model, confirmed by training it without",
}

ALERTS = {"": "", "amber": "!", "red": "!!"}
"""Marks of alerts, which colour says too."""

PLACES = {"below": "▼", "inside": "=", "above": "▲"}
"""Where originality lies by the human range, which colour says too."""


def evidence(match: Match, *, close: bool) -> str:
    """Describe how far a match is confirmed, in eight cells; not close is not even similar."""
    return "none" if match.evidence == "similar" and not close else EVIDENCE[match.evidence]


def licence(terms: str) -> str:
    """Format a licence in four cells."""
    return LICENCES.get(terms, terms)[:4]


def book(match: Match) -> str:
    """Format a book by its first word, which is its editor's name in the old books."""
    return match.book.split(" ", 1)[0]


def bars(match: Match) -> str:
    """Format the measures in print: ``3`` or ``3-6``."""
    last = match.measure + match.measures - 1
    return f"{match.measure}-{last}" if match.measures > 1 else f"{match.measure}"


def measures(match: Match) -> str:
    """Format the measures in print: ``measure 3`` or ``measures 3-6``."""
    return f"measure{'s' * (match.measures > 1)} {bars(match)}"


def longest(of: Originality) -> str:
    """Format the longest exact match; nothing where no notes are read."""
    count = of.longest_match
    return f"longest exact match {count} note{'s' * (count != 1)}" if count else ""


def place(of: Originality) -> str:
    """Describe where originality lies by what human tunes reach."""
    return "below" if of.value < of.low else "above" if of.value > of.high else "inside"


def nearest(found: InfluenceAnswer) -> Match | None:
    """Return the match that lies nearest among those that are named: the most remarkable."""
    return max(found.matches, key=lambda each: (each.percentile, -each.rank), default=None)


def verdict(found: InfluenceAnswer) -> str:
    """Return whether anything lies close, plainly."""
    match = nearest(found)
    if match is None:
        return "No tune is left by what is named."
    if found.close:
        return f"Close: nearer than {match.percentile:.0f} % of held-out human tunes lie."
    return f"No close match: {100 - match.percentile:.0f} % of held-out human tunes lie as near."


def warning(found: InfluenceAnswer) -> tuple[str, tuple[str, ...]]:
    """Return the gravest alert and what it says, longest first; nothing where there is none."""
    for level in ("red", "amber"):
        for match in found.matches:
            if match.alert == level:
                run = f"{match.run} notes in a row, " if match.run > 1 else ""
                head = f"#{match.rank} {match.title}: {run}"
                if level == "amber":
                    advice = "asks for a credit or a look."
                    return level, (f"{head}{advice}", f"#{match.rank}: {run}{advice}")
                long = (
                    "its licence is not known or in copyright: similarity is not proof of copying."
                )
                short = f"licence {match.licence}: no proof of copying."
                return level, (f"{head}{long}", f"{head}{short}", f"#{match.rank}: {run}{short}")
    return "", ("",)


def raw(unit: str) -> str:
    """Describe what is compared raw: the notes of measures, the sound of takes."""
    return "sound" if unit == "second" else "notes"


def about(match: Match, unit: str, *, close: bool) -> tuple[str, ...]:
    """Format all about a match, what can best be left out last; ``close`` is said of the list."""
    where = f"{match.title}, {match.book} {match.number}, {measures(match)}"
    turned = match.transposed
    higher = ""
    if turned:
        plural = "s" * (abs(turned) > 1)
        higher = f"{abs(turned)} semitone{plural} {'lower' if turned > 0 else 'higher'} in print"
    run = f"{match.run} notes in a row agree" if match.run > 1 else ""
    heard = f"heard from {match.asked - 1} s on" if unit == "second" else ""
    sure = CONFIRMED[match.evidence]
    if not close:
        # What a retraining confirmed is not called similar anyway.
        sure = sure.replace("similar", "not close")
    parts = (where, match.licence, sure, run, heard, higher)
    return tuple(part for part in parts if part)


def sentence(found: InfluenceAnswer) -> str:
    """Format the answer in one sentence."""
    match, of = nearest(found), found.originality
    if match is None:
        return verdict(found)
    return (
        f"{verdict(found)} {'Most similar' if found.close else 'Nearest'}: {match.title} "
        f"({match.book} {match.number}, {bars(match)}), {raw(found.unit)} {match.raw:.2f}, latent "
        f"{match.latent:.2f}; originality {of.value:.2f}, human tunes {of.low:.2f} to "
        f"{of.high:.2f}, {place(of)}."
    )


def figures(match: Match, found: InfluenceAnswer) -> tuple[str, ...]:
    """Format the figures of a match and the originality, longest first."""
    of = found.originality
    mark = PLACES[place(of)]
    likeness = f"{raw(found.unit)} {share(match.raw)}  latent {share(match.latent)}"
    near, whole = f"{match.percentile:.0f} %", f"originality {share(of.value)} {mark}"
    human = f"({share(of.low)}-{share(of.high)})"
    return (
        f"{likeness}  nearer than {near} of human tunes  {whole} {human}",
        f"{likeness}  nearer than {near}  {whole}",
        f"{raw(found.unit)} {share(match.raw)}  nearer than {near}  "
        f"original {share(of.value)} {mark}",
    )
