//! The tear sheet over real prices, over very few and very many points, and with hostile text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod market;

use std::path::PathBuf;

use algoflow_analytics::{AnalyticsError, EquityPoint, Options, Report};
use algoflow_core::{instrument::Instrument, order::Side, time::TimeDelta};

fn output(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Walks the tags of HTML or XML and checks that every element is closed in its order and every attribute quoted.
/// Answers the names of the elements.
fn elements(text: &str) -> Vec<String> {
    let (mut open, mut seen, mut rest) = (Vec::<String>::new(), Vec::new(), text);
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a bare > in {:?}", &rest[..start]);
        rest = &rest[start + 1..];
        let end = rest.find('>').expect("a tag ends");
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if tag.starts_with('!') || tag.starts_with('?') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed in order");
            continue;
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes in <{tag}>");
        assert!(tag.matches('=').count() <= tag.matches('"').count() / 2 + inside_quotes(tag), "<{tag}>");
        let name = tag.split([' ', '/', '\n']).next().unwrap().to_owned();
        seen.push(name.clone());
        if tag.ends_with('/') {
            continue;
        }
        if name == "script" || name == "style" {
            let close = format!("</{name}>");
            rest = &rest[rest.find(&close).expect("closed") + close.len()..];
            continue;
        }
        open.push(name);
    }
    assert!(open.is_empty(), "left open: {open:?}");
    seen
}

/// How many equals signs stand inside quoted values.
fn inside_quotes(tag: &str) -> usize {
    tag.split('"').skip(1).step_by(2).map(|value| value.matches('=').count()).sum()
}

fn count(seen: &[String], name: &str) -> usize {
    seen.iter().filter(|element| *element == name).count()
}

#[test]
fn real_prices_make_every_kind_of_output() {
    let prices = market::sp500();
    let run = market::sma_timing(&prices);
    let report = market::report(&run, prices);

    let summary = report.summary();
    println!("{summary}");
    assert!((18..=24).contains(&summary.lines().count()), "{}", summary.lines().count());
    assert!(summary.lines().skip(4).all(|line| line.chars().count() <= 80), "{summary}");
    for figure in ["+211.38%", "311,377.57", "Sharpe", "10 (0)", "-20.07%"] {
        assert!(summary.contains(figure), "{figure} in\n{summary}");
    }

    let html = report.to_html().unwrap();
    let seen = elements(&html);
    // Twenty years and their heading in the table of months.
    let heat = &html[html.find("<table class=\"heat\">").unwrap()..];
    let heat = &heat[..heat.find("</table>").unwrap()];
    assert_eq!(heat.matches("<tr>").count(), 21);
    // The last close of 2018 is stamped at the midnight at which 2019 begins.
    assert!(heat.contains(">2018<") && !heat.contains(">2019<"));
    assert!(html.contains("1999-01-05 to 2018-12-31") && !html.contains("2019-01-01"));
    assert_eq!(count(&seen, "canvas"), 5, "equity, drawdown, rolling Sharpe, overview, prices");
    assert!(html.len() < 1_000_000, "{} bytes", html.len());
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!html.contains(outside), "{outside} would be loaded");
    }

    let svg = report.to_svg();
    let seen = elements(&svg);
    assert_eq!(seen[0], "svg");
    assert!(count(&seen, "path") > 20 && count(&seen, "text") > 200);

    let json: serde_json::Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert_eq!(json["trades"]["closed"].as_array().unwrap().len(), 10);
    assert_eq!(json["statistics"]["observations"], 5030);
    assert_eq!(json["trade_statistics"]["all"]["net_profit"], "211377.57");
    assert_eq!(json["monthly"]["years"].as_array().unwrap().len(), 20);

    report.write_html(output("sp500.html")).unwrap();
    report.write_svg(output("sp500.svg")).unwrap();
    assert_eq!(std::fs::read_to_string(output("sp500.html")).unwrap(), html);
    // The same input gives the same bytes.
    let again = market::report(&market::sma_timing(&market::sp500()), market::sp500());
    assert_eq!(again.to_html().unwrap(), html);
    assert_eq!(again.to_svg(), svg);
}

/// The profit of the account is the profit of its trades: two ways of counting, one by equity and one by fills.
#[test]
fn trades_explain_the_equity() {
    let run = market::sma_timing(&market::sp500());
    let report = market::report(&run, market::sp500());
    assert!(report.trades().open.is_empty());
    let trades: f64 =
        report.trades().closed.iter().map(|trip| trip.net_pnl.to_string().parse::<f64>().unwrap()).sum();
    let equity = report.equity().last().unwrap().equity - report.equity()[0].equity;
    assert!((trades - equity).abs() < 1e-6, "{trades} is not {equity}");
    for trip in &report.trades().closed {
        let excursion = trip.excursion.unwrap();
        let gain = trip.net_return().unwrap();
        assert!(excursion.adverse >= 0.0 && excursion.favorable + 1e-9 >= gain, "{trip:?}");
    }
}

/// Long one stock and short the other, turned around every 60 days, so that fills go through zero.
#[test]
fn several_instruments_long_and_short() {
    let stocks = ["AAPL", "JPM"].map(|name| {
        let instrument = Instrument::equity(&format!("{name}.NYSE"), "USD").unwrap();
        (instrument, market::closes("stocks.csv", name))
    });
    let days = stocks[0].1.len();
    let (mut fills, mut equity, mut cash, mut held) = (Vec::new(), Vec::new(), 100_000.0, [0_i64; 2]);
    for day in 0..days {
        for (index, (instrument, closes)) in stocks.iter().enumerate() {
            if day % 60 == 0 {
                let sign = if (day / 60 + index).is_multiple_of(2) { 1 } else { -1 };
                let price = market::cents(closes[day].equity);
                let quantity = sign * (20_000.0 / closes[day].equity) as i64 - held[index];
                let side = if quantity > 0 { Side::Buy } else { Side::Sell };
                fills.push(market::fill(
                    fills.len(),
                    instrument,
                    side,
                    price,
                    quantity.abs(),
                    closes[day].ts,
                ));
                held[index] += quantity;
                cash -= price.to_f64() * quantity as f64;
            }
        }
        let value: f64 =
            stocks.iter().zip(held).map(|((_, closes), held)| closes[day].equity * held as f64).sum();
        equity.push(EquityPoint::new(stocks[0].1[day].ts, cash + value));
    }
    let mut builder = Report::builder("Long and short", equity)
        .fills(fills, stocks.iter().map(|(i, _)| i.clone()).collect());
    for (instrument, closes) in &stocks {
        builder = builder.prices(market::bars(instrument, closes));
    }
    let report = builder.build().unwrap();
    let trades = &report.trade_statistics();
    assert_eq!((trades.all.count, trades.long.count, trades.short.count), (108, 54, 54));
    assert_eq!(report.trades().open.len(), 2);
    assert!((report.exposure().unwrap() - 1.0).abs() < 1e-12);
    let html = report.to_html().unwrap();
    let seen = elements(&html);
    assert_eq!((count(&seen, "select"), count(&seen, "option")), (1, 2));
    assert!(html.contains("<th scope=\"col\">Long</th><th scope=\"col\">Short</th>"));
    assert!(html.contains("Open at the end"));
    report.write_html(output("pair.html")).unwrap();
}

#[test]
fn few_and_many_points_make_pages() {
    for (name, count, step, most) in [
        ("two", 2, TimeDelta::minutes(1), 60_000),
        ("few", 20, TimeDelta::days(1), 65_000),
        ("many", 100_000, TimeDelta::minutes(1), 500_000),
    ] {
        let report = Report::builder(name, market::wandering(count, step)).build().unwrap();
        let html = report.to_html().unwrap();
        elements(&html);
        assert!(html.len() < most, "{name}: {} bytes", html.len());
        assert_eq!(html.contains("at most 6,000"), count > 6_000, "thinning is said where it is done");
        elements(&report.to_svg());
        report.write_html(output(&format!("{name}.html"))).unwrap();
    }
}

#[test]
fn hostile_text_is_harmless() {
    const HOSTILE: &str = "</script><script>alert(1)</script><!-- \" ' & \u{0} \u{2028}";
    let mut run = market::sma_timing(&market::sp500()[..600]);
    run.instrument = Instrument::equity("<b>\"&'</script>.X", "USD").unwrap();
    for fill in &mut run.fills {
        fill.instrument = run.instrument.id;
    }
    let bars = run.prices.bars().to_vec();
    let prices = algoflow_analytics::trade::PriceSeries::new(run.instrument.id, bars).unwrap();
    let report = Report::builder(HOSTILE, run.equity.clone())
        .strategy(format!("strategy {HOSTILE}"))
        .parameter(HOSTILE, HOSTILE)
        .currency(HOSTILE)
        .benchmark(HOSTILE, run.equity.clone())
        .fills(run.fills.clone(), vec![run.instrument.clone()])
        .prices(prices)
        .note(HOSTILE)
        .run_hash(HOSTILE)
        .build()
        .unwrap();
    let html = report.to_html().unwrap();
    let seen = elements(&html);
    assert_eq!(count(&seen, "script"), 2, "the data and the page's own");
    assert_eq!(count(&seen, "b"), 0);
    assert_eq!(html.matches("</script>").count(), 2);
    assert!(!html.contains('\u{2028}') || !html.contains("alert(1)</script>"));
    assert!(!html.contains('\u{0}'));
    let seen = elements(&report.to_svg());
    assert_eq!(count(&seen, "script"), 0);
}

#[test]
fn a_ruined_account_is_shown_as_such() {
    let mut points = market::wandering(40, TimeDelta::days(1));
    points[30] = EquityPoint::new(points[30].ts, -5.0);
    let report = Report::builder("Ruin", points).build().unwrap();
    assert!(report.to_html().unwrap().contains("Ruined"));
    assert!(report.summary().contains("ruined"));
    assert_eq!(report.statistics().max_drawdown, 1.0);
    elements(&report.to_svg());
}

#[test]
fn odd_curves_make_reports_or_errors() {
    let day =
        |index: i64| market::wandering(1, TimeDelta::days(1))[0].ts.saturating_add(TimeDelta::days(index));
    let build = |equity: &[f64]| {
        let points =
            equity.iter().zip(0..).map(|(equity, index)| EquityPoint::new(day(index), *equity)).collect();
        Report::builder("", points).currency("USD").build()
    };
    let code = |equity: &[f64]| build(equity).unwrap_err().code();
    assert_eq!(code(&[]), "ANALYTICS_TOO_FEW_POINTS");
    assert_eq!(code(&[100.0]), "ANALYTICS_TOO_FEW_POINTS");
    assert_eq!(code(&[100.0, f64::NAN, 100.0]), "ANALYTICS_NOT_FINITE");
    assert_eq!(code(&[100.0, f64::INFINITY]), "ANALYTICS_NOT_FINITE");
    assert_eq!(code(&[0.0, 100.0]), "ANALYTICS_NO_CAPITAL");
    assert_eq!(code(&[-5.0, 100.0]), "ANALYTICS_NO_CAPITAL");

    let flat = build(&[100.0; 40]).unwrap();
    let s = flat.statistics();
    assert_eq!((s.total_return, s.volatility, s.max_drawdown), (Some(0.0), Some(0.0), 0.0));
    assert_eq!((s.sharpe, s.sortino, s.calmar, s.tail_ratio, s.skewness), (None, None, None, None, None));
    assert_eq!((flat.exposure(), flat.turnover(), flat.trade_statistics().all.win_rate), (None, None, None));
    assert!(flat.drawdowns().is_empty());
    let fallen = build(&[100.0, 120.0, 90.0, 95.0]).unwrap();
    let [fall] = fallen.drawdowns() else { panic!("{:?}", fallen.drawdowns()) };
    assert_eq!((fall.recovery, fall.length), (None, TimeDelta::days(2)));
    assert!(fallen.to_html().unwrap().contains("not yet"));
    let broke = build(&[100.0, 50.0, -20.0, 300.0]).unwrap();
    assert_eq!((broke.statistics().total_return, broke.statistics().ruined), (Some(-1.0), Some(day(2))));
    for report in [flat, fallen, broke] {
        assert_eq!(report.title(), "Performance", "an empty title is none");
        for text in [report.to_html().unwrap(), report.to_svg(), report.summary()] {
            assert!(!text.contains("NaN") && !text.contains("inf%"), "{text}");
        }
    }
}

#[test]
fn a_given_number_of_periods_that_the_data_do_not_have_is_said() {
    let points = market::wandering(200, TimeDelta::days(1));
    let summary = |periods: Option<f64>| {
        let options = Options { periods_per_year: periods, ..Options::default() };
        Report::builder("x", points.clone()).options(options).build().unwrap().summary()
    };
    assert!(summary(Some(252.0)).contains("annualized with 252 days per year as given; the data have 365"));
    assert!(summary(Some(365.0)).contains("annualized with 365 days per year\n"));
    assert!(summary(None).contains("annualized with 365 days per year, derived from the data\n"));
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let report = Report::builder("x", market::wandering(5, TimeDelta::days(1))).build().unwrap();
    let path = output("no such folder").join("x.html");
    let error = report.write_html(&path).unwrap_err();
    assert!(matches!(&error, AnalyticsError::Write { path: named, .. } if *named == path), "{error}");
    assert_eq!(error.code(), "ANALYTICS_WRITE");
}

#[cfg(feature = "png")]
#[test]
fn the_picture_is_a_png() {
    let run = market::sma_timing(&market::sp500());
    let report = market::report(&run, market::sp500());
    let png = report.to_png().unwrap();
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!(size(16), 2_400, "two pixels per unit");
    assert!(size(20) > 2_000 && png.len() > 100_000, "{} by {}, {} bytes", size(16), size(20), png.len());
    assert_eq!(report.to_png().unwrap(), png, "the same every time");
    report.write_png(output("sp500.png")).unwrap();
    assert_eq!(std::fs::read(output("sp500.png")).unwrap(), png);
}
