"""The report as one HTML file with tables, plots and sheets inside, which needs no network."""

import base64
import html
from collections.abc import Mapping

from generator.audit.report import Report
from generator.audit.tables import Table, tables

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1240px;padding:24px;color:#202124;
background:#f6f6f4}h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:36px 0 8px}
table{border-collapse:collapse;font-size:13px;background:#fff;width:100%}
th,td{text-align:left;padding:4px 9px;border-bottom:1px solid #e4e4e0;vertical-align:top}
th{background:#ececE8;font-weight:600}tr.no td{background:#fbe9e7}
tr.yes td:nth-child(4){color:#1b5e20}
tr.no td:nth-child(4){color:#b03a2e;font-weight:600}img{max-width:100%;height:auto;display:block}
p.note{margin:4px 0;max-width:80ch}.sheet{margin:0 0 28px}.wide{overflow-x:auto}
"""


def page(report: Report, plots: Mapping[str, bytes], pictures: Mapping[str, bytes]) -> str:
    """Build the page; `plots` are PNG by file name, `pictures` JPEG by title."""
    title = html.escape(f"Audit of {report.folder}")
    parts = [f"<h1>{title}</h1>", *(_note(note) for note in _opening(report))]
    for table in tables(report):
        parts.append(_table(table))
    for name, data in plots.items():
        parts.append(f"<h2>{html.escape(_heading(name))}</h2>{_image('png', data, name)}")
    for name, data in pictures.items():
        parts.append(
            f'<h2>{html.escape(name)}</h2><div class="sheet">{_image("jpeg", data, name)}</div>'
        )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _opening(report: Report) -> list[str]:
    told = [", ".join(f"{name} {value}" for name, value in report.settings.items())]
    return [*told, *report.notes]


def _note(text: str) -> str:
    return f'<p class="note">{html.escape(text)}</p>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.head)
    rows = "".join(
        f"<tr{_state(row)}>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    body = f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>'
    return f"<h2>{html.escape(table.title)}</h2>{body}"


def _state(row: tuple[str, ...]) -> str:
    if "NOT REACHED" in row:
        return ' class="no"'
    return ' class="yes"' if "reached" in row else ""


def _heading(name: str) -> str:
    return {
        "growth.png": "Growth",
        "inside.png": "Where the change lies",
        "groups.png": "Groups",
    }.get(name, name)


def _image(kind: str, data: bytes, name: str) -> str:
    inside = base64.b64encode(data).decode()
    return f'<img alt="{html.escape(name)}" src="data:image/{kind};base64,{inside}">'
