"""The one look of all reports: HTML and CSS of :mod:`monai_app.core.page`."""

from __future__ import annotations

CSS = """
:root{--ink:#17212b;--soft:#5a6a7a;--line:#dde4ea;--accent:#1f5fa8;--paper:#fff;--wash:#f3f6f9}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
body{margin:0;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;color:var(--ink);
  background:var(--wash)}
header{background:var(--paper);border-bottom:1px solid var(--line);border-top:5px solid var(--accent)}
header>div,main{max-width:1160px;margin:0 auto;padding:0 24px}
header>div{padding-top:24px;padding-bottom:18px}
main{padding-bottom:64px}
h1{font-size:27px;line-height:1.25;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:20px;margin:0 0 6px;letter-spacing:-.01em}
h3{font-size:15px;margin:20px 0 4px}
p.lead{color:var(--soft);margin:0;max-width:95ch}
nav{margin-top:14px;font-size:14px;display:flex;flex-wrap:wrap}
nav a{color:var(--accent);text-decoration:none;margin-right:18px;white-space:nowrap}
nav a:hover{text-decoration:underline}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:12px;margin:20px 0}
.tile{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:12px 16px}
.tile span{display:block;color:var(--soft);font-size:13px}
.tile b{display:block;font-size:26px;line-height:1.2;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:20px 24px 14px;margin:16px 0}
section p{margin:4px 0 12px;max-width:95ch}
.scroll{overflow-x:auto;margin:8px 0 14px}
table{border-collapse:collapse;font-size:14px}
th,td{padding:5px 14px 5px 0;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap;
  vertical-align:top}
th{color:var(--soft);font-weight:600;font-size:13px;white-space:normal;vertical-align:bottom;line-height:1.25}
th.n,td.n{text-align:right;font-variant-numeric:tabular-nums}
td small{display:block;color:var(--soft);font-size:12px;line-height:1.25}
tbody tr:hover td{background:#f7f9fb}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:8px 24px;align-items:start}
figure{margin:8px 0;display:inline-block;vertical-align:top}
.grid figure{display:block}
.columns{display:flex;flex-wrap:wrap;gap:0 32px;align-items:flex-start}.columns>div{flex:1 1 380px;max-width:100%}
.columns>div:last-child{flex:0 1 auto}
figure svg{max-width:100%;height:auto;display:block}
figcaption{color:var(--soft);font-size:13px;max-width:70ch;margin-top:2px}
.ok{color:#176f3b}.bad{color:#a8321f;font-weight:600}
footer{color:var(--soft);font-size:13px;margin-top:24px}
@media print{body{background:#fff}section,.tile{break-inside:avoid;border-color:#ccc}nav{display:none}}
"""

TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ page.title }}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{{ css }}</style></head><body>
<header><div><h1>{{ page.title }}</h1><p class="lead">{{ page.lead }}</p>
{% if page.sections | length > 2 %}<nav>
{%- for section in page.sections %}<a href="#s{{ loop.index }}">{{ section.title }}</a>{% endfor %}</nav>{% endif %}
</div></header><main>
{% if page.tiles %}<div class="tiles">{% for tile in page.tiles -%}
<div class="tile"><span>{{ tile[0] }}</span><b>{{ tile[1] }}</b>
{%- if tile | length > 2 %}<span>{{ tile[2] }}</span>{% endif %}</div>
{%- endfor %}</div>{% endif %}
{% for section in page.sections %}<section id="s{{ loop.index }}"><h2>{{ section.title }}</h2>
{% for block in section.blocks %}{{ block }}{% endfor %}</section>{% endfor %}
<footer>{{ page.footer }}</footer></main></body></html>
"""
