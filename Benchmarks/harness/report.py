"""Rows of measurements: medians, ratios, tables, results.json."""
import json
import statistics
import sys
import time


class Report:
    """Collects (part, metric, target) → values of every repetition."""

    def __init__(self):
        self.rows, self.notes = [], []

    def add(self, part, metric, target, **values):
        self.rows.append(dict(part=part, metric=metric, target=target, **values))
        shown = "  ".join("%s %s" % (name, _text(value)) for name, value in values.items())
        print("  %-24s %-15s %s" % (metric, target, shown), flush=True)

    def note(self, text):
        self.notes.append(text)
        print("  note: " + text, flush=True)

    def failed(self, part, metric, target, error):
        self.note("%s, %s, %s gave no figure: %s" % (part, metric, target, str(error).strip()[-300:]))

    def medians(self, part):
        """{metric: {target: {value name: median}}}, in the order of measurement."""
        grouped = {}
        for row in self.rows:
            if row["part"] == part:
                grouped.setdefault(row["metric"], {}).setdefault(row["target"], []).append(row)
        return {metric: {target: _median(rows) for target, rows in by_target.items()}
                for metric, by_target in grouped.items()}

    def table(self, part, ours="apus"):
        """A table of medians; the last columns give how many times better Apus is by the first value."""
        medians = self.medians(part)
        if not medians:
            return ""
        lines, columns = [], None
        for metric, by_target in medians.items():
            names = [name for name in next(iter(by_target.values())) if name != "runs"]
            if names != columns:
                columns = names
                lines += ["", "| %s | server | %s | runs | Apus is |" % (part, " | ".join(_heading(name) for name in names)),
                          "| --- | --- |" + " ---: |" * (len(names) + 2)]
            for target, values in by_target.items():
                cells = [_text(values.get(name)) for name in names]
                lines.append("| %s | %s | %s | %d | %s |" % (
                    metric, target, " | ".join(cells), values["runs"], _ratio(names[0], by_target.get(ours), values, target == ours)))
        return "\n".join(lines[1:])

    def save(self, path, machine):
        with open(path, "w") as file:
            json.dump({"at": time.strftime("%Y-%m-%dT%H:%M:%S"), "machine": machine, "arguments": sys.argv[1:],
                       "rows": self.rows, "notes": self.notes}, file, indent=1)


HEADINGS = {
    "inst_s": "instances/s", "cpu_1000": "CPU s / 1000", "peak_mb": "peak MB", "disk": "disk / input", "other": "others' CPU",
    "mb_s": "MB/s", "seconds": "s", "cpu_s": "CPU s", "p50_ms": "p50 ms", "p95_ms": "p95 ms", "ms": "ms", "first_ms": "first byte ms",
    "idle_mb": "idle MB", "mb": "MB sent", "per_s": "headers / CPU s",
    "pictures_s": "pictures/s", "of_pixel_bytes": "of the pixels' bytes", "budget": "budget ms"}
LARGER_IS_BETTER = {"inst_s", "mb_s", "per_s", "pictures_s"}


def _heading(name):
    return HEADINGS.get(name, name)


def _median(rows):
    values = {}
    for name in rows[0]:
        found = [row[name] for row in rows if isinstance(row.get(name), (int, float))]
        if found:
            values[name] = statistics.median(found)
        elif name not in ("part", "metric", "target"):
            values[name] = ", ".join(dict.fromkeys(str(row[name]) for row in rows if name in row))
    values["runs"] = len(rows)
    return values


def _ratio(name, ours, theirs, is_ours):
    if is_ours or not ours or not ours.get(name) or not theirs.get(name):
        return ""
    if "wrong" in str(theirs.get("matches", "")):
        return "(wrong answer)"
    times = ours[name] / theirs[name] if name in LARGER_IS_BETTER else theirs[name] / ours[name]
    return "%.2f x" % times


def _text(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return "%.0f" % value if abs(value) >= 100 else "0" if abs(value) < 1e-4 else "%.3g" % value
    return str(value)
