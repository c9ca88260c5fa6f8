// Charts on canvas that share one range of time and one cross-hair.

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const TIME_AXIS = 22;

/** The range of time in view, and where the cross-hair is. */
const view = { min: 0, max: 1, from: 0, to: 1, cursor: null, charts: [], pending: false };

view.show = function (from, to) {
  const least = Math.max((view.max - view.min) / 5000, 1e-3);
  const span = Math.min(Math.max(to - from, least), view.max - view.min);
  view.from = Math.min(Math.max(from, view.min), view.max - span);
  view.to = view.from + span;
  view.redraw();
};

view.zoom = (factor, at) => view.show(at - (at - view.from) * factor, at + (view.to - at) * factor);

view.redraw = function () {
  if (view.pending) return;
  view.pending = true;
  requestAnimationFrame(() => {
    view.pending = false;
    view.charts.forEach((chart) => chart.draw());
  });
};

class Chart {
  /** `options`: series(), bars(), marks(), format(v), percent, zero, log(), timeAxis. */
  constructor(id, options) {
    this.figure = document.getElementById(id);
    this.canvas = this.figure.querySelector("canvas");
    this.legend = this.figure.querySelector(".legend");
    this.options = options;
    view.charts.push(this);
    new ResizeObserver(() => view.redraw()).observe(this.canvas);
    listen(this);
  }

  x(t) {
    return ((t - view.from) / (view.to - view.from)) * this.width;
  }

  time(x) {
    return view.from + (x / this.width) * (view.to - view.from);
  }

  y(value) {
    const f = this.log ? Math.log : (v) => v;
    return this.top + (1 - (f(value) - f(this.low)) / (f(this.high) - f(this.low))) * (this.bottom - this.top);
  }

  /** The indices of the first and last point in view, with one more on either side. */
  window(times) {
    return [Math.max(0, lowerBound(times, view.from) - 1), Math.min(times.length, lowerBound(times, view.to) + 1)];
  }

  /** Fits the value axis to what is in view. */
  fit() {
    let low = Infinity;
    let high = -Infinity;
    const include = (a, b) => {
      if (a < low) low = a;
      if (b > high) high = b;
    };
    for (const s of this.options.series()) {
      const [from, to] = this.window(s.t);
      for (let i = from; i < to; i++) include(s.v[i], s.v[i]);
    }
    const bars = this.options.bars?.();
    if (bars) {
      const [from, to] = this.window(bars.t);
      for (let i = from; i < to; i++) include(bars.l[i], bars.h[i]);
    }
    if (this.options.zero) include(0, 0);
    if (!(low <= high)) [low, high] = [0, 1];
    this.log = Boolean(this.options.log?.()) && low > 0;
    const size = high - low || Math.abs(high) || 1;
    if (this.log) {
      const room = Math.max((high / low) ** 0.05, 1.0005);
      [this.low, this.high] = [low / room, high * room];
    } else {
      const floor = this.options.zero && low === 0 ? 0 : low - size * 0.06;
      [this.low, this.high] = [floor, this.options.zero && high === 0 ? 0 : high + size * 0.06];
    }
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    const box = this.canvas.getBoundingClientRect();
    if (box.width < 20) return;
    this.canvas.width = Math.round(box.width * ratio);
    this.canvas.height = Math.round(box.height * ratio);
    this.width = box.width - (box.width < 480 ? 48 : 62);
    this.top = 8;
    this.bottom = box.height - (this.options.timeAxis ? TIME_AXIS : 6);
    const g = (this.g = this.canvas.getContext("2d"));
    g.scale(ratio, ratio);
    g.font = `11.5px ${style("--font")}`;
    this.fit();
    this.grid(box.width);
    g.save();
    g.beginPath();
    g.rect(0, 0, this.width, box.height);
    g.clip();
    const bars = this.options.bars?.();
    if (bars) this.candles(bars);
    for (const s of this.options.series()) this.line(s);
    this.options.marks?.(this);
    g.restore();
    this.cross();
    this.read();
  }

  grid(width) {
    const g = this.g;
    g.lineWidth = 1;
    g.textBaseline = "middle";
    g.textAlign = "left";
    const count = Math.max(4, Math.floor((this.bottom - this.top) / 34));
    const { ticks, step } = this.log ? logTicks(this.low, this.high, count) : valueTicks(this.low, this.high, count);
    for (const tick of ticks) {
      const y = Math.round(this.y(tick)) + 0.5;
      g.strokeStyle = style(this.options.zero && Math.abs(tick) < step / 1e6 ? "--other" : "--grid");
      g.beginPath();
      g.moveTo(0, y);
      g.lineTo(this.width, y);
      g.stroke();
      g.fillStyle = style("--soft");
      const text = this.options.percent ? percent(tick, placesOf(step * 100)) : compact(tick, step);
      g.fillText(text, this.width + 8, Math.min(Math.max(y, 8), this.bottom));
    }
    const times = timeTicks(view.from, view.to, this.width, Math.min(74, this.width / 4.5));
    g.textAlign = "center";
    for (const { t, label, strong } of times) {
      const x = Math.round(this.x(t)) + 0.5;
      g.strokeStyle = style("--grid");
      g.beginPath();
      g.moveTo(x, 0);
      g.lineTo(x, this.bottom);
      g.stroke();
      if (!this.options.timeAxis) continue;
      g.fillStyle = style(strong ? "--ink" : "--soft");
      const half = g.measureText(label).width / 2;
      if (x - half >= 0 && x + half <= width) g.fillText(label, x, this.bottom + TIME_AXIS / 2 + 2);
    }
  }

  line(s) {
    const g = this.g;
    const [from, to] = this.window(s.t);
    if (to <= from) return;
    g.beginPath();
    for (let i = from; i < to; i++) {
      const x = this.x(s.t[i]);
      const y = this.y(s.v[i]);
      if (i === from || s.breaks?.has(i)) g.moveTo(x, y);
      else g.lineTo(x, y);
    }
    g.strokeStyle = style(s.color);
    g.lineWidth = s.width ?? 1.6;
    g.lineJoin = "round";
    g.setLineDash(s.dash ?? []);
    g.stroke();
    g.setLineDash([]);
    if (!s.wash) return;
    const base = this.options.zero ? this.y(Math.min(Math.max(0, this.low), this.high)) : this.bottom;
    g.lineTo(this.x(s.t[to - 1]), base);
    g.lineTo(this.x(s.t[from]), base);
    g.closePath();
    g.fillStyle = style(s.wash);
    g.fill();
  }

  /** Bars where they have room, else the line of closes. */
  candles(bars) {
    const g = this.g;
    const [from, to] = this.window(bars.t);
    const room = this.width / Math.max(1, to - from);
    if (room < 4) {
      this.line({ t: bars.t, v: bars.c, color: "--line", width: 1.4, wash: "--wash" });
      return;
    }
    const half = Math.min(6, Math.max(1, room * 0.32));
    for (let i = from; i < to; i++) {
      const x = Math.round(this.x(bars.t[i])) + 0.5;
      const up = bars.c[i] >= bars.o[i];
      g.strokeStyle = g.fillStyle = style(up ? "--up" : "--down");
      g.lineWidth = 1;
      g.beginPath();
      g.moveTo(x, this.y(bars.h[i]));
      g.lineTo(x, this.y(bars.l[i]));
      g.stroke();
      const [a, b] = [this.y(bars.o[i]), this.y(bars.c[i])];
      const body = [x - half, Math.min(a, b), 2 * half, Math.max(1, Math.abs(a - b))];
      if (up) {
        g.fillStyle = style("--card");
        g.fillRect(...body);
        g.strokeRect(...body);
      } else g.fillRect(...body);
    }
  }

  cross() {
    if (view.cursor === null || view.cursor < view.from || view.cursor > view.to) return;
    const g = this.g;
    const x = Math.round(this.x(view.cursor)) + 0.5;
    g.strokeStyle = style("--other");
    g.lineWidth = 1;
    g.setLineDash([3, 3]);
    g.beginPath();
    g.moveTo(x, 0);
    g.lineTo(x, this.bottom);
    g.stroke();
    g.setLineDash([]);
    for (const s of this.options.series()) {
      if (!s.t.length) continue;
      const i = nearest(s.t, view.cursor);
      g.fillStyle = style(s.color);
      g.beginPath();
      g.arc(this.x(s.t[i]), this.y(s.v[i]), 3.2, 0, 7);
      g.fill();
    }
    if (this.drag) {
      const [a, b] = [this.x(this.drag.from), this.x(this.drag.to)];
      g.fillStyle = style("--wash");
      g.fillRect(Math.min(a, b), 0, Math.abs(b - a), this.bottom);
    }
  }

  /** The values under the cross-hair, or the last ones in view. */
  read() {
    const at = view.cursor ?? view.to;
    const parts = this.options.read(at);
    this.legend.replaceChildren(
      ...parts.map(({ text, value, color, dashed }) => {
        const span = document.createElement("span");
        if (color) {
          const key = document.createElement("i");
          key.className = dashed ? "key dashed" : "key";
          key.style.borderTopColor = style(color);
          span.append(key);
        }
        span.append(text ? text + " " : "");
        const b = document.createElement("b");
        b.textContent = value;
        span.append(b);
        return span;
      }),
    );
    return parts.map(({ text, value }) => `${text ?? ""} ${value}`.trim()).join(", ");
  }
}

/** Mouse, touch, wheel and keys of a chart. */
function listen(chart) {
  const { canvas } = chart;
  const pointers = new Map();
  const at = (event) => Math.min(Math.max(event.clientX - canvas.getBoundingClientRect().left, 0), chart.width);
  canvas.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, at(event));
    if (event.pointerType === "mouse" && event.button === 0) {
      canvas.setPointerCapture(event.pointerId);
      const t = chart.time(at(event));
      chart.drag = { from: t, to: t, pan: event.shiftKey, start: view.from };
    }
    if (event.pointerType !== "mouse") view.cursor = chart.time(at(event));
    view.redraw();
  });
  canvas.addEventListener("pointermove", (event) => {
    const x = at(event);
    if (pointers.size === 2 && pointers.has(event.pointerId)) {
      pinch(chart, pointers, event.pointerId, x);
      return;
    }
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, x);
    if (chart.drag?.pan) {
      const shift = chart.drag.from - chart.time(x);
      view.show(view.from + shift, view.to + shift);
      return;
    }
    view.cursor = chart.time(x);
    if (chart.drag) chart.drag.to = view.cursor;
    view.redraw();
  });
  const release = (event) => {
    pointers.delete(event.pointerId);
    const { drag } = chart;
    chart.drag = null;
    if (drag && !drag.pan && Math.abs(chart.x(drag.to) - chart.x(drag.from)) > 6) {
      view.show(Math.min(drag.from, drag.to), Math.max(drag.from, drag.to));
    } else view.redraw();
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && !chart.drag) {
      view.cursor = null;
      view.redraw();
    }
  });
  canvas.addEventListener("dblclick", () => view.show(view.min, view.max));
  canvas.addEventListener(
    "wheel",
    (event) => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      // A plain wheel scrolls the page; with Ctrl, which is what pinching a touch pad sends, it zooms.
      if (!event.ctrlKey && !event.metaKey && !sideways) return;
      event.preventDefault();
      if (sideways) {
        const shift = (event.deltaX / chart.width) * (view.to - view.from);
        view.show(view.from + shift, view.to + shift);
      } else view.zoom(Math.exp(event.deltaY * 0.004), chart.time(at(event)));
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => keys(chart, event));
  canvas.addEventListener("blur", () => {
    view.cursor = null;
    view.redraw();
  });
}

/** Two fingers: the times under them stay under them. */
function pinch(chart, pointers, id, x) {
  const [a, b] = [...pointers.values()];
  const times = [chart.time(a), chart.time(b)];
  pointers.set(id, x);
  const [c, d] = [...pointers.values()];
  if (Math.abs(c - d) < 12 || c === d) return;
  const scale = (times[1] - times[0]) / (d - c);
  const from = times[0] - c * scale;
  view.cursor = null;
  view.show(from, from + chart.width * scale);
}

function keys(chart, event) {
  const times = chart.options.times();
  if (!times.length || event.ctrlKey || event.metaKey || event.altKey) return;
  const here = view.cursor ?? (view.from + view.to) / 2;
  const step = (by) => {
    // Several points a pixel would make one step invisible.
    const [from, to] = chart.window(times);
    const jump = Math.max(1, Math.round((to - from) / chart.width)) * by * (event.shiftKey ? 10 : 1);
    const index = Math.min(Math.max(nearest(times, here) + jump, 0), times.length - 1);
    view.cursor = times[index];
    const span = view.to - view.from;
    if (view.cursor < view.from) view.show(view.cursor, view.cursor + span);
    if (view.cursor > view.to) view.show(view.cursor - span, view.cursor);
  };
  const actions = {
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    Home: () => (view.cursor = Math.max(view.from, times[0])),
    End: () => (view.cursor = Math.min(view.to, times[times.length - 1])),
    "+": () => view.zoom(0.6, here),
    "=": () => view.zoom(0.6, here),
    "-": () => view.zoom(1 / 0.6, here),
    0: () => view.show(view.min, view.max),
    Escape: () => (view.cursor = null),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
  view.redraw();
  requestAnimationFrame(() => (document.getElementById("live").textContent = chart.read()));
}
