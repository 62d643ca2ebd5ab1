/** @file The style sheet and the few lines of script of the report page. */
import { classColour, PALETTE_SIZE } from '../imaging/palette.ts';
import { CHART_STYLE } from './charts/frame.ts';
import { DARK_COLOURS, LIGHT_COLOURS } from './colours.ts';

/** The colour of each class as `--k`, the same as in overlay pictures. */
const classColours = Array.from(
  { length: PALETTE_SIZE },
  (_, i) => `.k${i}{--k:rgb(${classColour(i)})}`,
).join('');

export const PAGE_STYLE = `
:root{color-scheme:light dark;${LIGHT_COLOURS}}
@media(prefers-color-scheme:dark){:root{${DARK_COLOURS}}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--surface);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
.page{max-width:1160px;margin:0 auto;padding:0 24px 64px}
a{color:var(--accent)}
header{padding:44px 0 8px}
.brand{margin:0 0 14px;color:var(--muted);font-size:14px;display:flex;flex-wrap:wrap;gap:4px 14px}
.brand b{color:var(--ink);font-weight:650}
h1{font-size:clamp(28px,5vw,42px);line-height:1.12;letter-spacing:-.02em;margin:0 0 10px;font-weight:700}
h2{font-size:22px;letter-spacing:-.01em;margin:0 0 6px;line-height:1.25}
h3{font-size:16px;margin:0 0 8px;line-height:1.35}
p{margin:0 0 12px;max-width:72ch}
.lead{font-size:18px;color:var(--muted);margin-bottom:0;max-width:none;text-wrap:balance}
.note{color:var(--muted);font-size:14px}
section{padding-top:52px}
nav{display:flex;flex-wrap:wrap;gap:4px 20px;padding:14px 0;margin-top:28px;border-block:1px solid var(--line);font-size:14px}
nav a{text-decoration:none;color:var(--muted)}nav a:hover{color:var(--accent);text-decoration:underline}
.first{display:grid;grid-template-columns:minmax(230px,auto) 1fr;gap:20px 56px;margin-top:36px;align-items:start}
.first:not(:has(.hero)){grid-template-columns:1fr}
.hero .figure{font-size:clamp(64px,10vw,96px);line-height:.95;font-weight:700;letter-spacing:-.04em;color:var(--final);font-variant-numeric:tabular-nums}
.hero .what{margin:10px 0 0;font-size:15px}.hero .what span{display:block;color:var(--muted)}
.findings{list-style:none;margin:0;padding:0;display:grid;gap:12px}
.findings li{padding-left:30px;position:relative;max-width:72ch}
.findings li::before{position:absolute;left:0;top:.1em;width:20px;text-align:center;font-weight:700;content:"–";color:var(--muted)}
.findings .better::before{content:"↑";color:var(--refined)}
.findings .worse::before{content:"↓";color:var(--initial)}
.findings .unclear::before{content:"≈"}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:18px 24px;margin:36px 0 0}
.facts div{border-top:2px solid var(--line);padding-top:8px}
.facts dt{font-size:13px;color:var(--muted)}.facts dd{margin:0;font-size:18px;font-weight:600;font-variant-numeric:tabular-nums}
.warnings{margin-top:32px;background:var(--warn-ground);border-left:4px solid var(--warn);padding:16px 20px;border-radius:0 6px 6px 0}
.warnings h2{font-size:16px;color:var(--warn)}.warnings ul{margin:0;padding-left:20px}.warnings li{margin:4px 0}
.scroll{overflow-x:auto;margin:14px 0 0}
table{border-collapse:collapse;width:100%;font-size:15px;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:0 0 8px}
th,td{text-align:right;padding:8px 0 8px 18px;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{color:var(--muted);font-size:13px;line-height:1.35;vertical-align:bottom}
tbody th{font-weight:600}
td small{display:block;color:var(--muted);font-size:12.5px;white-space:nowrap}
.dot{display:inline-block;width:10px;height:10px;margin-right:8px;background:var(--c)}
.dot.of-initial{--c:var(--initial);border-radius:50%}.dot.of-refined{--c:var(--refined);transform:rotate(45deg)}.dot.of-final{--c:var(--final)}.dot.of-finalRefined{--c:var(--final-refined);transform:rotate(45deg)}
.chart{display:block;max-width:100%;height:auto}
.full>.only-wide .chart{width:100%}.only-narrow{display:none}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:32px 48px;margin-top:18px}
details{margin-top:20px}summary{cursor:pointer;color:var(--accent);font-size:15px;width:fit-content}
.switch{display:flex;flex-wrap:wrap;gap:8px 22px;margin:14px 0 0;font-size:14px}
.switch label{display:flex;gap:8px;align-items:center;cursor:pointer}
.switch input{accent-color:var(--accent);width:16px;height:16px;margin:0}
body:has(#by-minutes:checked) .by-epoch,body:not(:has(#by-minutes:checked)) .by-minutes{display:none}
.case{padding-top:26px;margin-top:26px;border-top:1px solid var(--line)}
.case h3{display:flex;flex-wrap:wrap;gap:2px 14px;align-items:baseline;overflow-wrap:anywhere}
.case h3 span{font-weight:400;font-size:14px;color:var(--muted)}
.panels{display:grid;grid-template-columns:repeat(var(--columns),minmax(0,1fr));gap:12px}
figure{margin:0;min-width:0}
figcaption{font-size:13px;line-height:1.4;margin-top:6px;color:var(--muted)}
figcaption b{color:var(--ink);font-weight:600}
.zoom{display:block;width:100%;padding:0;border:0;border-radius:4px;overflow:hidden;background:#000;cursor:zoom-in;line-height:0}
.zoom svg{width:100%;height:auto;display:block}
.zoom:focus-visible,a:focus-visible,summary:focus-visible,input:focus-visible,.scroll:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
figure.large{grid-column:1/-1}figure.large .zoom{cursor:zoom-out}
.none{display:grid;place-items:center;text-align:center;aspect-ratio:var(--ratio);border-radius:4px;background:var(--raised);color:var(--muted);font-size:13px;line-height:1.35;padding:8px}
.mask{fill:var(--k);fill-opacity:.3;stroke:var(--k);stroke-width:1;vector-effect:non-scaling-stroke;fill-rule:evenodd}
.mask:hover{fill-opacity:.6}figure.large{--edge:1.4}figure.large .mask{stroke-width:2}
.edge{fill:none;stroke:#fff;stroke-width:var(--edge,.8);stroke-dasharray:4 3;vector-effect:non-scaling-stroke;pointer-events:none}
.box{fill:none;stroke:var(--k);stroke-width:1.2;stroke-dasharray:5 3;vector-effect:non-scaling-stroke}
.seed{stroke-linecap:round;vector-effect:non-scaling-stroke;fill:none}
.seed.under{stroke:#000;stroke-width:8}.seed.positive{stroke:#fff;stroke-width:5}
.cross{stroke:#000;stroke-width:3;vector-effect:non-scaling-stroke}.cross.over{stroke:#ff9d76;stroke-width:1.4}
body:has(#show-masks:not(:checked)) .overlay{display:none}
body:not(:has(#show-edges:checked)) .edges{display:none}
.sprites{position:absolute;width:0;height:0;overflow:hidden}
.tables{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));align-items:start;gap:32px 48px;margin-top:14px}
.tables td,.tables th{overflow-wrap:anywhere;font-size:14px}.tables th{font-weight:400;color:var(--muted);width:46%}.tables td{text-align:left}
footer{margin-top:64px;padding-top:16px;border-top:1px solid var(--line);font-size:13px;color:var(--muted)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
${classColours}${CHART_STYLE}
@media(max-width:760px){.only-wide{display:none}.only-narrow{display:block}.first{grid-template-columns:1fr}.panels{grid-template-columns:repeat(2,minmax(0,1fr))}th,td{padding-left:10px}table{font-size:14px}.page{padding:0 18px 48px}header{padding-top:28px}section{padding-top:40px}}
@media(max-width:480px){.scroll table{min-width:max-content}th,td{padding-left:14px}}
@media print{.only-wide{display:block}.only-narrow{display:none}.panels{grid-template-columns:repeat(var(--columns),minmax(0,1fr))}.first{grid-template-columns:minmax(200px,auto) 1fr}:root{color-scheme:light;${LIGHT_COLOURS}}nav,.switch,summary{display:none}body{font-size:11pt}.page{max-width:none;padding:0}.case,figure,tr,.chart{break-inside:avoid}h2,h3{break-after:avoid}p,li{max-width:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}section{padding-top:28px}.scroll{overflow:visible}}`;

/** A click on a picture shows it as wide as the page; without scripts everything else works the same. */
export const PAGE_SCRIPT = `
document.addEventListener('click',(event)=>{
  const button=event.target.closest('.zoom');
  if(!button)return;
  const large=button.closest('figure').classList.toggle('large');
  button.setAttribute('aria-expanded',String(large));
});`;
