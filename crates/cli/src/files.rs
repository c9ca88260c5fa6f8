//! Files by a path or by a pattern.

use std::path::{Path, PathBuf};

use crate::suggest;

/// The most files that a pattern may match.
const MAX_FILES: usize = 100_000;

/// Why no file was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileFault {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// The file at `path`, or those that match if its name has `*` or `?` in it, in the order of their names.
pub(crate) fn find(path: &Path) -> Result<Vec<PathBuf>, FileFault> {
    let fault = |code, message: String, help: String| Err(FileFault { code, message, help });
    let shown = path.display();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if folder.to_string_lossy().contains(['*', '?']) {
        return fault(
            "CONFIG_PATTERN",
            format!("{shown} has a pattern in the name of a folder"),
            "only the name of the file may have * and ?; write one [[data]] for each folder".into(),
        );
    }
    if !name.contains(['*', '?']) {
        if path.is_dir() {
            let help = "name the file, or several by a pattern: \"folder/*.csv\"";
            return fault("CONFIG_NO_FILE", format!("{shown} is a folder, not a file"), help.into());
        }
        if !path.exists() {
            let siblings = names(folder);
            let near = suggest::nearest(&name, siblings.iter().map(String::as_str));
            let meant = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let help = format!("{meant}paths are relative to the configuration file");
            return fault("CONFIG_NO_FILE", format!("there is no file {shown}"), help);
        }
        return Ok(vec![path.to_owned()]);
    }
    let matching: Vec<String> =
        names(folder).into_iter().filter(|candidate| matches(&name, candidate)).collect();
    if matching.is_empty() {
        let help = "* stands for any letters, ? for one; paths are relative to the configuration file";
        return fault("CONFIG_NO_FILE", format!("no file matches {shown}"), help.into());
    }
    if matching.len() > MAX_FILES {
        let message = format!("{shown} matches {} files, more than {MAX_FILES}", matching.len());
        return fault("CONFIG_PATTERN", message, "import them into a catalog: `algoflow data import`".into());
    }
    Ok(matching.into_iter().map(|name| folder.join(name)).collect())
}

/// The names of the files in a folder, in order. None if it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    names
}

/// Whether a name matches a pattern: `*` is any letters, `?` one letter.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last `*` stands, and how much of the name it covers so far.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(letter) if *letter == '?' || name.get(n) == Some(letter) => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, covered)) => {
                    star = Some((at, covered + 1));
                    p = at + 1;
                    n = covered + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|letter| *letter == '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names() {
        for (pattern, name, want) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.gz", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?.csv", "ab.csv", false),
            ("*", "", true),
            ("2024-0?-*", "2024-01-15.csv", true),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} {name}");
        }
    }

    #[test]
    fn files_come_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.csv", "c.txt"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let found = find(&folder.path().join("*.csv")).unwrap();
        assert_eq!(found, [folder.path().join("a.csv"), folder.path().join("b.csv")]);
        let fault = find(&folder.path().join("aa.csv")).unwrap_err();
        assert_eq!(fault.help, "did you mean `a.csv`? paths are relative to the configuration file");
        assert_eq!(find(&folder.path().join("*.gz")).unwrap_err().code, "CONFIG_NO_FILE");
        assert_eq!(find(folder.path()).unwrap_err().code, "CONFIG_NO_FILE");
    }
}
