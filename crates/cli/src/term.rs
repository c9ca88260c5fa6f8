//! What is printed: colors where they are wanted, tables, progress.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::{ColorWhen, Global};

/// Where the command prints, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    color_out: bool,
    color_err: bool,
    progress: bool,
}

/// A way to set off text on a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Bold,
    Dim,
    Red,
    Yellow,
    Green,
    Cyan,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "1;31",
            Self::Yellow => "1;33",
            Self::Green => "32",
            Self::Cyan => "36",
        }
    }
}

fn painted(on: bool, style: Style, text: &str) -> String {
    if on { format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()) } else { text.to_owned() }
}

impl Term {
    pub(crate) fn new(global: Global) -> Self {
        // NO_COLOR counts if it is set and not empty, see https://no-color.org.
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = |terminal: bool| match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && !plain,
        };
        Self {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            color_out: color(std::io::stdout().is_terminal()),
            color_err: color(std::io::stderr().is_terminal()),
            progress: !global.json && !global.quiet && std::io::stderr().is_terminal(),
        }
    }

    /// One that prints for machines.
    pub(crate) const fn machine() -> Self {
        Self { json: true, quiet: false, verbose: false, color_out: false, color_err: false, progress: false }
    }

    /// Text for standard output in a style.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        painted(self.color_out, style, text)
    }

    /// Prints a line of text for people.
    pub(crate) fn say(&self, text: impl AsRef<str>) {
        if !self.quiet && !self.json {
            write_line(&mut std::io::stdout().lock(), text.as_ref());
        }
    }

    /// Prints what a command is for, also when it is to be quiet.
    pub(crate) fn result(&self, text: impl AsRef<str>) {
        write_line(&mut std::io::stdout().lock(), text.as_ref());
    }

    /// Tells people what goes on, on standard error.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if !self.quiet && !self.json {
            write_line(&mut std::io::stderr().lock(), text.as_ref());
        }
    }

    /// Asks a person, who answers on the same line.
    pub(crate) fn prompt(&self, text: &str) {
        let mut out = std::io::stderr().lock();
        let _ = write!(out, "{text}").and_then(|()| out.flush());
    }

    /// Prints a warning.
    pub(crate) fn warn(&self, text: impl AsRef<str>) {
        if !self.quiet && !self.json {
            let word = painted(self.color_err, Style::Yellow, "warning:");
            write_line(&mut std::io::stderr().lock(), &format!("{word} {}", text.as_ref()));
        }
    }

    /// Prints an error with what to do about it.
    pub(crate) fn error(&self, text: &str, help: Option<&str>) {
        let mut all = format!("{} {text}", painted(self.color_err, Style::Red, "error:"));
        if let Some(help) = help {
            all.push_str(&format!("\n {} {help}", painted(self.color_err, Style::Cyan, "= help:")));
        }
        write_line(&mut std::io::stderr().lock(), &all);
    }

    /// A bar that counts to `total`, or only counts. Hidden unless standard error is a terminal.
    pub(crate) fn bar(&self, wanted: bool, what: &'static str, total: Option<u64>) -> ProgressBar {
        if !wanted || !self.progress {
            return ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        }
        let template = match total {
            Some(_) => "{prefix:>9} [{bar:32}] {percent:>3}%  {human_pos} of {human_len}  {msg}  {eta} left",
            None => "{prefix:>9} {spinner} {human_pos}  {msg}  {elapsed}",
        };
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }
}

/// A reader that went away (`algoflow ... | head`) is no error of ours, and there is nowhere else to say so.
fn write_line(out: &mut dyn Write, text: &str) {
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table with columns as wide as what is in them.
#[derive(Debug)]
pub(crate) struct Table {
    head: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[(&'static str, Align)]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, the names of the columns first.
    pub(crate) fn render(&self, term: &Term) -> String {
        let width = |index: usize, name: &str| {
            let cells = self.rows.iter().filter_map(|row| row.get(index));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(name.chars().count())
        };
        let widths: Vec<usize> = self.head.iter().enumerate().map(|(i, (name, _))| width(i, name)).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let mut text = String::new();
            for ((cell, width), (_, align)) in cells.zip(&widths).zip(&self.head) {
                match align {
                    Align::Left => text.push_str(&format!("{cell:<width$}  ")),
                    Align::Right => text.push_str(&format!("{cell:>width$}  ")),
                }
            }
            text.trim_end().to_owned()
        };
        let mut lines = vec![term.paint(Style::Bold, &line(&mut self.head.iter().map(|(name, _)| *name)))];
        lines.extend(self.rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
        lines.join("\n")
    }
}

/// A count with its thousands set apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn tables_align_numbers_to_the_right() {
        let term = Term::machine();
        let mut table = Table::new(&[("name", Align::Left), ("rows", Align::Right)]);
        table.row(["a".into(), "5".into()]);
        table.row(["long name".into(), "1,000".into()]);
        assert_eq!(table.render(&term), "name        rows\na              5\nlong name  1,000");
    }
}
