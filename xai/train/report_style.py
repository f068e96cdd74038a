"""How ``report.html`` looks: light, legible on screen and on paper."""

from __future__ import annotations

STYLE = """\
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 62rem; background: #fff; color: #1c2126;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid #d5dae0; }
p { margin: .5rem 0; max-width: 48rem; }
.small, figcaption, small { font-size: .85rem; color: #4a535c; }
.notice { display: inline-block; margin: .4rem 0 0; padding: .25rem .6rem; border: 1px solid #b7791f;
  border-radius: 4px; background: #fff8e6; color: #6b4508; font-weight: 600; font-size: .9rem; }
.cards { display: flex; flex-wrap: wrap; gap: .75rem; margin: .6rem 0 0; }
.card { flex: 1 1 8.5rem; border: 1px solid #d5dae0; border-radius: 6px; padding: .7rem .85rem; break-inside: avoid; }
.card span, .card b, .card small { display: block; }
.card > span { font-size: .85rem; color: #4a535c; }
.card b { font-size: 1.7rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.card .span { display: inline; }
.wide { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .7rem .28rem 0; border-bottom: 1px solid #e6e9ed; text-align: left; vertical-align: baseline; }
th { color: #4a535c; font-weight: 600; border-bottom-color: #aab2bb; }
.n { text-align: right; white-space: nowrap; padding-left: .5rem; }
.n + :not(.n) { padding-left: .9rem; }
td:not(.n) { overflow-wrap: anywhere; }
.dense table { font-size: .8rem; }
.dense th, .dense td { padding: .25rem 0 .25rem .6rem; }
.dense th.n { white-space: normal; vertical-align: bottom; }
.key { white-space: nowrap; }
code { font: .9em ui-monospace, "DejaVu Sans Mono", monospace; background: #f2f4f6; padding: .1rem .3rem;
  border-radius: 3px; overflow-wrap: anywhere; }
.span { color: #4a535c; font-size: .85em; white-space: nowrap; }
.marked td { background: #fdeee4; }
figure { margin: 1rem 0; break-inside: avoid; }
img { display: block; max-width: 100%; height: auto; }
ul { margin: .5rem 0; padding-left: 1.2rem; max-width: 48rem; }
li { margin: .2rem 0; }
footer { margin-top: 2.5rem; padding-top: .6rem; border-top: 1px solid #d5dae0; font-size: .85rem; color: #4a535c; }
@media print {
  :root { font-size: 9pt; }
  body { padding: 0; max-width: none; }
  h2 { break-after: avoid; }
  tr { break-inside: avoid; }
  thead { display: table-header-group; }
  .wide { overflow: visible; }
  .marked td, .notice { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
