"""The look of the report, in light and dark."""

STYLE = """
:root { color-scheme: light dark; --text: #1d2327; --soft: #5b6670; --back: #ffffff; --panel: #f5f7f9; --line: #d9dfe4;
  --good: #146c43; --good-back: #e3f4ea; --bad: #a3201d; --bad-back: #fbe6e5; --warn: #7a5200; --warn-back: #fdf1d8; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6eaed; --soft: #a3afb9; --back: #15191c; --panel: #1e2428; --line: #36404a;
    --good: #7fd6a8; --good-back: #12301f; --bad: #ff9f9a; --bad-back: #3a1615; --warn: #f2c979; --warn-back: #33260c; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 70rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .35rem 0; }
.soft { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem .4rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
td.number { font-variant-numeric: tabular-nums; }
code, pre { font: .87em/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; margin: 0; padding: .5rem .7rem;
  white-space: pre-wrap; }
.mark { border-radius: 999px; display: inline-block; font-size: .82rem; font-weight: 600; padding: .05rem .6rem;
  white-space: nowrap; }
.good { background: var(--good-back); color: var(--good); }
.bad { background: var(--bad-back); color: var(--bad); }
.warn { background: var(--warn-back); color: var(--warn); }
.outcome { border-radius: 8px; font-size: 1.05rem; font-weight: 600; margin: 1rem 0; padding: .7rem 1rem; }
ul { margin: .3rem 0; padding-left: 1.2rem; }
.pair { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); margin: .6rem 0; }
figure { margin: 0; }
figcaption { color: var(--soft); font-size: .85rem; margin-bottom: .3rem; }
figure img { background: #ffffff; border: 1px solid var(--line); border-radius: 6px; display: block; height: auto;
  max-width: 100%; padding: 4px; }
"""
