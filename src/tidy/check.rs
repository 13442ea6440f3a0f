//! The checks: each takes sources and gives back what is wrong with them.

use std::collections::BTreeSet;

use regex::Regex;

/// Longest file; longer ones are cut by concept.
const LINES_MAX: usize = 400;

/// Modules that do no I/O, read no clock, draw no randomness, log nothing and emit no metric.
const PURE: [&str; 7] = [
    "time",
    "record",
    "cwmp",
    "onem2m",
    "mapping",
    "correlator",
    "wire",
];

/// Modules from left to right: each uses only what stands left of it.
const ORDER: [&[&str]; 8] = [
    &["time", "record"],
    &["cwmp", "onem2m"],
    &["mapping"],
    &["correlator"],
    &["wire"],
    &["config"],
    &[
        "acls",
        "decode",
        "demo",
        "explain",
        "load",
        "replay",
        "runtime",
        "telemetry",
    ],
    &["main"],
];

/// Modules of this place in [`ORDER`] may use each other.
const OUTSIDE: usize = 6;

pub(super) struct Source {
    /// Relative to the root of the crate, e.g. `src/wire/soap.rs`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// The module right below the root of the crate.
    fn module(&self) -> &str {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        path.split(['/', '.']).next().unwrap_or(path)
    }

    /// The last part of the path.
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The text without comments and without the tests at its end.
    fn code(&self) -> String {
        let text = self.text.split("\n#[cfg(test)]\nmod tests {").next();
        let lines = text.unwrap_or_default().lines();
        let without_comment = |line: &str| line.split("//").next().unwrap_or(line).to_owned();
        lines.map(without_comment).collect::<Vec<_>>().join("\n")
    }
}

/// Files that are compiled for tests only: those that a test module declares, and what they declare.
pub(super) fn test_files(sources: &[Source]) -> BTreeSet<String> {
    let for_tests = Regex::new(r"#\[cfg\(test\)\]\s+mod (?:r#)?(\w+);").unwrap();
    let any = Regex::new(r"(?m)^\s*(?:pub(?:\([a-z]+\))? )?mod (?:r#)?(\w+);").unwrap();
    let mut files = BTreeSet::new();
    loop {
        let before = files.len();
        for source in sources {
            let declaration = match files.contains(&source.path) {
                true => &any,
                false => &for_tests,
            };
            for found in declaration.captures_iter(&source.text) {
                files.extend(module_files(&source.path, &found[1]));
            }
        }
        if files.len() == before {
            return files;
        }
    }
}

/// Where `mod name;` in the file `path` may lead.
fn module_files(path: &str, name: &str) -> [String; 2] {
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    let directory = match file {
        "lib.rs" | "main.rs" | "mod.rs" => directory.to_owned(),
        _ => format!("{directory}/{}", file.trim_end_matches(".rs")),
    };
    [
        format!("{directory}/{name}.rs"),
        format!("{directory}/{name}/mod.rs"),
    ]
}

pub(super) fn impurities(source: &Source) -> Vec<String> {
    if !PURE.contains(&source.module()) {
        return Vec::new();
    }
    let world = Regex::new(
        r"\bstd::(?:fs|net|thread|process|env)\b|\bstd::\{[^}]*\b(?:fs|net|thread|process|env)\b|\b(?:rdkafka|tokio|tracing|metrics|rand|fastrand)::|\bSystemTime\b|\bInstant\b|\bjiff::\S*::now\b",
    )
    .unwrap();
    world
        .find_iter(&source.code())
        .map(|found| {
            format!(
                "{}: `{}` in a module that must be pure",
                source.path,
                found.as_str()
            )
        })
        .collect()
}

pub(super) fn wrong_directions(source: &Source) -> Vec<String> {
    let place = |module: &str| ORDER.iter().position(|place| place.contains(&module));
    let from = source.module().to_owned();
    let Some(from_place) = place(&from) else {
        return match from.as_str() {
            "attendant" | "cli" | "lib" | "reload" | "tidy" => Vec::new(),
            _ => vec![format!(
                "{}: `{from}` has no place in the order of modules",
                source.path
            )],
        };
    };
    let mut wrong = Vec::new();
    for to in used_modules(&source.code()) {
        let allowed = to == from
            || place(&to)
                .is_none_or(|to| to < from_place || (to == from_place && from_place == OUTSIDE));
        if !allowed {
            wrong.push(format!("{}: `{from}` must not use `{to}`", source.path));
        }
    }
    wrong
}

/// The modules in `crate::x` and `crate::{x, y::z}`.
fn used_modules(code: &str) -> BTreeSet<String> {
    let single = Regex::new(r"\bcrate::(\w+)").unwrap();
    let group = Regex::new(r"\bcrate::\{([^;]*)\}\s*;").unwrap();
    let nested = Regex::new(r"::\{[^{}]*\}").unwrap();
    let mut modules: BTreeSet<String> = single
        .captures_iter(code)
        .map(|found| found[1].to_owned())
        .collect();
    for found in group.captures_iter(code) {
        let flat = nested.replace_all(&found[1], "");
        let heads = flat.split(',').map(|part| part.trim().split("::").next());
        modules.extend(
            heads
                .flatten()
                .filter(|head| !head.is_empty())
                .map(str::to_owned),
        );
    }
    modules
}

pub(super) fn dead_files(sources: &[Source]) -> Vec<String> {
    let declaration = Regex::new(r"(?m)^\s*(?:pub(?:\([a-z]+\))? )?mod (?:r#)?(\w+);").unwrap();
    let inclusion = Regex::new(r#"include!\("([^"]+)"\)"#).unwrap();
    let mut alive: BTreeSet<String> = ["src/lib.rs", "src/main.rs"].map(str::to_owned).into();
    loop {
        let before = alive.len();
        for source in sources {
            if !alive.contains(&source.path) {
                continue;
            }
            for found in declaration.captures_iter(&source.text) {
                alive.extend(module_files(&source.path, &found[1]));
            }
            let directory = source
                .path
                .rsplit_once('/')
                .map_or("", |(directory, _)| directory);
            for found in inclusion.captures_iter(&source.text) {
                alive.insert(format!("{directory}/{}", &found[1]));
            }
        }
        if alive.len() == before {
            break;
        }
    }
    let dead = sources
        .iter()
        .filter(|source| !alive.contains(&source.path));
    dead.map(|source| format!("{}: no `mod` leads here", source.path))
        .collect()
}

fn is_generated(source: &Source) -> bool {
    source.path.contains("/gen/")
}

pub(super) fn bad_length(source: &Source) -> Option<String> {
    let free = is_generated(source) || matches!(source.name(), "tests.rs" | "model.rs" | "sim.rs");
    let lines = source.text.lines().count();
    (!free && lines > LINES_MAX)
        .then(|| format!("{}: {lines} lines, at most {LINES_MAX}", source.path))
}

pub(super) fn bad_names(source: &Source) -> Vec<String> {
    let vague = [
        "utils", "util", "helpers", "helper", "common", "types", "misc",
    ];
    let stem = source.name().trim_end_matches(".rs");
    let directories = source.path.split('/').rev().skip(1);
    let mut bad: Vec<String> = directories
        .chain([stem])
        .filter(|part| vague.contains(part))
        .map(|part| format!("{}: `{part}` is no concept", source.path))
        .collect();
    let vague_type =
        Regex::new(r"\b(?:struct|enum|trait|type)\s+(\w*(?:Manager|Helpers?|Utils?))\b").unwrap();
    if !is_generated(source) && source.module() != "tidy" {
        for found in vague_type.captures_iter(&source.code()) {
            bad.push(format!("{}: `{}` is no concept", source.path, &found[1]));
        }
    }
    bad
}

pub(super) fn leftovers(source: &Source) -> Vec<String> {
    let words = Regex::new(r"\b(?:TODO|FIXME|XXX|MERGE)\b|\b(?:todo|unimplemented)!").unwrap();
    let machine = Regex::new(r#"(?:^|[\s"'=(`:,\[])(/(?:home|root|work|Users)/[\w.-]+)"#).unwrap();
    let mut left = Vec::new();
    if source.module() == "tidy" {
        return left;
    }
    for (number, line) in (1..).zip(source.text.lines()) {
        for found in words.find_iter(line) {
            left.push(format!("{}:{number}: `{}`", source.path, found.as_str()));
        }
        for found in machine.captures_iter(line) {
            left.push(format!(
                "{}:{number}: path of a machine `{}`",
                source.path, &found[1]
            ));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn contact_with_the_world_is_seen_in_code_of_pure_modules_only() {
        let impure = |text: &str| impurities(&source("src/wire/a.rs", text)).len();
        assert_eq!(impure("use std::fs;"), 1);
        assert_eq!(impure("use std::{fmt, fs};"), 1);
        assert_eq!(impure("tracing::info!();\nlet a = Instant::now();"), 2);
        assert_eq!(impure("// std::fs\nlet operand = 1;"), 0);
        assert_eq!(impure("a\n#[cfg(test)]\nmod tests {\nuse std::fs;"), 0);
        let runtime = source("src/runtime/a.rs", "use std::fs;");
        assert!(impurities(&runtime).is_empty());
    }

    #[test]
    fn a_use_against_the_order_is_seen() {
        let wrong = |path: &str, text: &str| wrong_directions(&source(path, text)).len();
        assert_eq!(wrong("src/cwmp/a.rs", "use crate::onem2m::Suid;"), 1);
        assert_eq!(wrong("src/mapping/a.rs", "let a = crate::wire::A;"), 1);
        assert_eq!(
            wrong("src/mapping/a.rs", "use crate::{cwmp::{a, b}, wire};"),
            1
        );
        assert_eq!(wrong("src/mapping/a.rs", "use crate::cwmp::A;"), 0);
        assert_eq!(wrong("src/demo.rs", "use crate::runtime::Stop;"), 0);
        assert_eq!(wrong("src/strange.rs", ""), 1);
    }

    #[test]
    fn a_file_that_no_mod_leads_to_is_seen() {
        let sources = [
            source("src/lib.rs", "pub mod a;\n#[cfg(test)]\nmod t;"),
            source("src/a.rs", "mod b;"),
            source("src/a/b.rs", ""),
            source("src/b.rs", ""),
            source("src/t.rs", "mod u;"),
            source("src/t/u.rs", ""),
        ];
        assert_eq!(dead_files(&sources), ["src/b.rs: no `mod` leads here"]);
        let tests = test_files(&sources);
        assert!(tests.contains("src/t.rs") && tests.contains("src/t/u.rs"));
        assert!(!tests.contains("src/a.rs"));
    }

    #[test]
    fn length_names_and_leftovers_are_seen() {
        let long = "\n".repeat(LINES_MAX + 1);
        assert!(bad_length(&source("src/a.rs", &long)).is_some());
        assert!(bad_length(&source("src/a/tests.rs", &long)).is_none());
        let vague = source("src/a/utils.rs", "struct ShardManager;");
        assert_eq!(bad_names(&vague).len(), 2);
        assert!(bad_names(&source("src/a/shard.rs", "struct Shard;")).is_empty());
        let unfinished = source("a.md", "see /work/x and todo!()");
        assert_eq!(leftovers(&unfinished).len(), 2);
        assert!(leftovers(&source("a.md", "https://h/work/x")).is_empty());
    }
}
