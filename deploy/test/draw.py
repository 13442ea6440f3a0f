#!/usr/bin/env python3
"""Draws the dashboards as SVG, from what a Prometheus knows of the last seconds: `draw.py URL SECONDS DIRECTORY`.

What Grafana would show, plainly: rows, lines with their legend, single values. Nothing but Python is needed.
"""

import json
import math
import pathlib
import re
import sys
import time
import urllib.parse
import urllib.request
from xml.sax.saxutils import escape

HERE = pathlib.Path(__file__).resolve().parent
DASHBOARDS = HERE.parent / "chart/credbridge/files/dashboards"
COLUMN, LINE, GAP = 50, 26, 6
POINTS = 90
COLOURS = ["#3b6fb6", "#c8553d", "#588b3c", "#8c5fa8", "#c99a2e", "#2a9d9a", "#b0487f", "#6b6b6b"]
STYLE = """text{font:11px sans-serif;fill:#333}.t{font-weight:bold}.r{font:bold 13px sans-serif}.v{font:bold 26px sans-serif}
.s{font-size:9px;fill:#666}.p{fill:#fff;stroke:#ddd}.g{stroke:#eee}"""


def ask(server, query, seconds):
    """The series of a query, each as (labels, [(time, value)])."""
    variables = {"$__rate_interval": "20s", "$__range": f"{seconds}s", "$namespace": ".*", "$job": ".*", "$pod": ".*"}
    for name, value in variables.items():
        query = query.replace(name, value)
    end = time.time()
    asked = {"query": query, "start": end - seconds, "end": end, "step": max(1, seconds / POINTS)}
    with urllib.request.urlopen(f"{server}/api/v1/query_range?{urllib.parse.urlencode(asked)}", timeout=30) as answer:
        result = json.load(answer)["data"]["result"]
    series = []
    for one in result:
        points = [(at, float(value)) for at, value in one["values"]]
        points = [(at, value) for at, value in points if math.isfinite(value)]
        if points:
            series.append((one["metric"], points))
    return series


def told(value, unit):
    """A value as people read it."""
    if unit in ("percentunit", "percent"):
        return f"{value * (100 if unit == 'percentunit' else 1):.3g} %"
    if unit == "s":
        for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms")):
            if abs(value) >= size or name == "ms":
                return "0 s" if value == 0 else f"{value / size:.3g} {name}"
    steps = ((2**30, " GiB"), (2**20, " MiB"), (2**10, " KiB")) if unit == "bytes" else ((1e9, " G"), (1e6, " M"), (1e3, " k"))
    for size, name in steps:
        if abs(value) >= size:
            return f"{value / size:.3g}{name}"
    return f"{value:.3g}"


def named(target, labels):
    """What the legend calls a series."""
    legend = target.get("legendFormat") or ""
    legend = re.sub(r"{{\s*(\w+)\s*}}", lambda found: labels.get(found[1], ""), legend)
    return legend or ", ".join(value for name, value in labels.items() if name != "__name__") or "value"


def texts(x, y, text, kind="", anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def lines(x, y, width, height, series, unit):
    """Curves, their scale, and their legend."""
    out, rows = [], (len(series) + 1) // 2
    bottom = y + height - 12 * rows - 6
    left, top = x + 52, y + 26
    values = [value for _, points in series for _, value in points]
    times = [at for _, points in series for at, _ in points]
    high, low = max(values + [0]), min(values + [0])
    high = high if high > low else low + 1
    begin, end = min(times), max(max(times), min(times) + 1)
    for part in (0, 0.5, 1):
        level = bottom - (bottom - top) * part
        out.append(f'<path class="g" d="M{left} {level:.1f}H{x + width - 8}"/>')
        out.append(texts(left - 4, level + 3, told(low + (high - low) * part, unit), "s", "end"))
    for index, (name, points) in enumerate(series):
        colour = COLOURS[index % len(COLOURS)]
        place = [(left + (x + width - 8 - left) * (at - begin) / (end - begin), bottom - (bottom - top) * (value - low) / (high - low)) for at, value in points]
        path = "L".join(f"{across:.1f} {up:.1f}" for across, up in place)
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.4"/>')
        across, down = x + 8 + (index % 2) * width / 2, bottom + 14 + 12 * (index // 2)
        out.append(f'<rect x="{across:.0f}" y="{down - 7:.0f}" width="8" height="8" fill="{colour}"/>')
        out.append(texts(across + 12, down, name[: int(width / 2 / 5.2) - 3], "s"))
    return out


def panel(server, seconds, panel):
    place = panel["gridPos"]
    x, y = place["x"] * COLUMN + GAP, place["y"] * LINE + GAP
    width, height = place["w"] * COLUMN - GAP, place["h"] * LINE - GAP
    if panel["type"] == "row":
        return [texts(x, y + 15, panel["title"], "r")]
    out = [f'<rect class="p" x="{x}" y="{y}" width="{width}" height="{height}" rx="3"/>', texts(x + 8, y + 16, panel["title"], "t")]
    unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "short")
    series = [(named(target, labels), points) for target in panel.get("targets", []) for labels, points in ask(server, target["expr"], seconds)]
    # Of many series those tell something that are not 0 all the time.
    series = [one for one in series if any(value for _, value in one[1])] or series
    if not series:
        return out + [texts(x + width / 2, y + height / 2, "nothing to show", "s", "middle")]
    if panel["type"] == "timeseries":
        return out + lines(x, y, width, height, series[:12], unit)
    step = min(24, (height - 40) / len(series))
    if len(series) == 1:
        return out + [texts(x + width / 2, y + height / 2 + 18, told(series[0][1][-1][1], unit), "v", "middle")]
    for index, (name, points) in enumerate(series):
        down = y + 36 + step * index
        out += [texts(x + 8, down, name), texts(x + width - 8, down, told(points[-1][1], unit), "t", "end")]
    return out


def main():
    server, seconds, directory = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
    directory.mkdir(parents=True, exist_ok=True)
    for file in sorted(DASHBOARDS.glob("*.json")):
        dashboard = json.loads(file.read_text())
        parts = [part for one in dashboard["panels"] for part in panel(server, seconds, one)]
        height = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in dashboard["panels"]) * LINE + 2 * GAP
        width = 24 * COLUMN + GAP
        text = "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
                f"<title>{escape(dashboard['title'])}</title>",
                f"<style>{STYLE}</style>",
                f'<rect width="{width}" height="{height}" fill="#f6f6f6"/>',
                *parts,
                "</svg>",
            ]
        )
        (directory / f"{file.stem}.svg").write_text(text + "\n")
        print(f"{directory / file.stem}.svg: {len(text)} bytes")


main()
