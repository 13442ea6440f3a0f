use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_saphyr::{Location, Spanned};

use super::error::{Mistake, Place};
use super::key::{KEYS, Key, Shape};
use super::trace_variables::{self, TraceVariables};
use super::tree::Tree;

/// Prefix of the variables that override keys, e.g. `CREDBRIDGE__TOPICS__SHARDS`.
const ENVIRONMENT_PREFIX: &str = "CREDBRIDGE__";

/// One entry of a key that holds several: where, and what it says, by dotted path.
#[derive(Debug)]
pub(super) struct Entry {
    /// Where it begins.
    pub(super) place: Place,
    /// What it is called in mistakes, e.g. `overrides[0]`.
    pub(super) name: String,
    /// Text and place of each value.
    pub(super) values: BTreeMap<String, (Place, String)>,
}

/// Prefixes of the variables that the clients of stores in the cloud know, e.g. `AWS_REGION`.
const STORE_PREFIXES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// What was said about each key, where, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Source {
    values: BTreeMap<&'static str, (Place, Tree)>,
    store_variables: BTreeMap<String, String>,
    trace_variables: TraceVariables,
    mistakes: Vec<Mistake>,
}

impl Source {
    /// Takes the file, then the environment, which wins.
    pub(super) fn new(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let mut source = Self::default();
        if let Some(file) = file {
            source.take_file(file);
        }
        let (mut variables, others): (Vec<_>, Vec<_>) =
            environment.partition(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX));
        variables.sort();
        let (traces, others): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|(name, _)| name.starts_with(trace_variables::PREFIX));
        source.trace_variables = TraceVariables(traces.into_iter().collect());
        source.store_variables = others
            .into_iter()
            .filter(|(name, _)| STORE_PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
            .collect();
        for (name, value) in variables {
            source.take_variable(name, value);
        }
        source
    }

    /// Variables that OpenTelemetry names.
    pub(super) fn trace_variables(&mut self) -> TraceVariables {
        std::mem::take(&mut self.trace_variables)
    }

    /// Variables that the clients of stores in the cloud know.
    pub(super) fn store_variables(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.store_variables)
    }

    /// All mistakes that were noted.
    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }

    /// Notes a mistake in the value of `key`.
    pub(super) fn mistake(&mut self, key: &Key, problem: impl Into<String>) {
        let place = self
            .values
            .get(key.path)
            .map_or(Place::Default, |(place, _)| place.clone());
        self.note(place, key.path.to_owned(), problem);
    }

    /// Whether a mistake in the value of `key` was noted.
    pub(super) fn has_mistake(&self, key: &Key) -> bool {
        self.mistakes.iter().any(|mistake| mistake.path == key.path)
    }

    /// Notes a mistake in an entry; `path`: of the value, empty if it is about the whole.
    pub(super) fn entry_mistake(&mut self, entry: &Entry, path: &str, problem: impl Into<String>) {
        match entry.values.get(path) {
            Some((place, _)) => {
                self.note(place.clone(), format!("{}.{path}", entry.name), problem);
            }
            None => self.note(entry.place.clone(), entry.name.clone(), problem),
        }
    }

    fn note(&mut self, place: Place, path: String, problem: impl Into<String>) {
        let problem = problem.into();
        self.mistakes.push(Mistake {
            place,
            path,
            problem,
        });
    }

    /// The value of a key that holds one value.
    pub(super) fn value<T>(&mut self, key: &Key, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let read = match self.values.get(key.path) {
            None | Some((_, Tree::Null)) => Ok(None),
            Some((_, Tree::Scalar(text))) => parse(text).map(Some),
            Some((_, Tree::List(_) | Tree::Map(_))) => Err("must be a single value".to_owned()),
        };
        match read {
            Ok(Some(value)) => value,
            Ok(None) => default(key, parse),
            Err(problem) => {
                self.mistake(key, problem);
                default(key, parse)
            }
        }
    }

    /// The value of a key that holds a list.
    pub(super) fn list(&mut self, key: &Key) -> Vec<String> {
        let defaults = || key.default.split(',').map(str::to_owned).collect();
        let read = match self.values.get(key.path) {
            None | Some((_, Tree::Null)) => return defaults(),
            Some((_, Tree::Scalar(text))) => Ok(vec![text.clone()]),
            Some((_, Tree::List(items))) => items.iter().map(scalar).collect(),
            Some((_, Tree::Map(_))) => Err("must be a list".to_owned()),
        };
        read.unwrap_or_else(|problem| {
            self.mistake(key, problem);
            defaults()
        })
    }

    /// The value of a key that holds a map.
    pub(super) fn map(&mut self, key: &Key) -> BTreeMap<String, String> {
        let defaults = || {
            let tree = Tree::read(key.default).expect("the defaults are right");
            entries(&tree).expect("the defaults are right")
        };
        let read = match self.values.get(key.path) {
            None | Some((_, Tree::Null)) => return defaults(),
            Some((_, tree)) => entries(tree),
        };
        read.unwrap_or_else(|problem| {
            self.mistake(key, problem);
            defaults()
        })
    }

    /// The entries of a key that holds several.
    pub(super) fn entries(&mut self, key: &Key) -> Vec<Entry> {
        let items = match self.values.get(key.path) {
            None | Some((_, Tree::Null)) => return Vec::new(),
            Some((place, Tree::List(items))) => Ok((place.clone(), items.clone())),
            Some((_, Tree::Scalar(_) | Tree::Map(_))) => Err("must be a list of entries"),
        };
        let (base, items) = match items {
            Ok(items) => items,
            Err(problem) => {
                self.mistake(key, problem);
                return Vec::new();
            }
        };
        let mut entries = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let mut entry = Entry {
                place: place_within(&base, item),
                name: format!("{}[{index}]", key.path),
                values: BTreeMap::new(),
            };
            if matches!(item.value, Tree::Map(_)) {
                self.take_entry(&base, "", item, &mut entry);
                entries.push(entry);
            } else {
                self.entry_mistake(&entry, "", "must be a map of sections of keys and values");
            }
        }
        entries
    }

    fn take_entry(&mut self, base: &Place, prefix: &str, tree: &Spanned<Tree>, entry: &mut Entry) {
        let place = place_within(base, tree);
        match &tree.value {
            Tree::Null => {}
            Tree::Scalar(text) => {
                entry
                    .values
                    .insert(prefix.to_owned(), (place, text.clone()));
            }
            Tree::List(_) => self.note(
                place,
                format!("{}.{prefix}", entry.name),
                "must not be a list",
            ),
            Tree::Map(values) => {
                for (name, value) in values {
                    let dot = if prefix.is_empty() { "" } else { "." };
                    self.take_entry(base, &format!("{prefix}{dot}{name}"), value, entry);
                }
            }
        }
    }

    fn take_file(&mut self, file: &Path) {
        let read = match std::fs::read_to_string(file) {
            Ok(text) => Tree::read(&text),
            Err(error) => {
                let problem = format!("cannot be read: {error}");
                return self.note(Place::File(file.to_owned()), String::new(), problem);
            }
        };
        match read {
            Ok(Tree::Null) => {}
            Ok(Tree::Map(entries)) => self.take_section("", entries, file),
            Ok(Tree::Scalar(_) | Tree::List(_)) => self.note(
                Place::File(file.to_owned()),
                String::new(),
                "must be a map of keys to values",
            ),
            Err(error) => {
                let place = error.place.map_or_else(
                    || Place::File(file.to_owned()),
                    |(line, column)| Place::Line(file.to_owned(), line, column),
                );
                self.note(place, String::new(), error.problem);
            }
        }
    }

    fn take_section(&mut self, prefix: &str, entries: Vec<(String, Spanned<Tree>)>, file: &Path) {
        for (name, value) in entries {
            let path = format!("{prefix}{name}");
            let place = place(file.to_owned(), &value);
            if let Some(key) = KEYS.iter().find(|key| key.path == path) {
                self.values.insert(key.path, (place, value.value));
                continue;
            }
            let section = format!("{path}.");
            match value.value {
                _ if !KEYS.iter().any(|key| key.path.starts_with(&section)) => {
                    let problem = unknown(&path);
                    self.note(place, path, problem);
                }
                Tree::Map(entries) => self.take_section(&section, entries, file),
                Tree::Null => {}
                Tree::Scalar(_) | Tree::List(_) => {
                    self.note(place, path, "must be a section of keys and values");
                }
            }
        }
    }

    fn take_variable(&mut self, name: String, value: String) {
        let path = name[ENVIRONMENT_PREFIX.len()..]
            .split("__")
            .map(str::to_lowercase)
            .collect::<Vec<_>>()
            .join(".");
        let Some(key) = KEYS.iter().find(|key| key.path == path) else {
            let problem = unknown(&path);
            return self.note(Place::Environment(name), path, problem);
        };
        match variable(key, value) {
            Ok(tree) => {
                self.values
                    .insert(key.path, (Place::Environment(name), tree));
            }
            Err(problem) => self.note(Place::Environment(name), path, problem),
        }
    }
}

/// The value of a variable: text as it is, but a list or a map where the key holds one.
fn variable(key: &Key, value: String) -> Result<Tree, String> {
    let flow = value.trim_start().starts_with('[');
    match key.shape {
        Shape::Single => Ok(Tree::Scalar(value)),
        Shape::List if !flow => Ok(Tree::List(value.split(',').map(item).collect())),
        Shape::Entries | Shape::List | Shape::Map => {
            Tree::read(&value).map_err(|error| error.problem)
        }
    }
}

fn item(text: &str) -> Spanned<Tree> {
    Spanned {
        value: Tree::Scalar(text.trim().to_owned()),
        referenced: Location::UNKNOWN,
        defined: Location::UNKNOWN,
    }
}

fn default<T>(key: &Key, parse: impl Fn(&str) -> Result<T, String>) -> T {
    parse(key.default).expect("the defaults are right")
}

fn entries(tree: &Tree) -> Result<BTreeMap<String, String>, String> {
    match tree {
        Tree::Map(entries) => entries
            .iter()
            .map(|(name, value)| Ok((name.clone(), scalar(value)?)))
            .collect(),
        Tree::Scalar(_) | Tree::List(_) | Tree::Null => {
            Err("must be a map of names to values".to_owned())
        }
    }
}

fn scalar(value: &Spanned<Tree>) -> Result<String, String> {
    match &value.value {
        Tree::Scalar(text) => Ok(text.clone()),
        Tree::Null => Ok(String::new()),
        Tree::List(_) | Tree::Map(_) => Err("must hold single values only".to_owned()),
    }
}

fn place(file: PathBuf, value: &Spanned<Tree>) -> Place {
    match (value.referenced.line(), value.referenced.column()) {
        (0, _) => Place::File(file),
        (line, column) => Place::Line(file, line, column),
    }
}

/// Where a value within another stands.
fn place_within(base: &Place, value: &Spanned<Tree>) -> Place {
    match base {
        Place::File(file) | Place::Line(file, ..) => place(file.clone(), value),
        Place::Default | Place::Environment(_) => base.clone(),
    }
}

/// Names the known key that looks most like `path`, if any does.
fn unknown(path: &str) -> String {
    let last = |path: &'static str| path.rsplit('.').next();
    let written = path.rsplit('.').next().unwrap_or(path);
    let alike = KEYS.iter().find(|key| last(key.path) == Some(written));
    let alike = alike.or_else(|| {
        let near = |key: &&&Key| strsim::levenshtein(key.path, path) <= 2;
        KEYS.iter().find(near)
    });
    alike.map_or_else(
        || "unknown key; `credbridge check --help` tells where all keys are listed".to_owned(),
        |key| format!("unknown key; did you mean `{}`?", key.path),
    )
}
