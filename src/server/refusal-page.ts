/** @file A refusal as a page, for whoever opened an address that leads nowhere: it loads nothing and has no scripts. */
import type { Complaint } from '../base/errors.ts';
import { DARK_COLOURS, LIGHT_COLOURS } from '../report/colours.ts';
import { html, trusted } from '../report/markup.ts';

/** Narrower than that of our own pages, but for its style, which stands in it. */
export const REFUSAL_POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const STYLE = `:root{color-scheme:light dark;${LIGHT_COLOURS}}
@media(prefers-color-scheme:dark){:root{${DARK_COLOURS}}}
body{margin:0;min-height:100vh;display:grid;place-content:center;padding:24px;box-sizing:border-box;background:var(--surface);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:560px}
h1{font-size:22px;line-height:1.3;letter-spacing:-.01em;margin:0 0 12px}
p{margin:0 0 8px;color:var(--muted)}
.name{font-weight:650;color:var(--ink);margin-bottom:28px}`;

export function refusalPage({ seen, need, fix }: Complaint): string {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><title>Packmule</title><style>${trusted(STYLE)}</style></head>
<body><main><p class="name">Packmule</p><h1>${seen}.</h1>${need === '' ? undefined : html`<p>Needed: ${need}.</p>`}<p>${fix}.</p></main></body>
</html>
`.markup;
}
