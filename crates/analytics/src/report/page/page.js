// What is on the page: the charts, the range buttons, the overview, the table of trades.

const DAY = 86400;
const { equity, benchmark, drawdown, rolling } = DATA;
[view.min, view.max] = [equity.t[0], equity.t[equity.t.length - 1]];
if (view.max <= view.min) view.max = view.min + 1;
[view.from, view.to] = [view.min, view.max];

/** A series' value at a time for the legend. */
function reading(series, at, format) {
  const value = series.v[nearest(series.t, at)];
  return value === undefined ? "" : format(value);
}

const money = (value) => number(value, Math.abs(value) < 1000 ? 2 : 0);
const logBox = document.getElementById("log");
const compareBox = document.getElementById("compare");
const own = [{ ...equity, color: "--line", width: 1.8, wash: "--wash" }];
const both = benchmark ? [{ ...benchmark, color: "--other", width: 1.4, dash: [5, 3] }, ...own] : own;

new Chart("equity", {
  series: () => (compareBox?.checked ? both : own),
  times: () => equity.t,
  timeAxis: true,
  log: () => logBox.checked,
  read: (at) => {
    const parts = [
      { value: closing(equity.t[nearest(equity.t, at)]) },
      { text: "Strategy", value: reading(equity, at, money), color: "--line" },
    ];
    if (compareBox?.checked) {
      parts.push({ text: DATA.benchmark_name, value: reading(benchmark, at, money), color: "--other", dashed: true });
    }
    return parts;
  },
});
new Chart("drawdown", {
  series: () => [{ ...drawdown, color: "--down", width: 1.3, wash: "--downwash" }],
  times: () => drawdown.t,
  percent: true,
  zero: true,
  timeAxis: !rolling,
  read: (at) => [{ value: reading(drawdown, at, percent), color: "--down" }],
});
if (rolling) {
  new Chart("rolling", {
    series: () => [{ ...rolling.line, breaks: new Set(rolling.breaks), color: "--sharpe", width: 1.4 }],
    times: () => rolling.line.t,
    zero: true,
    timeAxis: true,
    read: (at) => [{ value: reading(rolling.line, at, (v) => number(v, 2)), color: "--sharpe" }],
  });
}
for (const box of [logBox, compareBox]) box?.addEventListener("change", () => view.redraw());

let priced = null;
let chosen = 0;
if (DATA.prices.length) {
  const current = () => DATA.prices[chosen];
  priced = new Chart("price", {
    series: () => [],
    bars: current,
    times: () => current().t,
    timeAxis: true,
    marks: drawTrades,
    read: (at) => {
      const p = current();
      const i = nearest(p.t, at);
      if (i >= p.t.length) return [];
      const places = Math.max(2, placesFor(p.c[i] / 100));
      const show = (value) => number(value, places);
      const parts = [{ value: closing(p.t[i]) }];
      for (const [name, column] of [["O", p.o], ["H", p.h], ["L", p.l], ["C", p.c]]) {
        parts.push({ text: name, value: show(column[i]) });
      }
      const near = ((view.to - view.from) / priced.width) * 6;
      const fill = p.fills[nearest(p.fills.map((f) => f[0]), at)];
      if (view.cursor !== null && fill && Math.abs(fill[0] - at) <= near) {
        const side = fill[2] > 0 ? "bought" : "sold";
        parts.push({ text: side, value: `${plain(Math.abs(fill[2]))} at ${show(fill[1])}` });
      }
      return parts;
    },
  });
  document.getElementById("instrument")?.addEventListener("change", (event) => choose(Number(event.target.value)));
}

/** Shows the prices of another instrument. */
function choose(index) {
  chosen = index;
  priced.figure.querySelector("h3").textContent = DATA.prices[index].instrument;
  const select = document.getElementById("instrument");
  if (select) select.value = String(index);
  view.redraw();
}

/** A number with the places it has. */
function plain(value) {
  return minus(value.toLocaleString("en-US", { maximumSignificantDigits: 10 }));
}

/** Lines from entry to exit where they can be told apart, and a mark for each fill: its shape says the side. */
function drawTrades(chart) {
  const { g } = chart;
  const p = DATA.prices[chosen];
  const trades = DATA.trades.filter(
    (t) => t.instrument === p.instrument && t.exit >= view.from && t.entry <= view.to && t.entry_price && t.exit_price,
  );
  if (trades.length <= 150) {
    for (const t of trades) {
      g.strokeStyle = style(t.pnl < 0 ? "--down" : "--up");
      g.lineWidth = 1.4;
      g.setLineDash([4, 3]);
      g.beginPath();
      g.moveTo(chart.x(t.entry), chart.y(t.entry_price));
      g.lineTo(chart.x(t.exit), chart.y(t.exit_price));
      g.stroke();
    }
    g.setLineDash([]);
  }
  const fills = p.fills.filter((f) => f[0] >= view.from && f[0] <= view.to);
  const size = fills.length > 400 ? 2.5 : fills.length > 120 ? 3.5 : 5;
  for (const [t, price, quantity] of fills) {
    const x = chart.x(t);
    const up = quantity > 0;
    // Beside the price, pointing at it.
    const tip = chart.y(price) + (up ? 3 : -3);
    const base = tip + (up ? 1 : -1) * size * 1.8;
    g.beginPath();
    g.moveTo(x, tip);
    g.lineTo(x - size, base);
    g.lineTo(x + size, base);
    g.closePath();
    g.fillStyle = style(up ? "--up" : "--down");
    g.fill();
    g.strokeStyle = style("--card");
    g.lineWidth = 0.8;
    g.stroke();
  }
}

// The range buttons: those shorter than the data.
const ranges = [["1D", DAY], ["1W", 7 * DAY], ["1M", 30.4 * DAY], ["3M", 91 * DAY], ["6M", 182.5 * DAY], ["1Y", 365.25 * DAY], ["3Y", 1095.75 * DAY], ["5Y", 1826.25 * DAY], ["10Y", 3652.5 * DAY]]
  .filter(([, span]) => span < (view.max - view.min) * 0.9 && span > (view.max - view.min) / 400)
  .slice(-5);
const group = document.querySelector(".ranges");
for (const [name, span] of [...ranges, ["All", Infinity]]) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = name;
  button.addEventListener("click", () => {
    if (span === Infinity) view.show(view.min, view.max);
    else view.show(Math.max(view.min, view.to - span), Math.max(view.min, view.to - span) + span);
  });
  group.append(button);
  view.charts.push({
    draw() {
      const shown = view.to - view.from;
      const pressed = span === Infinity ? shown >= (view.max - view.min) * 0.999 : Math.abs(shown / span - 1) < 0.001;
      button.setAttribute("aria-pressed", String(pressed));
    },
  });
}

// The overview: the whole line with the window in view.
const navigator_ = document.getElementById("navigator");
const overview = {
  x: (t) => ((t - view.min) / (view.max - view.min)) * overview.width,
  draw() {
    const ratio = window.devicePixelRatio || 1;
    const box = navigator_.getBoundingClientRect();
    if (box.width < 20) return;
    overview.width = box.width - 2;
    navigator_.width = Math.round(box.width * ratio);
    navigator_.height = Math.round(box.height * ratio);
    const g = navigator_.getContext("2d");
    g.scale(ratio, ratio);
    const height = box.height - 2;
    let low = Infinity;
    let high = -Infinity;
    for (const v of equity.v) {
      if (v < low) low = v;
      if (v > high) high = v;
    }
    const y = (v) => height - 4 - ((v - low) / (high - low || 1)) * (height - 8);
    g.beginPath();
    equity.t.forEach((t, i) => (i ? g.lineTo(overview.x(t), y(equity.v[i])) : g.moveTo(overview.x(t), y(equity.v[i]))));
    g.strokeStyle = style("--other");
    g.lineWidth = 1;
    g.stroke();
    const [a, b] = [overview.x(view.from), overview.x(view.to)];
    g.fillStyle = style("--wash");
    g.fillRect(a, 0, b - a, height);
    g.fillStyle = style("--line");
    for (const edge of [a, b - 3]) g.fillRect(edge, 0, 3, height);
  },
};
view.charts.push(overview);
new ResizeObserver(() => view.redraw()).observe(navigator_);
let grip = null;
navigator_.addEventListener("pointerdown", (event) => {
  const x = event.clientX - navigator_.getBoundingClientRect().left;
  const [a, b] = [overview.x(view.from), overview.x(view.to)];
  const near = event.pointerType === "mouse" ? 8 : 18;
  const what = Math.abs(x - b) < near ? "to" : Math.abs(x - a) < near ? "from" : "both";
  if (what === "both" && (x < a || x > b)) {
    const middle = view.min + (x / overview.width) * (view.max - view.min);
    const half = (view.to - view.from) / 2;
    view.show(middle - half, middle + half);
  }
  grip = { what, x, from: view.from, to: view.to };
  navigator_.setPointerCapture(event.pointerId);
});
navigator_.addEventListener("pointermove", (event) => {
  if (!grip) return;
  const x = event.clientX - navigator_.getBoundingClientRect().left;
  const shift = ((x - grip.x) / overview.width) * (view.max - view.min);
  const least = (view.max - view.min) / 200;
  if (grip.what === "from") view.show(Math.min(Math.max(grip.from + shift, view.min), grip.to - least), grip.to);
  else if (grip.what === "to") view.show(grip.from, Math.max(Math.min(grip.to + shift, view.max), grip.from + least));
  else view.show(grip.from + shift, grip.to + shift);
});
const drop = () => (grip = null);
navigator_.addEventListener("pointerup", drop);
navigator_.addEventListener("pointercancel", drop);

// The table of trades.
const PAGE_SIZE = 25;
const several = new Set(DATA.trades.map((t) => t.instrument)).size > 1;
const optional = (f) => (value) => (value === null ? "\u2013" : f(value));
/** A price with two places or as many as tell small ones apart. */
function price(value) {
  const most = value === 0 ? 2 : Math.min(10, Math.max(2, 5 - Math.floor(Math.log10(Math.abs(value)))));
  return minus(value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: most }));
}
const COLUMNS = [
  ["Entry", (t) => t.entry, moment],
  ["Instrument", (t) => t.instrument, String],
  ["Side", (t) => (t.long ? "long" : "short"), String],
  ["Quantity", (t) => t.quantity, plain],
  ["Entry price", (t) => t.entry_price, optional(price)],
  ["Exit", (t) => t.exit, moment],
  ["Exit price", (t) => t.exit_price, optional(price)],
  ["Held", (t) => t.exit - t.entry, duration],
  ["Net profit", (t) => t.pnl, optional((v) => number(v, 2)), true],
  ["Return", (t) => t.ret, optional(percent), true],
  ["Fees", (t) => t.fees, optional((v) => number(v, 2))],
  ["MAE", (t) => t.mae, optional(percent)],
  ["MFE", (t) => t.mfe, optional(percent)],
].filter(([name]) => name !== "Instrument" || several);
const holder = document.getElementById("trade-table");
const sorting = { column: 0, down: false, page: 0 };

function element(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function sorted() {
  const value = COLUMNS[sorting.column][1];
  const sign = sorting.down ? -1 : 1;
  // What is not known comes last either way.
  const compare = (a, b) => (a === null ? 1 : b === null ? -1 : sign * (a < b ? -1 : a > b ? 1 : 0));
  return [...DATA.trades].sort((a, b) => compare(value(a), value(b)));
}

function drawTable() {
  const rows = sorted();
  const pages = Math.max(1, Math.ceil(rows.length / PAGE_SIZE));
  sorting.page = Math.min(Math.max(sorting.page, 0), pages - 1);
  const head = COLUMNS.map(([name], column) => {
    const active = column === sorting.column;
    const arrow = active ? (sorting.down ? " \u2193" : " \u2191") : "";
    const sort = () => {
      Object.assign(sorting, { column, down: active && !sorting.down, page: 0 });
      drawTable();
      holder.querySelectorAll("th button")[column].focus();
    };
    const th = element("th", { scope: "col" }, element("button", { type: "button", textContent: name + arrow, onclick: sort }));
    th.setAttribute("aria-sort", active ? (sorting.down ? "descending" : "ascending") : "none");
    return th;
  });
  const body = rows.slice(sorting.page * PAGE_SIZE, (sorting.page + 1) * PAGE_SIZE).map((trade) => {
    const cells = COLUMNS.map(([, value, format, signed], column) => {
      const text = format(value(trade));
      if (column === 0) return element("th", { scope: "row" }, opener(trade, text));
      const side = signed && value(trade) !== null ? (value(trade) < 0 ? "loss" : "gain") : "";
      return element("td", { textContent: text, className: side });
    });
    return element("tr", {}, ...cells);
  });
  const table = element("table", { className: "rows" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  const scroll = element("div", { className: "scroll", tabIndex: 0 }, table);
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Closed trades");
  const turn = (by, label, disabled) =>
    element("button", { type: "button", textContent: label, disabled, onclick: () => ((sorting.page += by), drawTable()) });
  const first = sorting.page * PAGE_SIZE + 1;
  const last = Math.min(first + PAGE_SIZE - 1, rows.length);
  const pager = element(
    "div",
    { className: "pager" },
    turn(-1, "Previous", sorting.page === 0),
    `${number(first, 0)} to ${number(last, 0)} of ${number(rows.length, 0)}`,
    turn(1, "Next", sorting.page === pages - 1),
  );
  const left = holder.querySelector(".scroll")?.scrollLeft ?? 0;
  holder.replaceChildren(scroll, ...(pages > 1 ? [pager] : []));
  scroll.scrollLeft = left;
  watchScroll(scroll);
}

/** The entry time; a button where the price chart can show the trade. */
function opener(trade, text) {
  const index = DATA.prices.findIndex((p) => p.instrument === trade.instrument);
  if (index < 0) return text;
  const open = () => {
    choose(index);
    const span = Math.max(trade.exit - trade.entry, (view.max - view.min) / 250);
    view.show(trade.entry - span * 0.4, trade.exit + span * 0.4);
    priced.figure.scrollIntoView({ block: "center", behavior: "smooth" });
  };
  return element("button", { type: "button", className: "go", textContent: text, title: "Show on the price chart", onclick: open });
}

if (holder) drawTable();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view.redraw());
view.redraw();
