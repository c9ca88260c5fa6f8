//! What guides and READMEs show is what is there: excerpts are lines of the example that the guide is about.

use std::{error::Error, fs, path::PathBuf};

type Outcome = Result<(), Box<dyn Error>>;

/// Guides whose blocks are excerpts, and the examples that they are excerpts of. The blocks of the other guides are whole
/// programs, which the documentation tests of the facade run.
const EXCERPTS: [(&str, &[&str]); 11] = [
    ("your-own-strategy", &["your_own_strategy", "quickstart"]),
    ("multi-timeframe", &["multi_timeframe"]),
    ("portfolio", &["portfolio"]),
    ("bracket-orders", &["bracket_orders"]),
    ("risk", &["risk_limits"]),
    ("live-trading", &["paper_trading"]),
    ("parameter-sweep", &["parameter_sweep"]),
    ("custom-data", &["custom_data_source"]),
    ("custom-models", &["custom_models"]),
    ("execution-algorithms", &["execution_algorithms"]),
    ("smart-order-routing", &["smart_order_routing", "account_rotation"]),
];

fn read(path: &str) -> Result<String, Box<dyn Error>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}").into())
}

/// The lines without what is only layout.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// The blocks of Rust in a page.
fn blocks(page: &str) -> Vec<Vec<&str>> {
    let mut blocks = Vec::new();
    let mut inside: Option<Vec<&str>> = None;
    for line in page.lines() {
        match &mut inside {
            None if line.starts_with("```rust") => inside = Some(Vec::new()),
            None => {}
            Some(_) if line.starts_with("```") => blocks.extend(inside.take()),
            Some(block) => block.extend(Some(line.trim()).filter(|line| !line.is_empty())),
        }
    }
    blocks
}

fn contains(whole: &[&str], part: &[&str]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

#[test]
fn excerpts_in_guides_are_lines_of_their_examples() -> Outcome {
    for (guide, examples) in EXCERPTS {
        let page = read(&format!("docs/guides/{guide}.md"))?;
        let sources: Vec<String> = examples
            .iter()
            .map(|example| read(&format!("examples/{example}.rs")))
            .collect::<Result<_, _>>()?;
        let blocks = blocks(&page);
        assert!(!blocks.is_empty(), "{guide} shows no code");
        for block in blocks {
            let is_there = sources.iter().any(|source| contains(&lines(source), &block));
            assert!(is_there, "{guide}: not in {examples:?}:\n{}", block.join("\n"));
        }
    }
    Ok(())
}

#[test]
fn the_strategy_of_the_readme_is_the_example_and_short() -> Outcome {
    let (root, facade) = (read("README.md")?, read("crates/algoflow/README.md")?);
    let (root, facade) = (blocks(&root), blocks(&facade));
    assert_eq!(root, facade, "both READMEs show the same program");
    let [program] = &root[..] else { return Err("one program".into()) };
    assert!(program.len() <= 40, "{} lines", program.len());

    // The example differs in where it writes the report.
    let end = program.iter().position(|line| line.contains("tear_sheet")).ok_or("no tear sheet")?;
    let example = read("examples/your_own_strategy.rs")?;
    assert!(contains(&lines(&example), &program[..end]), "examples/your_own_strategy.rs is another program");
    Ok(())
}
