//! The house is built one way up: no two modules import each other, whether directly or through others. And one name
//! has one meaning: no two types of the crate are called the same.
//!
//! Every file of `src` is a module, and every path that begins with `crate`, `super` or `self` outside its tests is
//! an import. A folder's `mod.rs` lists the members of the folder, and they know the contract that it holds: that
//! is the one way in which files may name each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

/// Modules, each with those that it imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The module that a path names, without what it names inside that module: `alert::rule::Rule` → `alert::rule`.
fn module_of<'p>(path: &[&'p str], sources: &BTreeMap<String, String>) -> Vec<&'p str> {
    let named = (0..=path.len()).rev().map(|length| &path[..length]);
    let module = named
        .into_iter()
        .find(|p| sources.contains_key(&p.join("::")));
    module.unwrap_or_default().to_vec()
}

/// Every file below `folder`, as the name of its module and its text.
fn read_modules(folder: &Path, name: &[String], sources: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_str().expect("UTF-8");
        let mut name = name.to_vec();
        if path.is_dir() {
            name.push(stem.to_owned());
            read_modules(&path, &name, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            if !["mod", "lib", "main"].contains(&stem) {
                name.push(stem.to_owned());
            }
            // main.rs imports the crate by its name, and nothing can import it.
            if stem != "main" {
                let text = fs::read_to_string(&path).expect("UTF-8");
                sources.insert(name.join("::"), text);
            }
        }
    }
}

/// The code without comments and without the tests at its end.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..end].lines();
    let lines = lines.map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Names, `::`, and every other sign that is not white space.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = match rest.find(|c| !is_name(c)).unwrap_or(rest.len()) {
            0 if rest.starts_with("::") => 2,
            0 => first.len_utf8(),
            length => length,
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// The paths at the beginning of `tokens`, behind `before`: one, or those of a group. And how many tokens they take.
fn paths<'t>(tokens: &[&'t str], before: &[&'t str], found: &mut Vec<Vec<&'t str>>) -> usize {
    let mut path = before.to_vec();
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(&"{") => {
                at += 1;
                while tokens.get(at).is_some_and(|&token| token != "}") {
                    at += paths(&tokens[at..], &path, found).max(1);
                }
                return at + 1;
            }
            Some(name) if name.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                path.push(name);
                at += 1;
            }
            _ => break,
        }
        if tokens.get(at) != Some(&"::") {
            break;
        }
        at += 1;
    }
    if path.len() > before.len() {
        found.push(path);
    }
    at
}

/// What each module imports.
fn imports(sources: &BTreeMap<String, String>) -> Imports {
    let mut imports = Imports::new();
    for (module, text) in sources {
        let code = code(text);
        let tokens = tokens(&code);
        let here: Vec<&str> = module.split("::").filter(|name| !name.is_empty()).collect();
        let imported = imports.entry(module.clone()).or_default();
        for at in 0..tokens.len() {
            let begins = ["crate", "super", "self"].contains(&tokens[at])
                && tokens.get(at + 1) == Some(&"::")
                && (at == 0 || tokens[at - 1] != "::");
            if !begins {
                continue;
            }
            let mut found = Vec::new();
            paths(&tokens[at..], &[], &mut found);
            for path in found {
                let ups = path.iter().filter(|name| **name == "super").count();
                let names = path
                    .iter()
                    .filter(|n| !["crate", "super", "self"].contains(*n));
                let base = match path[0] {
                    "crate" => &[],
                    _ => &here[..here.len().saturating_sub(ups)],
                };
                let full: Vec<&str> = base.iter().chain(names).copied().collect();
                let target = module_of(&full, sources);
                // A folder's mod.rs may name the folder's members.
                if !target.starts_with(&here) {
                    imported.insert(target.join("::"));
                }
            }
        }
    }
    imports
}

/// For every module that can be reached from itself the shortest way around, each circle once, from its least name.
fn circles(imports: &Imports) -> BTreeSet<Vec<String>> {
    let mut circles = BTreeSet::new();
    for start in imports.keys() {
        let mut from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut next = VecDeque::from([start.as_str()]);
        while let Some(module) = next.pop_front() {
            for target in imports.get(module).into_iter().flatten() {
                if !from.contains_key(target.as_str()) {
                    from.insert(target, module);
                    next.push_back(target);
                }
            }
        }
        let mut circle = Vec::new();
        let mut back = from.get(start.as_str()).copied();
        while let Some(module) = back {
            circle.insert(0, module.to_owned());
            back = from.get(module).copied().filter(|_| module != start);
        }
        if let Some(least) = (0..circle.len()).min_by_key(|&at| &circle[at]) {
            circle.rotate_left(least);
            circles.insert(circle);
        }
    }
    circles
}

#[test]
fn no_two_modules_import_each_other() {
    let mut sources = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read_modules(&root, &[], &mut sources);
    assert!(sources.len() > 50, "src is read: {}", sources.len());
    let found = circles(&imports(&sources));
    let show = |circle: &Vec<String>| format!("{} → {}", circle.join(" → "), circle[0]);
    let found: Vec<String> = found.iter().map(show).collect();
    assert!(found.is_empty(), "modules import each other: {found:#?}");
}

/// The two sides of a choice made at compile time: one name, one meaning, one of them compiled.
const EITHER: [(&str, &str); 3] = [
    ("_unix", "_other"),
    ("geo::mmdb", "geo::none"),
    ("filter::pattern", "filter::no_pattern"),
];

/// The type that a line defines, if it defines one at the top of its module.
fn defined_type(line: &str) -> Option<&str> {
    let mut words = tokens(line.split("//").next()?).into_iter();
    let visible = |word: &&str| ["pub", "(", "crate", "super", ")"].contains(word);
    let word = words.find(|word| !visible(word))?;
    let defines = ["struct", "enum", "trait", "type"].contains(&word);
    words.next().filter(|_| defines)
}

#[test]
fn a_type_name_has_one_meaning() {
    let mut sources = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read_modules(&root, &[], &mut sources);
    let mut defined: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (module, text) in &sources {
        let module = EITHER.iter().fold(module.clone(), |name, (one, other)| {
            name.replace(other, one)
        });
        for name in text
            .lines()
            .filter(|line| !line.starts_with(' '))
            .filter_map(defined_type)
        {
            defined.entry(name).or_default().insert(module.clone());
        }
    }
    assert!(defined.len() > 250, "types are found: {}", defined.len());
    defined.retain(|_, modules| modules.len() > 1);
    assert!(defined.is_empty(), "defined more than once: {defined:#?}");
}

#[test]
fn a_definition_is_seen_whatever_its_visibility() {
    assert_eq!(defined_type("pub(super) struct Row<'a> {"), Some("Row"));
    assert_eq!(defined_type("pub enum Step {"), Some("Step"));
    assert_eq!(defined_type("type Fields = Vec<u8>;"), Some("Fields"));
    assert_eq!(defined_type("trait Render: Send {"), Some("Render"));
    assert_eq!(defined_type("impl Step {"), None);
    assert_eq!(defined_type("// struct Row"), None);
}

#[test]
fn only_the_library_s_lint_decides_on_unsafe_code() {
    let mut sources = BTreeMap::new();
    read_modules(Path::new("src"), &[], &mut sources);
    assert!(sources[""].contains("#![forbid(unsafe_code)]"));
    let main = fs::read_to_string("src/main.rs").expect("UTF-8");
    assert!(!main.contains("allow(unsafe_code)") && !main.contains("unsafe {"));
}

#[test]
fn reports_and_renderers_know_no_statistic() {
    let mut sources = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read_modules(&root, &[], &mut sources);
    let shows = |module: &str| {
        let kind = module.split("::").next().unwrap_or_default();
        ["quantity", "points", "report", "snapshot", "render"].contains(&kind)
    };
    let of_stats = |target: &String| target == "stats" || target.starts_with("stats::");
    let imports = imports(&sources);
    let shown: Vec<_> = imports.iter().filter(|(name, _)| shows(name)).collect();
    assert!(shown.len() > 30, "there are renderers: {}", shown.len());
    let known: Vec<_> = shown
        .iter()
        .filter(|(_, targets)| targets.iter().any(of_stats))
        .collect();
    assert!(known.is_empty(), "{known:#?}");
}

#[test]
fn a_circle_is_found_whatever_its_length_and_its_notation() {
    let sources = [
        ("", "pub mod a;\n"),
        ("a", "use crate::{b::{One, Two}, time};\n"),
        ("b", "pub mod c;\nuse self::c::Three;\n"),
        ("b::c", "fn f() -> super::super::d::Four { todo() }\n"),
        ("d", "use crate::a;\n"),
        (
            "time",
            "// use crate::a;\n#[cfg(test)]\nmod tests { use crate::a; }\n",
        ),
    ];
    let mut sources: BTreeMap<String, String> = sources
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    assert!(circles(&imports(&sources)).is_empty());
    // b is a folder: what its member imports is behind it only once b itself is.
    sources.insert("b".to_owned(), "use crate::d;".to_owned());
    let found = circles(&imports(&sources));
    assert_eq!(
        found,
        BTreeSet::from([["a", "b", "d"].map(str::to_owned).to_vec()])
    );
}
