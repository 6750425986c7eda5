"""The style sheet of the page. Colours keep a contrast of 4.5 to 1 in the light and in the dark."""

STYLE = """
:root{color-scheme:light dark;--page:#f4f6f9;--card:#fff;--line:#dde3ea;--text:#18212c;--soft:#566273;
--accent:#2560c8;--tint:#e9f0fc;--bar:#e4e9f0;--good:#177245;--good-tint:#e5f5ec;--bad:#b3261e;--bad-tint:#fdeceb;
--warn:#7d5300;--warn-tint:#fdf3dc}
@media(prefers-color-scheme:dark){:root{--page:#11161d;--card:#1a212b;--line:#2e3845;--text:#e5eaf1;--soft:#9dabbd;
--accent:#82b1ff;--tint:#1d2c45;--bar:#2a3441;--good:#5fd39a;--good-tint:#16301f;--bad:#ff8f87;--bad-tint:#3b1c1b;
--warn:#f0c362;--warn-tint:#352a12}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Liberation Sans",sans-serif}
header,main,footer{max-width:1120px;margin:0 auto;padding:0 20px}
header{padding-top:36px}
h1{font-size:1.75rem;line-height:1.2;margin:0;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:0 0 14px}
h3{font-size:.8rem;margin:0 0 8px;color:var(--soft);text-transform:uppercase;letter-spacing:.05em}
p{margin:0}
.target,.note,footer{color:var(--soft)}
main{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:18px;padding-bottom:28px}
footer{padding-bottom:32px;font-size:.85rem}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:20px;min-width:0}
section.full{grid-column:1/-1}
.verdicts{display:grid;grid-template-columns:repeat(auto-fit,minmax(230px,1fr));gap:18px;margin:22px 0 18px;padding:0;
list-style:none}
.verdicts li{border-radius:14px;padding:16px 20px;border:1px solid var(--line);background:var(--good-tint)}
.verdicts li.bad{background:var(--bad-tint)}
.verdicts strong{display:block;font-size:1.3rem;line-height:1.35;color:var(--good)}
.verdicts .bad strong{color:var(--bad)}
.verdicts span{display:block;font-size:.88rem}
.verdicts .mark{display:inline;font-size:inherit;margin-right:.35em}
.verdicts .topic{color:var(--soft);font-size:.8rem;text-transform:uppercase;letter-spacing:.05em}
.notes{background:var(--warn-tint)}
.notes h2{color:var(--warn)}
.notes ul{margin:0;padding-left:20px}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:16px;margin:0}
.tiles dt{color:var(--soft);font-size:.85rem}
.tiles dd{margin:0}
.tiles b{display:block;font-size:1.3rem;line-height:1.3;font-variant-numeric:tabular-nums;font-weight:650}
.tiles .note{display:block;font-size:.8rem;line-height:1.35}
.figure{display:block;width:100%;max-width:760px;margin:0 auto;background:#fff}
.limit{margin-top:16px;font-size:.9rem}
.flow{display:none;max-width:100%;height:auto;margin:0 auto}
.flow rect{fill:var(--card);stroke:var(--line);stroke-width:1.5}
.flow .heavy rect{fill:var(--tint);stroke:var(--accent)}
.flow .end rect{fill:var(--page)}
.flow text{fill:var(--text)}
.flow .kind{font-size:12px;fill:var(--accent);font-weight:600}
.flow .end .kind{fill:var(--text);font-size:13.5px}
.flow .name{font-size:13.5px;font-weight:650}
.flow .detail{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--soft)}
.flow .edge{fill:none;stroke:var(--soft);stroke-width:1.5}
.flow .head{fill:var(--soft)}
.flow.four{display:block}
.scroll{overflow-x:auto;margin:0 -20px -8px;padding:0 20px 8px}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:-2px}
table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:7px 14px 7px 0;vertical-align:top;font-weight:400;border-top:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{border-top:0;color:var(--soft);font-size:.8rem;white-space:nowrap;padding-top:0;vertical-align:bottom}
tbody th{font-weight:600}
.number{text-align:right;white-space:nowrap}
tbody th{min-width:9em;overflow-wrap:anywhere}
.bars tbody th{min-width:0;white-space:nowrap}
code,.code,.mono{font:.92em/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.code,.whole{white-space:nowrap}
.wide{min-width:8em}
.mono{min-width:11em;overflow-wrap:anywhere}
.bars td.bar{width:40%;vertical-align:middle}
.bars .bar i{display:block;height:9px;border-radius:5px;background:var(--bar);overflow:hidden}
.bars .bar b{display:block;height:100%;min-width:2px;border-radius:5px;background:var(--accent)}
.bars .bar b.over{background:var(--bad)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(240px,1fr));gap:20px 32px}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 16px;margin:0;font-size:.9rem}
.facts dt{color:var(--soft)}
.facts dd{margin:0;overflow-wrap:anywhere}
.frame{display:flex;flex-wrap:wrap;gap:4px;margin:0;padding:0;list-style:none}
.frame li{border:1px solid var(--line);border-radius:6px;padding:1px 8px;background:var(--page)}
@media(max-width:1010px){.flow.four{display:none}.flow.two{display:block}}
@media(max-width:760px){main{grid-template-columns:minmax(0,1fr)}}
@media(max-width:580px){.flow.two{display:none}.flow.one{display:block}header,main,footer{padding-left:14px;
padding-right:14px}header{padding-top:24px}section{padding:16px}.scroll{margin:0 -16px -8px;padding:0 16px 8px}
h1{font-size:1.4rem}.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}.verdicts,main{gap:12px}
.bars td.bar{width:26%}}
@media print{body{background:#fff}section,.verdicts li{break-inside:avoid}}
"""
