"""The document of `evaluate steering` as the Markdown tables of the README of steering."""

from __future__ import annotations

from typing import Any

ORDER = (
    "none",
    "iti",
    "smitin",
    "closed-loop",
    "iti, probe weight",
    "iti, random",
    "real, without",
    "real, with",
)


def table(found: dict[str, Any]) -> str:
    """Return the table of every part and arm, and that of the means beside the published ones."""
    length, prompt = found["continued_seconds"], found["prompt_seconds"]
    head = (
        f"{found['prompts']} prompts of test tunes for each part, {found['seeds']} "
        f"draw{'s' if found['seeds'] > 1 else ''} each: {prompt:g} s in which the part does not "
        f"sound, {length:g} s continued, the last 2 s judged. Model `{found['model']}`; strengths "
        "chosen on validation tunes."
    )
    return "\n\n".join([head, _rows(found["rows"]), _means(found), _composed(found["composed"])])


def _rows(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| part | arm | strength | success by the tagger (95 %) | by the probe | parts kept "
        "| beat | silent | similarity | Frechet to real with | to real without |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: (_place(rows, row), ORDER.index(row["arm"]))):
        strength = f"{row['strength']:g}" if row["strength"] else ""
        cells = [
            row["part"],
            row["arm"],
            strength,
            f"{row['success']:.2f} ({row['low']:.2f}-{row['high']:.2f})",
            *(
                _number(row[name], 2)
                for name in ("probe_success", "kept", "beat", "silent", "similarity")
            ),
            *(_number(row[name], 1) for name in ("frechet_with", "frechet_without")),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _means(found: dict[str, Any]) -> str:
    lines = [
        "| mean of the parts | success by the tagger | by the probes | parts kept | beat | floor |",
        "|---|---|---|---|---|---|",
    ]
    for arm in ORDER:
        rows = [row for row in found["rows"] if row["arm"] == arm]
        if rows:
            names = ("success", "probe_success", "kept", "beat", "floor")
            cells = [arm, *(_number(_mean(rows, name), 3) for name in names)]
            lines.append("| " + " | ".join(cells) + " |")
    lines += [
        f"| *published: {row['arm']}* | | *{row['success']:.3f}* | | | |"
        for row in found["published"]
    ]
    return "\n".join(lines)


def _composed(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| four composed measures, continued | arm | success by the tagger (95 %) "
        "| by the probe | melody kept | beat | silent |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [
            row["part"],
            row["arm"],
            f"{row['success']:.2f} ({row['low']:.2f}-{row['high']:.2f})",
            *(_number(row[name], 2) for name in ("probe_success", "kept", "beat", "silent")),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _mean(rows: list[dict[str, Any]], name: str) -> float:
    values = [row[name] for row in rows if row[name] is not None]
    return float(sum(values)) / len(values) if values else float("nan")


def _number(value: float | None, places: int) -> str:
    # What is not a number was not measured: a real continuation has no probe.
    return "" if value is None or value != value else f"{value:.{places}f}"


def _place(rows: list[dict[str, Any]], row: dict[str, Any]) -> int:
    return list(dict.fromkeys(each["part"] for each in rows)).index(row["part"])
