//! A report for machines.

use serde::Serialize;

use super::Report;
use crate::{
    calendar::MonthlyTable,
    drawdown::Drawdown,
    error::Result,
    returns::ReturnSeries,
    statistics::Statistics,
    trade::{TradeStatistics, Trades},
};

#[derive(Serialize)]
struct Document<'a> {
    title: &'a str,
    strategy: Option<&'a str>,
    parameters: &'a [(String, String)],
    currency: Option<&'a str>,
    run_hash: Option<&'a str>,
    notes: &'a [String],
    first_equity: Option<f64>,
    final_equity: Option<f64>,
    statistics: &'a Statistics,
    exposure: Option<f64>,
    turnover: Option<f64>,
    trade_statistics: &'a TradeStatistics,
    drawdowns: &'a [Drawdown],
    monthly: &'a MonthlyTable,
    trades: &'a Trades,
    returns: &'a ReturnSeries,
    benchmark: Option<Benchmark<'a>>,
}

#[derive(Serialize)]
struct Benchmark<'a> {
    name: &'a str,
    returns: &'a ReturnSeries,
}

pub(super) fn write(report: &Report) -> Result<String> {
    let document = Document {
        title: &report.title,
        strategy: report.strategy.as_deref(),
        parameters: &report.parameters,
        currency: report.currency.as_deref(),
        run_hash: report.run_hash.as_deref(),
        notes: &report.notes,
        first_equity: report.equity.first().map(|point| point.equity),
        final_equity: report.equity.last().map(|point| point.equity),
        statistics: &report.statistics,
        exposure: report.exposure,
        turnover: report.turnover,
        trade_statistics: &report.trade_statistics,
        drawdowns: &report.drawdowns,
        monthly: &report.monthly,
        trades: &report.trades,
        returns: &report.returns,
        benchmark: report
            .benchmark
            .as_ref()
            .map(|benchmark| Benchmark { name: &benchmark.name, returns: &benchmark.returns }),
    };
    Ok(serde_json::to_string_pretty(&document)?)
}
