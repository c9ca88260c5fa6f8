//! Prints one line, `hash <hex>`, that depends on everything a set of runs did.
//!
//! Two processes, and any number of threads, must print the same line.

use std::process::ExitCode;

use algoflow_backtest::{BacktestError, Sweep};
use algoflow_benches::{data, workloads};

fn hash() -> Result<String, BacktestError> {
    let bars = data::generate_bars(20_000)?;
    let mut lines = vec![workloads::bars(&bars)?.1.hash()];
    lines.extend(
        Sweep::over(workloads::pairs().step_by(40))
            .run(|(fast, slow)| workloads::backtest(&bars, *fast, *slow), |_, result| result.hash())?,
    );
    Ok(blake3::hash(lines.join("\n").as_bytes()).to_hex().to_string())
}

fn main() -> ExitCode {
    match hash() {
        Ok(hash) => {
            println!("hash {hash}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("determinism: {error}");
            ExitCode::FAILURE
        }
    }
}
