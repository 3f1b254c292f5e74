import Files
import Foundation

/// What makes the report look and answer: no outside resources, no script but this one.
enum ReportStyle {
  /// Refuses whatever the page does not hold itself, and any script but the page's own.
  static let policy: String = {
    let hash = FileHash.sha256(of: script)
    let digits = Array(hash.utf8).map { UInt8($0 < 0x3A ? $0 - 0x30 : $0 - 0x57) }
    let bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    return "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(Data(bytes).base64EncodedString())'"
  }()

  static let css = """

    :root { color-scheme: light dark;
      --page: #f6f7f9; --card: #fff; --text: #1b1f24; --quiet: #667080; --line: #e3e6ea; --code: #f1f3f5;
      --c0: #2563c9; --c1: #d9622b; --c2: #1f9254; --c3: #9a4fc0; --c4: #b8860b; --c5: #c23b6b;
      --good: #1f9254; --busy: #2563c9; --warn: #b26a00; --bad: #c0392b; --mark: #fbe3a1; }
    @media (prefers-color-scheme: dark) { :root {
      --page: #14171b; --card: #1c2026; --text: #e4e7eb; --quiet: #95a0ae; --line: #2e343c; --code: #23282f;
      --c0: #6ea3f5; --c1: #f2935f; --c2: #5cc98c; --c3: #c58ae4; --c4: #dfb84a; --c5: #ee7ba3;
      --good: #5cc98c; --busy: #6ea3f5; --warn: #e5a84b; --bad: #f07a6c; --mark: #5f4a12; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--page); color: var(--text);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
    main { max-width: 1240px; margin: 0 auto; padding: 28px 20px 60px; }
    h1 { font-size: 28px; line-height: 1.2; margin: 0 0 12px; overflow-wrap: anywhere; }
    h2 { font-size: 19px; margin: 0 0 8px; }
    h3 { font-size: 15px; margin: 0 0 8px; overflow-wrap: anywhere; }
    h4 { font-size: 12px; margin: 0 0 4px; color: var(--quiet); font-weight: 600; }
    small { font-size: 12px; color: var(--quiet); font-weight: 400; }
    .over { margin: 0; color: var(--quiet); font-size: 13px; letter-spacing: .02em; }
    .quiet, .more { color: var(--quiet); }
    p.quiet { margin: 0 0 10px; font-size: 13px; }
    .note { background: var(--card); border-left: 3px solid var(--warn); padding: 8px 12px; margin: 0 0 10px;
      overflow-wrap: anywhere; }
    .badge { display: inline-block; vertical-align: middle; font-size: 12px; line-height: 1; font-weight: 600;
      padding: 4px 8px; border-radius: 99px; border: 1px solid currentColor; color: var(--quiet); }
    .badge.running { color: var(--busy); } .badge.finished { color: var(--good); }
    .badge.stopped { color: var(--warn); } .badge.failed { color: var(--bad); }
    .bar { height: 6px; border-radius: 3px; background: var(--line); overflow: hidden; margin: 4px 0 16px; }
    .bar div { height: 100%; background: var(--busy); }
    .bar.finished div { background: var(--good); } .bar.stopped div { background: var(--warn); }
    .bar.failed div { background: var(--bad); }
    .figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(156px, 1fr)); gap: 10px; margin: 0; }
    .figures div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; }
    .date { font-size: 13px; white-space: nowrap; letter-spacing: -.02em; }
    dt { font-size: 12px; color: var(--quiet); } dd { margin: 0; font-size: 17px; font-variant-numeric: tabular-nums;
      overflow-wrap: anywhere; }
    section { margin-top: 30px; }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); gap: 14px; }
    figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px 6px;
      min-width: 0; }
    figcaption { font-weight: 600; display: flex; gap: 4px 10px; flex-wrap: wrap; align-items: baseline; }
    .legend { margin-left: auto; font-size: 13px; font-weight: 400; display: flex; gap: 4px 14px; flex-wrap: wrap; }
    .key { display: inline-flex; gap: 6px; align-items: center; font-variant-numeric: tabular-nums; }
    .key::before { content: ""; width: 14px; height: 3px; border-radius: 2px; background: var(--c); }
    .c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); }
    .c3 { --c: var(--c3); } .c4 { --c: var(--c4); } .c5 { --c: var(--c5); }
    svg.chart { display: block; width: 100%; height: auto; touch-action: pan-y; }
    .grid { stroke: var(--line); stroke-width: 1; }
    .tick, text.mark, .tip text { fill: var(--quiet); font-size: 12px; font-variant-numeric: tabular-nums; }
    line.mark { stroke: var(--good); stroke-width: 1; stroke-dasharray: 4 3; } text.mark { fill: var(--good); }
    .line { fill: none; stroke: var(--c); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
    .line.back { stroke-width: 1; opacity: .35; }
    .dot { fill: var(--c); } .gap { stroke: var(--bad); stroke-width: 2; }
    .cursor line { stroke: var(--quiet); stroke-width: 1; }
    .tip rect { fill: var(--card); stroke: var(--line); } .tip text { fill: var(--text); }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; font-size: 14px; background: var(--card); }
    th, td { text-align: left; vertical-align: top; padding: 5px 12px; border-bottom: 1px solid var(--line); }
    th { font-size: 12px; color: var(--quiet); font-weight: 600; white-space: nowrap; }
    td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
    table.rows { width: 100%; } table.rows td { white-space: nowrap; }
    dl.facts { columns: 3 300px; column-gap: 28px; margin: 0 0 12px; }
    dl.facts div { display: flex; gap: 12px; justify-content: space-between; break-inside: avoid;
      border-bottom: 1px solid var(--line); padding: 4px 0; }
    dl.facts dt { font-size: 14px; overflow-wrap: anywhere; min-width: 35%; }
    dl.facts dd { font-size: 14px; text-align: right; min-width: 0; }
    td dl.facts { columns: 1; margin: 0; min-width: 150px; } td dl.facts div { padding: 1px 0; border: 0; }
    section > h4 { margin: 16px 0 6px; font-size: 14px; }
    code, pre { font: 13px/1.5 ui-monospace, "SFMono-Regular", Consolas, "DejaVu Sans Mono", monospace; }
    details { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; margin-bottom: 10px; }
    summary { cursor: pointer; font-weight: 600; }
    article { border-top: 1px solid var(--line); margin-top: 12px; padding-top: 12px; }
    pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--code); border-radius: 6px;
      padding: 8px 10px; max-height: 340px; overflow-y: auto; unicode-bidi: isolate; }
    pre.prompt { color: var(--quiet); margin-bottom: 8px; max-height: 130px; background: none; border: 1px solid var(--line); }
    .answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 10px; }
    mark { background: var(--mark); color: inherit; border-radius: 2px; }
    @media (max-width: 600px) { .tick, text.mark { font-size: 18px; } }
    @media print { details { break-inside: avoid; } figure { break-inside: avoid; } }

    """

  /// Shows the values under the pointer. Texts only ever become text nodes.
  static let script = """

    'use strict';
    const charts = JSON.parse(document.getElementById('charts').textContent);
    const element = (name, attributes, text) => {
      const node = document.createElementNS('http://www.w3.org/2000/svg', name);
      for (const key in attributes) node.setAttribute(key, attributes[key]);
      if (text !== undefined) node.textContent = text;
      return node;
    };
    const shown = value => value === 0 ? '0' : Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3
      ? value.toExponential(3) : String(+value.toPrecision(4));
    const nearest = (steps, step) => {
      let low = 0, high = steps.length - 1;
      while (high - low > 1) { const middle = (low + high) >> 1; if (steps[middle] < step) low = middle; else high = middle; }
      return Math.abs(steps[low] - step) <= Math.abs(steps[high] - step) ? low : high;
    };
    for (const svg of document.querySelectorAll('svg.chart')) {
      const chart = charts[+svg.dataset.chart], cursor = svg.querySelector('.cursor');
      const [left, right, top, bottom] = chart.plot, [first, last] = chart.steps, [low, high] = chart.values;
      const x = step => left + (step - first) / (last - first) * (right - left);
      const y = value => bottom - (chart.log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low))
        * (bottom - top);
      const clear = () => cursor.replaceChildren();
      const show = event => {
        const box = svg.getBoundingClientRect();
        const at = (event.clientX - box.left) / box.width * 640;
        const wanted = first + (at - left) / (right - left) * (last - first);
        const steps = chart.series.filter(line => line.steps.length).map(line => line.steps[nearest(line.steps, wanted)]);
        if (!steps.length) return clear();
        const step = steps.reduce((a, b) => Math.abs(a - wanted) <= Math.abs(b - wanted) ? a : b);
        const lines = [['step ' + step, null]];
        clear();
        cursor.append(element('line', {x1: x(step), x2: x(step), y1: top, y2: bottom}));
        for (const line of chart.series) {
          if (!line.steps.length) continue;
          const index = nearest(line.steps, step);
          // Long curves are thinned out, each in its own places.
          if (Math.abs(line.steps[index] - step) > (last - first) / 300) continue;
          const value = line.values[index];
          cursor.append(element('circle', {class: 'dot c' + line.colour, cx: x(line.steps[index]), cy: y(value), r: 4}));
          lines.push([line.name + '  ' + shown(value), line.colour]);
        }
        const tip = element('g', {class: 'tip'});
        const box2 = element('rect', {rx: 5, height: 10 + 17 * lines.length});
        tip.append(box2);
        lines.forEach(([text, colour], row) => {
          if (colour !== null) tip.append(element('circle', {class: 'dot c' + colour, cx: 12, cy: 15 + 17 * row, r: 4}));
          tip.append(element('text', {x: colour === null ? 8 : 22, y: 19 + 17 * row}, text));
        });
        cursor.append(tip);
        const width = 12 + Math.max(...[...tip.querySelectorAll('text')].map(t => +t.getAttribute('x') + t.getComputedTextLength()));
        box2.setAttribute('width', width);
        const place = x(step) + 12 + width > right ? x(step) - 12 - width : x(step) + 12;
        tip.setAttribute('transform', 'translate(' + place + ' ' + (top + 4) + ')');
      };
      svg.addEventListener('pointermove', show);
      svg.addEventListener('pointerdown', show);
      svg.addEventListener('pointerleave', clear);
    }

    """
}
