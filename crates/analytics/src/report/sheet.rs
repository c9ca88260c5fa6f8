//! The tear sheet as a picture: headline figures, equity, drawdown, rolling Sharpe, prices with fills, monthly returns and
//! the rest of the figures.

mod axes;
mod chart;

use super::{
    Report, figures,
    format::{UNDEFINED, close, number},
    plot,
};
use crate::{
    calendar::{MONTH_NAMES, MonthlyTable},
    picture::{Anchor, Color, Font, Picture},
};

use chart::{Chart, Series};

const WIDTH: f64 = 1200.0;
const MARGIN: f64 = 36.0;
const INNER: f64 = WIDTH - 2.0 * MARGIN;
/// The most years of the table of months; the last are shown.
const MAX_YEARS: usize = 30;

const PAPER: Color = Color(255, 255, 255, 1.0);
const INK: Color = Color(23, 27, 33, 1.0);
const SOFT: Color = Color(89, 98, 110, 1.0);
const GRID: Color = Color(236, 238, 241, 1.0);
const TILE: Color = Color(246, 247, 249, 1.0);
const UP: Color = Color(31, 111, 196, 1.0);
const DOWN: Color = Color(200, 80, 10, 1.0);
const LINE: Color = Color(31, 95, 191, 1.0);
const OTHER: Color = Color(141, 150, 163, 1.0);
const SHARPE: Color = Color(122, 79, 176, 1.0);
const WASH: Color = Color(31, 95, 191, 0.08);
const DOWN_WASH: Color = Color(200, 80, 10, 0.12);

const TITLE: Font = Font { size: 26.0, bold: true, color: INK };
const HEADING: Font = Font { size: 15.0, bold: true, color: INK };
const BODY: Font = Font { size: 12.5, bold: false, color: INK };
const QUIET: Font = Font { size: 12.5, bold: false, color: SOFT };
const VALUE: Font = Font { size: 21.0, bold: true, color: INK };

/// `text`, cut so that about `width` units hold it at the size of the font.
fn fitted(text: &str, width: f64, font: Font) -> String {
    let room = (width / (font.size * 0.56)).max(1.0) as usize;
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(room - 1).collect();
    cut.push('…');
    cut
}

/// A true minus sign before digits.
fn typeset(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

/// Lays the picture out from top to bottom.
pub(super) fn draw(report: &Report) -> Picture {
    let mut picture = Picture { title: report.title.clone(), width: WIDTH, height: 0.0, shapes: Vec::new() };
    // The ground is drawn first; its height is known last.
    picture.rect([0.0, 0.0, WIDTH, 0.0], 0.0, PAPER);
    let mut y = header(&mut picture, report);
    y = tiles(&mut picture, report, y);
    y = charts(&mut picture, report, y);
    let (left, right) = (monthly(&mut picture, &report.monthly, y), list(&mut picture, report, y));
    y = left.max(right) + 14.0;
    if let Some(hash) = &report.run_hash {
        y += 12.0;
        let text = fitted(&format!("Run {hash}"), INNER, QUIET);
        picture.text((MARGIN, y), Anchor::Start, QUIET, text);
        y += 6.0;
    }
    picture.height = y + MARGIN / 2.0;
    if let Some(crate::picture::Shape::Rect { height, .. }) = picture.shapes.first_mut() {
        *height = picture.height;
    }
    picture
}

fn header(picture: &mut Picture, report: &Report) -> f64 {
    let mut y = MARGIN + 24.0;
    picture.text((MARGIN, y), Anchor::Start, TITLE, fitted(&report.title, INNER, TITLE));
    let mut lines = Vec::new();
    let about: Vec<String> =
        report.subtitle().map(str::to_owned).into_iter().chain(report.parameter_line()).collect();
    if !about.is_empty() {
        lines.push(about.join(", "));
    }
    lines.push(figures::span(report));
    if let Some(ruined) = report.statistics.ruined {
        lines.push(format!("Ruined: equity fell to zero or below at {}.", close(ruined, report.is_daily())));
    }
    for line in lines {
        y += 21.0;
        picture.text((MARGIN, y), Anchor::Start, QUIET, fitted(&line, INNER, QUIET));
    }
    y + 18.0
}

fn tiles(picture: &mut Picture, report: &Report, y: f64) -> f64 {
    let tiles = figures::headline(report);
    let (gap, height) = (10.0, 76.0);
    let width = (INNER - gap * (tiles.len() as f64 - 1.0)) / tiles.len() as f64;
    for (index, [name, value, below]) in tiles.iter().enumerate() {
        let x = MARGIN + index as f64 * (width + gap);
        let color = match value.chars().next() {
            Some('-') => DOWN,
            Some('+') => UP,
            _ => INK,
        };
        let (text, small) = (Font { color, ..VALUE }, Font { size: 11.0, ..QUIET });
        picture.rect([x, y, width, height], 8.0, TILE);
        picture.text((x + 12.0, y + 20.0), Anchor::Start, QUIET, name.as_str());
        picture.text((x + 12.0, y + 45.0), Anchor::Start, text, fitted(&typeset(value), width - 16.0, text));
        picture.text(
            (x + 12.0, y + 64.0),
            Anchor::Start,
            small,
            fitted(&typeset(below), width - 16.0, small),
        );
    }
    y + height + 26.0
}

fn charts(picture: &mut Picture, report: &Report, y: f64) -> f64 {
    let equity = plot::equity(report);
    let benchmark = plot::benchmark(report);
    let range = (equity.t.first().copied().unwrap_or(0.0), equity.t.last().copied().unwrap_or(1.0));
    let chart = |zero, percent| Chart { frame: [0.0; 4], range, zero, percent };

    let mut series = Vec::new();
    let mut keys = vec![("Strategy".to_owned(), LINE)];
    if let Some(line) = &benchmark {
        series.push(Series { dashed: true, ..Series::new(line, OTHER, 1.3) });
        let name = report.benchmark.as_ref().map_or("", |benchmark| &benchmark.name);
        keys.push((fitted(name, 240.0, QUIET), OTHER));
    }
    series.push(Series { wash: Some(WASH), ..Series::new(&equity, LINE, 1.7) });
    legend(picture, &keys, y);
    let mut y = panel(picture, &report.in_currency("Equity"), y, 300.0, chart(false, false), &series);

    let drawdown = plot::underwater(report);
    let fall = [Series { wash: Some(DOWN_WASH), ..Series::new(&drawdown, DOWN, 1.2) }];
    y = panel(picture, "Drawdown", y, 130.0, chart(true, true), &fall);

    if let Some(rolling) = plot::rolling_sharpe(report) {
        let title = figures::rolling_title(report, &rolling);
        let line = [Series { breaks: &rolling.breaks, ..Series::new(&rolling.line, SHARPE, 1.2) }];
        y = panel(picture, &title, y, 110.0, chart(true, false), &line);
    }
    if let Some((instrument, prices, fills)) = plot::most_traded(report) {
        let title = format!("{instrument}, bought \u{25b2}, sold \u{25bc}");
        let line = [Series { fills: &fills, ..Series::new(&prices, LINE, 1.2) }];
        y = panel(picture, &title, y, 200.0, chart(false, false), &line);
    }
    y
}

/// A chart with its heading; answers where what follows may begin.
fn panel(
    picture: &mut Picture,
    title: &str,
    y: f64,
    height: f64,
    chart: Chart,
    series: &[Series<'_>],
) -> f64 {
    picture.text((MARGIN, y), Anchor::Start, HEADING, fitted(title, 500.0, HEADING));
    Chart { frame: [MARGIN, y + 10.0, INNER, height], ..chart }.draw(picture, series);
    y + height + 66.0
}

/// The names of the lines, ending at the right edge in any font that is not very wide.
fn legend(picture: &mut Picture, keys: &[(String, Color)], y: f64) {
    let mut x = WIDTH - MARGIN;
    for (index, (name, color)) in keys.iter().enumerate().rev() {
        x -= name.chars().count() as f64 * QUIET.size * 0.6;
        picture.text((x, y), Anchor::Start, QUIET, name.as_str());
        let key = vec![(x - 28.0, y - 4.0), (x - 8.0, y - 4.0)];
        if index == 0 {
            picture.line(key, 2.0, *color);
        } else {
            picture.dashed_line(key, 2.0, *color);
        }
        x -= 46.0;
    }
}

/// The table of months at the left; answers where it ends.
fn monthly(picture: &mut Picture, table: &MonthlyTable, y: f64) -> f64 {
    let (label, height) = (44.0, 24.0);
    let cell = (740.0 - label) / 13.0;
    let shown = table.years.len().saturating_sub(MAX_YEARS);
    let heading = if shown > 0 {
        format!("Monthly returns, %, the last {MAX_YEARS} years")
    } else {
        "Monthly returns, %".into()
    };
    picture.text((MARGIN, y), Anchor::Start, HEADING, heading);
    let small = Font { size: 11.5, ..QUIET };
    let x = |column: usize| MARGIN + label + cell * column as f64;
    for (column, name) in MONTH_NAMES.iter().copied().chain(["Total"]).enumerate() {
        picture.text((x(column) + cell / 2.0, y + 24.0), Anchor::Middle, small, name);
    }
    let heat = figures::heat(table);
    let mut top = y + 32.0;
    for row in table.years.iter().skip(shown).rev() {
        picture.text((MARGIN, top + 16.0), Anchor::Start, BODY, row.year.to_string());
        for (column, value) in row.months.iter().enumerate() {
            let Some(value) = value else { continue };
            let strength = heat(*value) * 0.55;
            let color = if *value < 0.0 { DOWN } else { UP };
            picture.rect(
                [x(column) + 1.0, top + 1.0, cell - 2.0, height - 2.0],
                3.0,
                color.over(PAPER, strength),
            );
            let text = typeset(&number(value * 100.0, 1));
            picture.text(
                (x(column) + cell / 2.0, top + 16.0),
                Anchor::Middle,
                Font { color: INK, ..small },
                text,
            );
        }
        let bold = Font { bold: true, color: INK, ..small };
        let text = typeset(&number(row.total * 100.0, 1));
        picture.text((x(12) + cell / 2.0, top + 16.0), Anchor::Middle, bold, text);
        top += height;
    }
    top
}

/// The figures that are not at the top already, at the right; answers where they end.
fn list(picture: &mut Picture, report: &Report, y: f64) -> f64 {
    let (left, right) = (MARGIN + 790.0, WIDTH - MARGIN);
    picture.text((left, y), Anchor::Start, HEADING, "Figures");
    let at_the_top: Vec<String> = figures::headline(report).into_iter().map(|[name, ..]| name).collect();
    let mut top = y + 10.0;
    for group in figures::groups(report) {
        for figure in group.figures {
            if figure.value == UNDEFINED || at_the_top.contains(&figure.name) {
                continue;
            }
            picture.text((left, top + 14.0), Anchor::Start, QUIET, fitted(&figure.name, 220.0, QUIET));
            picture.text((right, top + 14.0), Anchor::End, BODY, typeset(&figure.value));
            top += 20.0;
            picture.line(vec![(left, top), (right, top)], 0.7, GRID);
        }
    }
    top
}
