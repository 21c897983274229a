#include "report/page_style.h"

namespace epicrisis {

// The colours of series are those of Okabe and Ito (2008), which most colour-blind readers tell
// apart, darkened or lightened for contrast with the ground; marks differ in shape as well.
std::string_view page_style() {
  return R"css(
:root {
  color-scheme: light dark;
  --ground: #ffffff; --panel: #f5f6f8; --text: #1c2330; --soft: #5a6475; --rule: #d9dde4;
  --accent: #0b5fae; --good: #17703c; --bad: #a8321f; --warn-ground: #fff4dc; --warn-rule: #d99000;
  --bad-ground: #fdebe8; --cell: #f0f2f5; --heat: #0b5fae; --heat-text: #ffffff;
  --s1: #0b5fae; --s2: #c65102; --s3: #00795a; --s4: #a3478c; --s5: #8a6d00; --s6: #2b8cbe;
  --s7: #5a6475; --s8: #b3002d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181f; --panel: #1d232d; --text: #e6e9ef; --soft: #a2acbb; --rule: #343c49;
    --accent: #7ab8f5; --good: #74cf98; --bad: #f2917f; --warn-ground: #33290f; --warn-rule: #d99a1c;
    --bad-ground: #3a1d19; --cell: #232a35; --heat: #5aa9ef; --heat-text: #0c1118;
    --s1: #64aff2; --s2: #f0964a; --s3: #46c49b; --s4: #d991c6; --s5: #dcc04a; --s6: #8fd3f0;
    --s7: #a2acbb; --s8: #ff7d92;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main, header.top, nav.contents, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.5rem; }
header.top { padding-top: 2.5rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.4rem; line-height: 1.25; margin: 3rem 0 .8rem; padding-top: .9rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1.08rem; margin: 1.8rem 0 .5rem; overflow-wrap: anywhere; }
h4 { font-size: .95rem; margin: 0 0 .4rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; max-width: 46rem; }
mark.wrong { background: var(--bad-ground); color: inherit; border-bottom: 2px solid var(--bad); }
mark.measured { background: none; color: inherit; border-bottom: 2px dashed var(--bad); }
mark.unknowable { background: var(--warn-ground); color: inherit; border-bottom: 2px dotted var(--warn-rule); }
.soft, figcaption { color: var(--soft); }
.subtitle { font-size: 1.1rem; color: var(--soft); margin: 0; overflow-wrap: anywhere; }
nav.contents ul { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 1.1rem auto 0;
  padding: 0; font-size: .95rem; }
a { color: var(--accent); }
nav.contents a { text-decoration: none; }
nav.contents a:hover, nav.contents a:focus { text-decoration: underline; }
.banner { border-left: 5px solid var(--warn-rule); background: var(--warn-ground); padding: .8rem 1.1rem;
  margin: 1.2rem 0; border-radius: 0 .4rem .4rem 0; overflow-wrap: anywhere; }
.banner.bad { border-color: var(--bad); background: var(--bad-ground); }
.banner p:first-child, .banner ul:first-child { margin-top: 0; }
.banner p:last-child, .banner ul:last-child { margin-bottom: 0; }
ul.findings { padding-left: 1.2rem; max-width: 50rem; }
ul.findings li { margin: .45rem 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: .9rem 0; }
.scroll:focus-visible { outline: 2px solid var(--accent); }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
figure.table figcaption { margin: 0 0 .2rem; } figure.table .scroll { margin-top: 0; }
th, td { text-align: left; padding: .45rem .9rem .45rem 0; vertical-align: top; border-bottom: 1px solid var(--rule); }
thead th { border-bottom: 2px solid var(--soft); vertical-align: bottom; font-weight: 600; }
th small, td small { display: block; font-weight: 400; color: var(--soft); white-space: nowrap; font-size: .88em; }
tbody th { font-weight: 500; min-width: 8.5rem; }
figure.tight table { font-size: .8rem; } figure.tight th, figure.tight td { padding-right: .5rem; }
figure.tight th small, figure.tight td small { white-space: normal; } figure.tight tbody th { min-width: 6rem; }
td.number, th.number { text-align: right; padding-left: .4rem; }
td.number b { font-weight: 600; }
tr.total td { border-bottom-width: 2px; }
.better { color: var(--good); } .worse { color: var(--bad); }
figure { margin: 1rem 0; }
.terms { color: var(--soft); font-size: .85rem; max-width: 60rem; margin: .3rem 0 1rem; } .terms b { font-weight: 600; }
b.few { font-weight: 600; color: var(--bad); }
tr.reference th, tr.reference td { color: var(--soft); font-weight: 400; }
td small.why { white-space: normal; max-width: 11rem; margin-left: auto; }
figcaption { font-size: .9rem; max-width: 46rem; margin-top: .4rem; overflow-wrap: anywhere; }
svg { display: block; max-width: none; height: auto; font-size: 13px; }
svg text { fill: var(--text); }
svg .tick { fill: var(--soft); font-size: 12px; } svg .axis-title { fill: var(--soft); font-size: 12.5px; }
svg .middle { text-anchor: middle; } svg .end { text-anchor: end; }
svg .grid { stroke: var(--rule); stroke-width: 1; } svg .axis { stroke: var(--soft); stroke-width: 1.2; }
svg .divider { stroke: var(--rule); stroke-dasharray: 2 4; } svg .zero { stroke: var(--text); stroke-width: 1.4; }
svg .best { stroke: var(--soft); stroke-dasharray: 3 3; }
svg .bar { fill: var(--s1); } svg .cell { fill: var(--cell); } svg .heat { fill: var(--heat); }
svg .count.strong { fill: var(--heat-text); } svg .count.none { fill: var(--soft); opacity: .55; }
svg .whisker { stroke-width: 1.8; fill: none; } svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .mark { stroke: var(--ground); stroke-width: 1; }
svg .series-1 { --c: var(--s1); } svg .series-2 { --c: var(--s2); } svg .series-3 { --c: var(--s3); }
svg .series-4 { --c: var(--s4); } svg .series-5 { --c: var(--s5); } svg .series-6 { --c: var(--s6); }
svg .series-7 { --c: var(--s7); } svg .series-8 { --c: var(--s8); }
svg .better { --c: var(--good); } svg .worse { --c: var(--bad); } svg .open { --c: var(--soft); }
svg .mark { fill: var(--c); } svg .whisker, svg .curve { stroke: var(--c); }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.2rem; padding: 0; margin: .4rem 0; font-size: .92rem; }
ul.legend li { display: flex; align-items: center; gap: .4rem; }
svg.key { flex: none; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1.2rem 1.5rem; margin: 1rem 0; }
.grid > figure, .grid > section { margin: 0; min-width: 0; }
.grid svg { max-width: 100%; }
.card { background: var(--panel); border: 1px solid var(--rule); border-radius: .5rem; padding: 1rem; }
.note-example { display: grid; grid-template-columns: 10rem 1fr; gap: 1rem 1.4rem; margin: 1rem 0; }
.note-example img, .note-example .no-picture { width: 100%; }
.note-example > div { min-width: 0; }
.note-example dl { margin: 0; } .note-example dt { font-weight: 600; margin-top: .7rem; }
.note-example dt:first-child { margin-top: 0; }
.note-example dt span { font-weight: 400; color: var(--soft); font-size: .88rem; }
.note-example dd { margin: .1rem 0 0; white-space: pre-line; overflow-wrap: anywhere; max-width: 46rem; }
img { display: block; border-radius: .3rem; background: var(--cell); }
.no-picture { display: flex; align-items: center; justify-content: center; aspect-ratio: 1; background: var(--cell);
  color: var(--soft); border-radius: .3rem; font-size: .82rem; text-align: center; }
.gallery { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: .8rem; margin: .6rem 0 1.6rem; padding: 0; list-style: none; }
.gallery li { font-size: .84rem; line-height: 1.35; overflow-wrap: anywhere; border-top: 4px solid var(--rule); padding-top: .4rem; min-width: 0; }
.gallery li.query { border-color: var(--text); } .gallery li.right { border-color: var(--good); } .gallery li.wrong { border-color: var(--bad); }
.gallery img, .gallery .no-picture { width: 100%; aspect-ratio: 1; object-fit: cover; margin-bottom: .3rem; }
.gallery p { margin: .2rem 0; max-height: 12.2em; overflow: hidden; }
.gallery .verdict { font-weight: 600; }
details { margin: .8rem 0; } summary { cursor: pointer; color: var(--accent); overflow-wrap: anywhere; }
details[open] > summary { margin-bottom: .5rem; }
pre { background: var(--panel); border: 1px solid var(--rule); border-radius: .5rem; padding: 1rem; overflow-x: auto;
  font: .86rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
footer { color: var(--soft); font-size: .88rem; margin-top: 3.5rem; padding-bottom: 3rem; }
@media (max-width: 40rem) {
  main, header.top, nav.contents, footer { padding-left: 1rem; padding-right: 1rem; }
  header.top { padding-top: 1.4rem; } h1 { font-size: 1.55rem; } h2 { margin-top: 2.2rem; }
  .note-example { grid-template-columns: 1fr; } .note-example img, .note-example .no-picture { max-width: 12rem; }
  .gallery { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: .6rem; }
}
@media print {
  :root {
    --ground: #fff; --panel: #fff; --text: #000; --soft: #444; --rule: #bbb; --cell: #f0f0f0; --heat: #0b5fae;
    --heat-text: #fff; --accent: #000; --good: #17703c; --bad: #a8321f; --warn-ground: #fff; --bad-ground: #fff;
    --s1: #0b5fae; --s2: #c65102; --s3: #00795a; --s4: #a3478c; --s5: #8a6d00; --s6: #2b8cbe; --s7: #5a6475; --s8: #b3002d;
  }
  body { font-size: 10.5pt; } main, header.top, footer { max-width: none; padding: 0; } nav.contents { display: none; }
  .scroll { overflow: visible; } svg { max-width: 100%; } table { font-size: 8.5pt; } th, td { padding-right: .5rem; }
  figure:not(.table), .card, tr, .gallery li { break-inside: avoid; } h2, h3, h4, figcaption { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";
}

}  // namespace epicrisis
