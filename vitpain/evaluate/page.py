"""The report as one HTML file with tables and plots inside, which needs no network."""

import base64
import html
import re
from collections.abc import Sequence

from vitpain.evaluate.checks import Checks
from vitpain.evaluate.plots import Plots
from vitpain.evaluate.report import Report
from vitpain.evaluate.table import NONE, Table
from vitpain.evaluate.told import Picture, Section, opening, sections, title
from vitpain.evaluate.value import Value

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ground:#f4f4f1;--ink:#202124;--soft:#5f6368;
--line:#e1e1dc;--head:#ecece8;--strong:#eef4fb;--warn:#fff3e0;--warn-ink:#7a3b00;--edge:#c2571a}
@media(prefers-color-scheme:dark){:root{--paper:#1c1f24;--ground:#131518;--ink:#e8eaed;
--soft:#a5abb3;--line:#33373d;--head:#282c32;--strong:#1f2b3a;--warn:#3a2412;--warn-ink:#ffcf9e;
--edge:#f0a15e}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1200px;padding:24px 20px 60px;
color:var(--ink);background:var(--ground)}
h1{font-size:26px;line-height:1.25;margin:0 0 8px;overflow-wrap:anywhere}
h2{font-size:19px;margin:40px 0 10px}
p{margin:6px 0;max-width:85ch}p.note{color:var(--soft);font-size:13px}
.banner{background:var(--warn);color:var(--warn-ink);border-left:5px solid var(--edge);
padding:12px 16px;margin:0 0 18px;font-weight:600;max-width:none}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:12px;
margin:22px 0 0}.card{background:var(--paper);border:1px solid var(--line);border-radius:8px;
padding:12px 14px}.card b{display:block;font-size:26px;line-height:1.2}
.card span{color:var(--soft);font-size:13px}
.wide{overflow-x:auto;background:var(--paper);border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;font-size:13px;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:5px 10px;border-bottom:1px solid var(--line);vertical-align:top;
white-space:nowrap}th{background:var(--head);font-weight:600}
tr:last-child td{border-bottom:0}.left{text-align:left}tr.strong td{background:var(--strong);
font-weight:600}td:first-child,th:first-child{position:sticky;left:0;background:var(--paper)}
th:first-child{background:var(--head)}tr.strong td:first-child{background:var(--strong)}
td i{display:block;font-style:normal;font-weight:400;color:var(--soft);font-size:12px}
.long td{white-space:normal;overflow-wrap:anywhere}
figure{margin:16px 0 0;background:var(--paper);border:1px solid var(--line);border-radius:8px;
padding:10px;overflow-x:auto}figure img{display:block;width:100%;max-width:1152px;height:auto;
margin:0 auto}figcaption{font-size:13px;color:var(--soft);padding:6px 4px 0}
details summary{cursor:pointer;font-size:19px;font-weight:600;margin:40px 0 10px}
@media(max-width:640px){body{padding:16px 12px 40px}h1{font-size:22px}
figure img{width:760px;max-width:none}th,td{padding:5px 7px}
td:first-child,th:first-child{max-width:38vw;white-space:normal;overflow-wrap:break-word}}
"""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
INTERVAL = re.compile(r"^(?P<value>\S+) (?P<rest>[\[(±].*)$")


def page(made: Report, plots: Plots, checks: Checks | None) -> str:
    """Build the page of a report."""
    shown = sections(made, plots, checks)
    return document(title(made), made.banner, opening(made, checks), shown, _cards(made))


def document(
    name: str, banner: str | None, opening: Sequence[str], shown: Sequence[Section], cards: str = ""
) -> str:
    """Build a page of sections, which needs no network and runs nothing."""
    name = html.escape(name)
    parts = [] if banner is None else [f'<p class="banner">{html.escape(banner)}</p>']
    parts += [f"<h1>{name}</h1>", *(_paragraph(one) for one in opening), cards]
    parts += [_section(one) for one in shown]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{name}</title><style>{STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _cards(made: Report) -> str:
    pain = made.detection[0].pooled.values
    pspi = made.pspi.pooled.values
    shown = (
        ("MAE of PSPI", pspi["mae"]),
        ("Pearson", pspi["pearson"]),
        ("ICC(3,1)", pspi["icc"]),
        ("AUROC, PSPI ≥ 1", pain["auroc"]),
        ("F1, PSPI ≥ 1", pain["f1"]),
    )
    return f'<div class="cards">{"".join(_card(name, value) for name, value in shown)}</div>'


def _card(name: str, value: Value) -> str:
    number = NONE if value.value is None else f"{value.value:.2f}"
    if value.low is not None and value.high is not None:
        below = f"{value.low:.2f} to {value.high:.2f}"
    else:
        below = value.why or ""
    named = f"<span>{html.escape(name)}</span><b>{number}</b>"
    return f'<div class="card">{named}<span>{html.escape(below)}</span></div>'


def _section(one: Section) -> str:
    inside = "" if one.table is None else _table(one.table, one.folded)
    inside += "".join(_picture(picture) for picture in one.pictures)
    name = html.escape(one.title)
    if one.folded:
        return f"<details><summary>{name}</summary>{inside}</details>"
    return f"<h2>{name}</h2>{inside}"


def _table(table: Table, long: bool) -> str:
    head = "".join(
        f"<th{_left(table, place)}>{html.escape(name)}</th>"
        for place, name in enumerate(table.head)
    )
    rows = "".join(
        ('<tr class="strong">' if number in table.strong else "<tr>")
        + "".join(_cell(table, place, cell) for place, cell in enumerate(row))
        + "</tr>"
        for number, row in enumerate(table.rows)
    )
    notes = "".join(f'<p class="note">{html.escape(note)}</p>' for note in table.notes)
    kind = ' class="long"' if long else ""
    return f'<div class="wide"><table{kind}><tr>{head}</tr>{rows}</table></div>{notes}'


def _cell(table: Table, place: int, cell: str) -> str:
    """A cell, with an interval on a line of its own."""
    found = None if place in table.left else INTERVAL.match(cell)
    if found is None:
        return f"<td{_left(table, place)}>{html.escape(cell)}</td>"
    value, rest = html.escape(found["value"]), html.escape(found["rest"].strip("[]"))
    return f"<td>{value}<i>{rest}</i></td>"


def _left(table: Table, place: int) -> str:
    return ' class="left"' if place in table.left else ""


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def _picture(one: Picture) -> str:
    caption = html.escape(one.caption)
    dark = (
        ""
        if one.dark is one.light
        else f'<source media="(prefers-color-scheme:dark)" srcset="{_data(one.dark)}">'
    )
    image = f'<picture>{dark}<img alt="{caption}" src="{_data(one.light)}"></picture>'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
