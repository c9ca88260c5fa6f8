//! Paths to keys of a configuration, like `strategy[0].params.fast`, and where they stand in a file.

use std::{fmt, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Into a table.
    Key(String),
    /// Into an array, counted from 0.
    Index(usize),
}

/// The path of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyPath(pub(super) Vec<Segment>);

impl KeyPath {
    /// A key of the top level.
    pub(crate) fn top(key: &str) -> Self {
        Self(vec![Segment::Key(key.to_owned())])
    }

    /// The path of a key below.
    #[must_use]
    pub(crate) fn key(&self, key: &str) -> Self {
        let mut path = self.clone();
        path.0.push(Segment::Key(key.to_owned()));
        path
    }

    /// The path of an entry, counted from 0.
    #[must_use]
    pub(crate) fn index(&self, index: usize) -> Self {
        let mut path = self.clone();
        path.0.push(Segment::Index(index));
        path
    }

    /// Reads a path as it is written on the command line: names or numbers between dots; names with dots in quotes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut segments = Vec::new();
        let mut rest = text;
        loop {
            let (segment, tail) = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
            };
            if segment.is_empty() || segment.contains([']', '"']) {
                return None;
            }
            segments.push(Segment::Key(segment.to_owned()));
            rest = tail;
            while let Some(tail) = rest.strip_prefix('[') {
                let (index, tail) = tail.split_once(']')?;
                segments.push(Segment::Index(index.parse().ok()?));
                rest = tail;
            }
            match rest.strip_prefix('.') {
                Some(tail) => rest = tail,
                None if rest.is_empty() => return Some(Self(segments)),
                None => return None,
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn last(&self) -> Option<&Segment> {
        self.0.last()
    }

    /// The part before the key `name`; all of it if that is no part of it.
    pub(super) fn before(&self, name: &str) -> Self {
        let at = self.0.iter().position(|segment| matches!(segment, Segment::Key(key) if key == name));
        Self(self.0.iter().take(at.unwrap_or(self.0.len())).cloned().collect())
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if at > 0 => write!(f, ".{key}")?,
                Segment::Key(key) => f.write_str(key)?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// What is found while a path is walked: where the key stands, and the value.
struct Found<'a, 'i> {
    key: Option<Range<usize>>,
    value: Option<&'a Spanned<DeValue<'i>>>,
    /// Whether the path goes all the way.
    whole: bool,
}

/// Walks as far as there is something.
fn walk<'a, 'i>(root: &'a DeTable<'i>, path: &KeyPath) -> Found<'a, 'i> {
    let mut found = Found { key: None, value: None, whole: true };
    for segment in path.segments() {
        let table = match found.value {
            None => Some(root),
            Some(value) => value.get_ref().as_table(),
        };
        match segment {
            Segment::Key(name) => {
                let Some((key, value)) = table.and_then(|table| table.get_key_value(name.as_str())) else {
                    return Found { whole: false, ..found };
                };
                found = Found { key: Some(key.span()), value: Some(value), whole: true };
            }
            Segment::Index(index) => {
                let array = found.value.and_then(|value| value.get_ref().as_array());
                let Some(value) = array.and_then(|array| array.get(*index)) else {
                    return Found { whole: false, ..found };
                };
                found = Found { key: Some(value.span()), value: Some(value), whole: true };
            }
        }
    }
    found
}

/// Where the value of a path stands; where the path ends, if it does not go all the way.
pub(super) fn value_span(root: &DeTable<'_>, path: &KeyPath) -> Option<Range<usize>> {
    walk(root, path).value.map(Spanned::span)
}

/// Where the key of a path stands, likewise.
pub(super) fn key_span(root: &DeTable<'_>, path: &KeyPath) -> Option<Range<usize>> {
    walk(root, path).key
}

/// The keys of the table at `path`; none if there is no table.
pub(super) fn keys(root: &DeTable<'_>, path: &KeyPath) -> Vec<String> {
    let found = walk(root, path);
    let table = found.value.filter(|_| found.whole).and_then(|value| value.get_ref().as_table());
    table.map(|table| table.keys().map(|key| key.get_ref().to_string()).collect()).unwrap_or_default()
}

/// How many entries the array at `path` has; zero if there is none.
pub(super) fn len(root: &DeTable<'_>, path: &KeyPath) -> usize {
    let found = walk(root, path);
    let array = found.value.filter(|_| found.whole).and_then(|value| value.get_ref().as_array());
    array.map_or(0, |array| array.len())
}

/// The path of the smallest thing that covers `span`.
pub(super) fn path_at(root: &DeTable<'_>, span: &Range<usize>) -> KeyPath {
    let mut path = KeyPath::default();
    descend_table(root, span, &mut path);
    path
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn descend_table(table: &DeTable<'_>, span: &Range<usize>, path: &mut KeyPath) -> bool {
    for (key, value) in table {
        path.0.push(Segment::Key(key.get_ref().to_string()));
        if descend(value, span, path) || covers(&key.span(), span) {
            return true;
        }
        path.0.pop();
    }
    false
}

fn descend(value: &Spanned<DeValue<'_>>, span: &Range<usize>, path: &mut KeyPath) -> bool {
    match value.get_ref() {
        // The span of a section is that of its header, so what lies in it is not covered by it.
        DeValue::Table(table) => descend_table(table, span, path) || covers(&value.span(), span),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.0.push(Segment::Index(index));
                if descend(item, span, path) {
                    return true;
                }
                path.0.pop();
            }
            covers(&value.span(), span)
        }
        _ => covers(&value.span(), span),
    }
}

/// The table in which the last key of `path` lies. Tables that are missing are made, with `span` as their place.
///
/// An array of tables is entered by the number of the entry, or by its `name`, `label` or `id`, or without saying if it
/// has one entry only.
pub(super) fn table_at<'a, 'i>(
    root: &'a mut DeTable<'i>,
    path: &KeyPath,
    span: &Range<usize>,
) -> Result<&'a mut DeTable<'i>, String> {
    let (_, parents) = path.segments().split_last().ok_or("it names no key")?;
    let mut table = root;
    let mut segments = parents.iter().peekable();
    while let Some(segment) = segments.next() {
        let Segment::Key(name) = segment else { return Err(format!("[{segment:?}] follows no array")) };
        let key = Spanned::new(span.clone(), name.clone().into());
        let value =
            table.entry(key).or_insert_with(|| Spanned::new(span.clone(), DeValue::Table(DeTable::new())));
        table = match value.get_mut() {
            DeValue::Table(inner) => inner,
            DeValue::Array(items) => {
                let count = items.len();
                let chosen = segments.peek().and_then(|segment| entry_index(items, segment));
                let index = match chosen {
                    Some(index) => {
                        segments.next();
                        index
                    }
                    None if count == 1 => 0,
                    None => {
                        return Err(format!(
                            "`{name}` has {count} entries; say which: {name}.0 or {name}.NAME"
                        ));
                    }
                };
                match items.get_mut(index).map(Spanned::get_mut) {
                    Some(DeValue::Table(inner)) => inner,
                    Some(_) => return Err(format!("`{name}[{index}]` is not a table")),
                    None => return Err(format!("`{name}` has only {count} entries, counted from 0")),
                }
            }
            other => return Err(format!("`{name}` is no table ({})", other.type_str())),
        };
    }
    Ok(table)
}

/// Which entry is meant.
fn entry_index(items: &[Spanned<DeValue<'_>>], segment: &Segment) -> Option<usize> {
    match segment {
        Segment::Index(index) => Some(*index),
        Segment::Key(name) => {
            let named = items.iter().position(|item| {
                ["label", "name", "id"].iter().any(|key| {
                    let value = item.get_ref().as_table().and_then(|table| table.get(*key));
                    value.and_then(|value| value.get_ref().as_str()) == Some(name)
                })
            });
            named.or_else(|| name.parse().ok())
        }
    }
}
