"""The document of `evaluate influence` as the tables of its README, and as a plot in text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ARMS = {
    "search": "search, as shown",
    "fused": "fused rank",
    "raw": "raw rank",
    "latent": "latent rank",
    "gradient": "gradient rank",
    "random": "random, matched",
    "least": "least similar",
}
FORETOLD = {
    "random": "random scores",
    "raw": "raw",
    "latent": "latent",
    "fused": "raw and latent fused",
    "search": "the search, as shown",
    "gradient": "gradient of the loss",
    "output": "gradient of the output",
    "another seed": "*the same trained from another seed*",
}
MEASURED = {"plain": "reconstruction", "bound": "bound"}
PLOT = 40


def table(found: dict[str, Any]) -> str:
    """Return what was trained, the table of the arms, and that of the datamodeling score."""
    parts = [_head(found), _arms(found)]
    if found["datamodel"] is not None:
        parts.append(_datamodel(found["datamodel"]))
    parts.append(_confirmed(found))
    return "\n\n".join(parts)


def plot(found: dict[str, Any], measured: str = "plain") -> str:
    """Draw the change of every arm by k with its interval, 80 columns wide."""
    rows = [row for row in found["arms"] if row.get(measured, {}).get("change")]
    if not rows:
        return ""
    ends = [value for row in rows for value in row[measured]["change"]]
    low, high = min(0.0, *ends), max(0.0, *ends)
    noise = found["noise"][measured]

    def at(value: float) -> int:
        place = round(float((value - low) / ((high - low) or 1.0)) * (PLOT - 1))
        return min(PLOT - 1, max(0, place))

    lines = [
        f"{MEASURED[measured]}: change in nats a note"
        + (f"; :: a reseed alone (+-{noise:.2f})" if noise else "")
    ]
    for row in rows:
        mean, first, last = row[measured]["change"]
        cells = [" "] * PLOT
        if noise:
            cells[at(-noise) : at(noise) + 1] = ":" * (at(noise) + 1 - at(-noise))
        cells[at(0.0)] = "|"
        cells[at(first) : at(last) + 1] = "-" * (at(last) + 1 - at(first))
        cells[at(mean)] = "o"
        label = f"k={row['k']:<3}{ARMS[row['arm']]}"
        lines.append(f"{label:<22}{''.join(cells)} {mean:+.3f}")
    return "\n".join(lines)


def _head(found: dict[str, Any]) -> str:
    counts, plan, trained = found["counts"], found["plan"], found["retrainings"]
    shape = plan["shape"]
    left = trained["planned"] - trained["done"]
    state = (
        f"{trained['done']} of {trained['planned']} retrainings are done; `armonica evaluate "
        f"influence --retrain` does the other {left}."
        if left
        else f"All {trained['done']} retrainings are done."
    )
    return (
        f"Model `{found['model']}`: the architecture that ships, of width {shape['width']}, "
        f"{plan['steps']} steps of {plan['recipe']['batch']}, without the loss on moved gauges; "
        f"it gives {found['exact']:.0%} of held-out measures back exactly. {found['clusters']} "
        f"clusters of tunes, {found['training_measures']} measures; {counts['queries']} queries, "
        f"half generated, half held-out, removed for in pools of {counts['pool']}. {state}"
    )


def _arms(found: dict[str, Any]) -> str:
    lines = [
        "| k | removed by | runs | clusters a run | measures left | validation NLL "
        "| reconstruction: change | less random | less others' | bound: change | less random |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found["arms"]:
        plain, bound = row.get("plain", {}), row.get("bound", {})
        cells = [
            str(row["k"]),
            ARMS[row["arm"]],
            str(row["runs"]),
            f"{row['removed']:.0f}",
            f"{row['learned']:.1%}",
            f"{row['validation']:+.1%}",
            *(_interval(plain.get(name)) for name in _COLUMNS),
            *(_interval(bound.get(name)) for name in _COLUMNS[:2]),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    noise = [f"{MEASURED[name]} +-{value:.3f}" for name, value in found["noise"].items() if value]
    if noise:
        lines.append("")
        lines.append(
            f"A training with nothing removed and another seed lies within {', '.join(noise)} "
            "(95 %, for as many seeds)."
        )
    return "\n".join(lines)


_COLUMNS = ("change", "beyond_random", "beyond_others")


def _datamodel(found: dict[str, Any]) -> str:
    seeds = f"{found['seeds']} seed{'s' if found['seeds'] > 1 else ''}"
    lines = [
        f"| linear datamodeling score, {found['subsets']} halves, {seeds}, "
        f"{found['queries']} queries | reconstruction (95 %) | bound (95 %) |",
        "|---|---|---|",
    ]
    for name, title in FORETOLD.items():
        if name in found["plain"]:
            cells = [_interval(found[measured].get(name)) for measured in MEASURED]
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _confirmed(found: dict[str, Any]) -> str:
    count = len(found["confirmed"])
    pairs = {(each["query"], each["cluster"]) for each in found["confirmed"]}
    return (
        f"{count} pair{'' if count == 1 else 's'} of a query and its first cluster "
        f"{'is' if count == 1 else 'are'} confirmed by retraining one by one "
        f"({len({query for query, _ in pairs})} of {found['counts']['queries']} queries)."
    )


def _interval(value: Sequence[float] | None) -> str:
    if value is None:
        return ""
    mean, low, high = value
    return f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"
