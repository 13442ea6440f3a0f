//! What compilers and linters do not check: purity, directions of dependency, dead files, names, leftovers, and that
//! the README tells the truth about keys and metrics, and workflows name what they run.

mod check;

use std::path::{Path, PathBuf};

use check::{
    Source, bad_length, bad_names, dead_files, impurities, leftovers, test_files, wrong_directions,
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below `directory` whose names end with one of `ends`, in a fixed order.
fn files(directory: &str, ends: &[&str]) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut directories = vec![root().join(directory)];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !matches!(name.as_str(), "target" | ".git" | "shared") {
                directories.push(path);
            } else if ends.iter().any(|end| name.ends_with(end)) {
                sources.push(load(path));
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!sources.is_empty(), "{directory} holds no files");
    sources
}

fn load(path: PathBuf) -> Source {
    let text = std::fs::read(&path).unwrap();
    let relative = path.strip_prefix(root()).unwrap();
    Source {
        path: relative.to_string_lossy().replace('\\', "/"),
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The first cells of the rows of `readme` that begin with a name in backticks and pass `keep`.
fn first_cells(readme: &str, keep: impl Fn(&str) -> bool) -> Vec<&str> {
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split('`').next());
    cells.filter(|cell| keep(cell)).collect()
}

#[test]
fn pure_modules_stay_pure() {
    let sources = files("src", &[".rs"]);
    let tests = test_files(&sources);
    let product = sources
        .iter()
        .filter(|source| !tests.contains(&source.path));
    assert_none(&product.flat_map(impurities).collect::<Vec<_>>());
}

#[test]
fn modules_use_only_what_stands_left_of_them() {
    let sources = files("src", &[".rs"]);
    let tests = test_files(&sources);
    let product = sources
        .iter()
        .filter(|source| !tests.contains(&source.path));
    assert_none(&product.flat_map(wrong_directions).collect::<Vec<_>>());
}

#[test]
fn no_file_is_dead_too_long_or_vaguely_named() {
    let sources = files("src", &[".rs"]);
    let mut wrong = dead_files(&sources);
    wrong.extend(sources.iter().filter_map(bad_length));
    wrong.extend(sources.iter().flat_map(bad_names));
    assert_none(&wrong);
}

#[test]
fn nothing_unfinished_and_no_path_of_a_machine_is_left() {
    let ends = [
        ".rs", ".toml", ".md", ".proto", ".yaml", ".yml", ".sh", ".py", ".csv", "justfile",
    ];
    let sources = files("", &ends);
    assert_none(&sources.iter().flat_map(leftovers).collect::<Vec<_>>());
}

#[test]
fn the_readme_lists_exactly_the_metrics_that_exist() {
    let readme = load(root().join("README.md")).text;
    let metrics = crate::telemetry::metrics::METRICS;
    for metric in metrics {
        let labels: Vec<_> = metric
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        let labels = match labels.is_empty() {
            true => "-".to_owned(),
            false => labels.join(", "),
        };
        let kind = format!("{:?}", metric.kind).to_lowercase();
        let row = format!(
            "| `{}` | {kind} | {labels} | {} |",
            metric.name, metric.description
        );
        assert!(
            readme.lines().any(|line| line == row),
            "the README lacks\n{row}"
        );
    }
    let listed = first_cells(&readme, |cell| cell.starts_with("credbridge_"));
    assert_eq!(listed.len(), metrics.len());
}

#[test]
fn the_readme_lists_exactly_the_status_codes_that_are_given() {
    let readme = load(root().join("README.md")).text;
    let section = readme.split("\n## Status codes\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let listed: Vec<u16> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.get(..4)?.parse().ok())
        .collect();
    let given = crate::onem2m::ResponseStatusCode::ALL.map(|code| code.get());
    assert_eq!(listed, given);
}

#[test]
fn the_readme_lists_exactly_the_keys_that_exist_with_their_defaults() {
    let readme = load(root().join("README.md")).text;
    for key in crate::config::KEYS {
        let default = match key.default {
            "" => "*empty*".to_owned(),
            default => format!("`{default}`"),
        };
        let row = format!("| `{}` | {default} | {} |", key.path, key.meaning);
        assert!(
            readme.lines().any(|line| line == row),
            "the README lacks\n{row}"
        );
    }
    let section = readme.split("\n## Configuration\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    assert_eq!(
        first_cells(section, |_| true).len(),
        crate::config::KEYS.len()
    );
}

/// A tag can be moved to another commit, and with it what runs here.
#[test]
fn actions_of_workflows_are_pinned_by_commit() {
    let workflows = files(".github/workflows", &[".yaml", ".yml"]);
    let lines = workflows.iter().flat_map(|workflow| workflow.text.lines());
    let used = lines.filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: "));
    let is_commit = |pin: &str| pin.len() == 40 && pin.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_pinned = |action: &&str| {
        let (reference, version) = action.split_once(" # v").unwrap_or_default();
        let pin = reference.split_once('@').map(|(_, pin)| pin);
        pin.is_some_and(is_commit) && !version.is_empty()
    };
    let (pinned, wrong): (Vec<&str>, Vec<&str>) = used.partition(is_pinned);
    assert!(!pinned.is_empty() && wrong.is_empty(), "{wrong:?}");
}
