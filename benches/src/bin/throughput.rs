//! Times the workloads: `throughput WORKLOAD [--file F] [--rows N] [--repeat R]`, one JSON line each.
//!
//! With `--repeat` the workload runs so many times over the loaded data, and the run of the median time is reported.
//!
//! `bars` and `sweep` read bars (`ts,open,high,low,close,volume`, stamps of the close in nanoseconds), `ticks` reads
//! trades (`ts,price,qty,side`); CSV or Parquet. Without a file, data are generated.
//!
//! `journal` writes generated trades, and what a strategy does with them, to a journal in `--dir` (a temporary directory in the
//! current one if there is none), then 2,000 more entries one at a time, and reads and replays all of them.
//!
//! `tick-to-order` takes JSON text of trades to JSON text of orders: through a session alone, and, a twentieth of the messages, through the
//! whole driver with the journal in shared memory and in `--dir`. One line each.
//!
//! `endurance` plays back trades at twenty times the rate of a busy day for `--seconds`, and fails if the memory grew by more than 5 MB after the
//! warm-up, which is a quarter of the time.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use algoflow_backtest::BacktestError;
use algoflow_benches::{
    data,
    workloads::{self, Outcome, endurance, tick_to_order},
};

/// By how much the memory of an endurance run may grow after the warm-up.
const MAX_GROWTH_KB: u64 = 5 * 1024;

struct Arguments {
    workload: String,
    file: Option<PathBuf>,
    rows: Option<usize>,
    repeat: usize,
    directory: Option<PathBuf>,
    seconds: u64,
}

fn arguments() -> Result<Arguments, String> {
    let usage = "usage: throughput bars|ticks|sweep|journal|tick-to-order|endurance [--file FILE] [--rows N] [--repeat R] [--dir DIR] [--seconds S]";
    let mut args = std::env::args().skip(1);
    let workload = args.next().ok_or(usage)?;
    let (mut file, mut rows, mut repeat, mut directory, mut seconds) = (None, None, 1, None, 60);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value\n{usage}"))?;
        match flag.as_str() {
            "--file" => file = Some(PathBuf::from(value)),
            "--dir" => directory = Some(PathBuf::from(value)),
            "--seconds" => seconds = number(&value)? as u64,
            "--rows" => rows = Some(number(&value)?),
            "--repeat" => repeat = number(&value)?.max(1),
            other => return Err(format!("unknown option {other}\n{usage}")),
        }
    }
    Ok(Arguments { workload, file, rows, repeat, directory, seconds })
}

fn number(text: &str) -> Result<usize, String> {
    text.replace('_', "").parse().map_err(|_| format!("{text} is not a number"))
}

/// The outcome of the run of the median time.
fn median(repeat: usize, run: impl Fn() -> Result<Outcome, BacktestError>) -> Result<Outcome, BacktestError> {
    let mut outcomes = (0..repeat.saturating_sub(1)).map(|_| run()).collect::<Result<Vec<_>, _>>()?;
    let last = run()?;
    outcomes.push(last);
    outcomes.sort_by(|a, b| a.run_s.total_cmp(&b.run_s));
    Ok(outcomes.get(outcomes.len() / 2).copied().unwrap_or(last))
}

/// The most memory that the process held, in megabytes; zero where the system does not say.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn journal(directory: Option<&Path>, rows: usize) -> Result<(), Box<dyn std::error::Error>> {
    let place = tempfile::tempdir_in(directory.unwrap_or(Path::new(".")))?;
    let measured = workloads::journal::run(place.path(), rows as u64, 2_000)?;
    println!(
        "{{\"workload\":\"journal\",\"events\":{},\"write_s\":{:.4},\"rate\":{:.0},\"size_mb\":{:.1},\
         \"durable_p50_us\":{:.0},\"durable_p99_us\":{:.0},\"read_s\":{:.4},\"recovery_s\":{:.4},\
         \"commands\":{},\"rss_mb\":{}}}",
        measured.events,
        measured.write_s,
        measured.events as f64 / measured.write_s,
        measured.size_mb,
        measured.durable_p50_us,
        measured.durable_p99_us,
        measured.read_s,
        measured.recovery_s,
        measured.commands,
        peak_mb()
    );
    Ok(())
}

/// Prints one variant; the latencies are sorted.
fn print_latencies(variant: &str, found: &tick_to_order::Latencies) {
    let tick_to_order::Latencies { orders, decisions } = found;
    let part = |times: &[u64], share| tick_to_order::per_mille(times, share);
    println!(
        "{{\"workload\":\"tick-to-order\",\"variant\":\"{variant}\",\"orders\":{},\"order_p50_us\":{:.2},\
         \"order_p99_us\":{:.2},\"order_p999_us\":{:.2},\"decisions\":{},\"decision_p50_us\":{:.2},\
         \"decision_p99_us\":{:.2},\"decision_p999_us\":{:.2}}}",
        orders.len(),
        part(orders, 500),
        part(orders, 990),
        part(orders, 999),
        decisions.len(),
        part(decisions, 500),
        part(decisions, 990),
        part(decisions, 999),
    );
}

fn tick_to_order(directory: Option<&Path>, messages: u64) -> Result<(), Box<dyn std::error::Error>> {
    print_latencies("session", &tick_to_order::session(messages)?);
    let shared = Path::new("/dev/shm");
    let places = [
        ("driver, journal in shared memory", shared),
        ("driver, journal on disk", directory.unwrap_or(Path::new("."))),
    ];
    for (variant, place) in places {
        if place == shared && !shared.is_dir() {
            eprintln!("throughput: there is no {}: {variant} is left out", shared.display());
            continue;
        }
        let place = tempfile::tempdir_in(place)?;
        print_latencies(variant, &tick_to_order::driver::run(place.path(), messages / 20)?);
    }
    Ok(())
}

fn endurance(directory: Option<&Path>, seconds: u64) -> Result<(), Box<dyn std::error::Error>> {
    let place = tempfile::tempdir_in(directory.unwrap_or(Path::new(".")))?;
    let measured = endurance::run(place.path(), seconds, Duration::from_secs((seconds / 10).max(5)))?;
    for sample in &measured.samples {
        println!(
            "{{\"workload\":\"endurance\",\"at_s\":{:.0},\"rss_kb\":{},\"tasks\":{},\"trades\":{},\"rate\":{:.0},\
             \"entries\":{},\"orders\":{}}}",
            sample.at_s,
            sample.rss_kb,
            sample.tasks,
            sample.trades,
            sample.trades as f64 / sample.at_s,
            sample.entries,
            sample.orders
        );
    }
    let (growth, orders) = (measured.growth_kb(), measured.new_orders());
    println!(
        "{{\"workload\":\"endurance\",\"growth_kb\":{growth},\"new_orders\":{orders},\"bytes_per_order\":{:.0}}}",
        growth as f64 * 1024.0 / orders.max(1) as f64
    );
    if growth > MAX_GROWTH_KB {
        return Err(format!(
            "the memory grew by {growth} kB after the warm-up, more than {MAX_GROWTH_KB} kB"
        )
        .into());
    }
    Ok(())
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Arguments { workload, file, rows, repeat, directory, seconds } = arguments()?;
    match workload.as_str() {
        "journal" => return journal(directory.as_deref(), rows.unwrap_or(1_000_000)),
        "tick-to-order" => return tick_to_order(directory.as_deref(), rows.unwrap_or(400_000) as u64),
        "endurance" => return endurance(directory.as_deref(), seconds),
        _ => {}
    }
    let start = Instant::now();
    let bars = |default: usize| match &file {
        Some(path) => data::load_bars(path, rows.or(Some(default))),
        None => data::generate_bars(rows.unwrap_or(default)),
    };
    let (load_s, outcome) = match workload.as_str() {
        "bars" => {
            let series = if file.is_some() && rows.is_none() { bars(usize::MAX)? } else { bars(1_000_000)? };
            (start.elapsed(), median(repeat, || Ok(workloads::bars(&series)?.0))?)
        }
        "sweep" => {
            let series = bars(100_000)?;
            (start.elapsed(), median(repeat, || workloads::sweep(&series))?)
        }
        "ticks" => {
            let series = match &file {
                Some(path) => data::load_trades(path, rows)?,
                None => data::generate_trades(rows.unwrap_or(5_000_000))?,
            };
            (start.elapsed(), median(repeat, || workloads::ticks(&series))?)
        }
        other => {
            return Err(format!(
                "there is no workload {other}: bars, ticks, sweep, journal, tick-to-order, endurance"
            )
            .into());
        }
    };
    let (load_s, rate) = (load_s.as_secs_f64(), outcome.events as f64 / outcome.run_s);
    println!(
        "{{\"workload\":\"{workload}\",\"events\":{},\"load_s\":{load_s:.4},\"run_s\":{:.5},\"rate\":{rate:.0},\
         \"fills\":{},\"equity\":{:.4},\"rss_mb\":{}}}",
        outcome.events,
        outcome.run_s,
        outcome.fills,
        outcome.equity,
        peak_mb()
    );
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("throughput: {error}");
            ExitCode::FAILURE
        }
    }
}
