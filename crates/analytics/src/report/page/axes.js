// Scales, ticks and the text of numbers and times.

const DATA = JSON.parse(document.getElementById("data").textContent);

const SECOND_STEPS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800];
const MONTH_STEPS = [1, 3, 6, 12, 24, 60, 120, 240, 600];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const pad = (n) => String(n).padStart(2, "0");
const minus = (text) => text.replace("-", "\u2212");

function number(value, places) {
  const options = { minimumFractionDigits: places, maximumFractionDigits: places, signDisplay: "negative" };
  return minus(value.toLocaleString("en-US", options));
}

/** As many places as tell values of a range of this size apart. */
function placesFor(span) {
  return span > 0 ? Math.min(8, Math.max(0, 2 - Math.floor(Math.log10(span)))) : 2;
}

function percent(value, places = 2) {
  return number(value * 100, places) + "%";
}

/** Short numbers for the axis: 1.2M, 350k. */
function compact(value, step) {
  const size = Math.abs(value);
  for (const [unit, name] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
    if (size >= unit * (unit === 1e3 ? 10 : 1)) return number(value / unit, placesOf(step / unit)) + name;
  }
  return number(value, placesOf(step));
}

/** The decimal places that multiples of a step need. */
function placesOf(step) {
  for (let places = 0; places < 8; places++) {
    const shifted = step * 10 ** places;
    if (Math.abs(shifted - Math.round(shifted)) < 1e-6) return places;
  }
  return 8;
}

function day(t) {
  const d = new Date(t * 1000);
  return `${d.getUTCFullYear()}-${pad(d.getUTCMonth() + 1)}-${pad(d.getUTCDate())}`;
}

function clock(t) {
  const d = new Date(t * 1000);
  const seconds = d.getUTCSeconds() ? ":" + pad(d.getUTCSeconds()) : "";
  return `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}${seconds}`;
}

/** When something happened. */
const moment = (t) => (DATA.daily ? day(t) : `${day(t)} ${clock(t)}`);
/** The time up to which a point or a bar tells: with dates alone, one at midnight is the close of the day before. */
const closing = (t) => (DATA.daily ? day(t - 0.001) : moment(t));

function duration(seconds) {
  const units = [[86400, "d"], [3600, "h"], [60, "min"]];
  for (const [unit, name] of units) {
    if (seconds >= 3 * unit || (seconds >= unit && unit < 86400)) return number(seconds / unit, seconds >= 10 * unit ? 0 : 1) + " " + name;
  }
  return number(seconds, seconds < 10 ? 1 : 0) + " s";
}

/** Round values from `low` to `high`, about `count` of them, and the step between them. */
function valueTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((m) => m * power >= rough) ?? 10);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(i * step);
  return { ticks, step };
}

/** Ticks for a logarithmic axis: powers of ten with 2 and 5 where they spread, else round values. */
function logTicks(low, high, count) {
  if (high / low < 8) return valueTicks(low, high, count);
  const ticks = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    for (const m of high / low > 10 ** count ? [1] : [1, 2, 5]) {
      if (m * power >= low && m * power <= high) ticks.push(m * power);
    }
  }
  return { ticks, step: low };
}

/** Times at round dates with their labels, `room` pixels or more apart. */
function timeTicks(from, to, width, room) {
  const least = ((to - from) * room) / width;
  const ticks = [];
  const step = SECOND_STEPS.find((s) => s >= least);
  if (step) {
    // Weeks begin on Monday; the epoch was a Thursday.
    const shift = step === 604800 ? 345600 : 0;
    for (let t = Math.ceil((from - shift) / step) * step + shift; t <= to; t += step) {
      const d = new Date(t * 1000);
      const midnight = t % 86400 === 0;
      const label = midnight ? `${MONTHS[d.getUTCMonth()]} ${d.getUTCDate()}` : clock(t);
      ticks.push({ t, label, strong: midnight && step < 86400 });
    }
    return ticks;
  }
  const months = MONTH_STEPS.find((m) => m * 2629746 >= least) ?? 1200;
  const first = new Date(from * 1000);
  let index = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / months) * months;
  for (; ; index += months) {
    const t = Date.UTC(Math.floor(index / 12), index % 12, 1) / 1000;
    if (t > to) return ticks;
    const january = index % 12 === 0;
    const label = january ? String(Math.floor(index / 12)) : MONTHS[index % 12];
    if (t >= from) ticks.push({ t, label, strong: january && months < 12 });
  }
}

/** The index of the first time that is not before `t`. */
function lowerBound(times, t) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the time nearest to `t`. */
function nearest(times, t) {
  const after = lowerBound(times, t);
  if (after === 0) return 0;
  if (after === times.length || t - times[after - 1] <= times[after] - t) return after - 1;
  return after;
}
