//! Hundreds of parameter sets in parallel, chosen on one half of the data and judged on the other.
//!
//! `cargo run --release --example parameter_sweep`

use std::{cmp::Ordering, error::Error, sync::Arc};

use algoflow::prelude::*;

/// How a pair of lengths did.
#[derive(Clone, Copy)]
struct Outcome {
    sharpe: f64,
    total_return: f64,
}

/// Runs every strategy on these bars. Results come in the order of the strategies, whichever thread was first.
fn sweep(
    strategies: &[SmaCross],
    spx: &Instrument,
    bars: &Arc<BarSeries>,
) -> Result<Vec<Outcome>, BacktestError> {
    Sweep::over(strategies)
        .on_progress(|progress| {
            if progress.done.is_multiple_of(100) || progress.done == progress.total {
                eprintln!("  {} of {} runs", progress.done, progress.total);
            }
        })
        .run(
            |strategy| {
                let venue = SimVenue::new("INDEX").instrument(spx.clone());
                Ok(Backtest::new()
                    .cash("100000 USD")
                    .strategy((*strategy).clone())
                    .venue(venue.fees(Fees::bps(1)).slippage(Slippage::bps(2.0)))
                    .data(bars))
            },
            // Only what is needed stays: a thousand whole results would fill the memory.
            |_, result| {
                let sharpe = result.report().ok().and_then(|report| report.statistics().sharpe);
                Outcome {
                    // A pair that never traded has none, and comes last.
                    sharpe: sharpe.unwrap_or(f64::NEG_INFINITY),
                    total_return: result.total_return().unwrap_or(f64::NAN),
                }
            },
        )
}

fn best_first(a: &Outcome, b: &Outcome) -> Ordering {
    b.sharpe.total_cmp(&a.sharpe)
}

/// The ranks of the outcomes, 0 for the best.
fn ranks(outcomes: &[Outcome]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..outcomes.len()).collect();
    order.sort_by(|a, b| best_first(&outcomes[*a], &outcomes[*b]));
    let mut ranks = vec![0; outcomes.len()];
    for (rank, index) in order.into_iter().enumerate() {
        ranks[index] = rank;
    }
    ranks
}

/// Spearman's correlation of two rankings without ties: 1 if they agree, 0 if one says nothing about the other.
fn rank_correlation(a: &[usize], b: &[usize]) -> f64 {
    let n = a.len() as f64;
    let squares: f64 = a.iter().zip(b).map(|(a, b)| (*a as f64 - *b as f64).powi(2)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

fn main() -> Result<(), Box<dyn Error>> {
    let spx = Instrument::equity("SPX.INDEX", "USD")?;
    let (bars, _) = CsvBars::from_bytes("sp500_daily.csv.gz", algoflow::samples::SP500_DAILY)
        .instrument(spx.id)
        .spec(BarSpec::day())
        .load()?;

    // The choice sees the first years only. The rest is looked at once, after the choice.
    let split = bars.index_at("2010-01-01".parse()?);
    let seen = Arc::new(bars.slice(..split));
    let unseen = Arc::new(bars.slice(split..));

    let pairs: Vec<(usize, usize)> = (2..=60)
        .step_by(3)
        .flat_map(|fast| (20..=250).step_by(10).map(move |slow| (fast, slow)))
        .filter(|(fast, slow)| fast < slow)
        .collect();
    // Built before anything runs: a pair that makes no sense is an error here, not in the middle of a long sweep.
    let strategies: Vec<SmaCross> =
        pairs.iter().map(|(fast, slow)| SmaCross::new(spx.id, *fast, *slow)).collect::<Result<_, _>>()?;
    println!("{} pairs, chosen on {} bars, judged on {}", pairs.len(), seen.len(), unseen.len());
    let chosen_on = sweep(&strategies, &spx, &seen)?;
    let judged_on = sweep(&strategies, &spx, &unseen)?;

    let (seen_ranks, unseen_ranks) = (ranks(&chosen_on), ranks(&judged_on));
    let mut top: Vec<usize> = (0..pairs.len()).collect();
    top.sort_by_key(|index| seen_ranks[*index]);
    println!(
        "\n{:>4} {:>5}   {:>16} {:>10}   {:>16} {:>10} {:>10}",
        "fast", "slow", "Sharpe 1999-2009", "return", "Sharpe 2010-2018", "return", "rank"
    );
    for index in top.iter().take(10) {
        let ((fast, slow), before, after) = (pairs[*index], chosen_on[*index], judged_on[*index]);
        println!(
            "{:>4} {:>5}   {:>16.2} {:>9.1}%   {:>16.2} {:>9.1}% {:>6}/{}",
            fast,
            slow,
            before.sharpe,
            before.total_return * 100.0,
            after.sharpe,
            after.total_return * 100.0,
            unseen_ranks[*index] + 1,
            pairs.len(),
        );
    }

    let mut sorted = judged_on.clone();
    sorted.sort_by(best_first);
    println!("\nMedian Sharpe of all pairs 2010-2018: {:.2}", sorted[sorted.len() / 2].sharpe);
    println!("Rank correlation between the two periods: {:.2}", rank_correlation(&seen_ranks, &unseen_ranks));
    println!(
        "\nThe best of {} tries is good by luck as well as by merit, and 1999-2009 cannot tell which.",
        pairs.len()
    );
    println!("Only the columns on the right say what choosing by the past was worth.");
    Ok(())
}
