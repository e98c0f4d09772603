//! What the pages in `docs` name is there: tests, programs, and the messages of the compiler.

use std::fs;

/// The rows of a page's tables, each as its cells; code spans may have a `|` that is escaped.
fn rows(page: &str) -> Vec<Vec<String>> {
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| ---");
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    page.lines().filter(is_row).map(cells).collect()
}

/// What stands in code in a text.
fn codes(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Whether `file::name` is a scenario of the databases or of the failures, or a part of the matrix.
fn is_a_test(test: &str) -> bool {
    let Some((file, name)) = test.split_once("::") else {
        return false;
    };
    if file == "matrix" {
        let main = read("tests/matrix/main.rs");
        let kinds = main.split_once("\nkinds![").map(|(_, rest)| rest);
        let kinds = kinds.and_then(|rest| rest.split_once(']'));
        return kinds.is_some_and(|(kinds, _)| kinds.split(',').any(|kind| kind.trim() == name));
    }
    ["tests/db", "tests/faults"].iter().any(|folder| {
        let source = read(&format!("{folder}/{file}.rs"));
        let is_run = read(&format!("{folder}/main.rs")).contains(&format!("mod {file};"));
        let is_there = |start| source.contains(&format!("async fn {name}{start}"));
        // Two writers are named in a table of pairs.
        let is_pair = source.contains(&format!("\n    {name}: Act::"));
        is_run && (is_there('<') || is_there('(') || is_pair)
    })
}

#[test]
fn every_row_of_the_meaning_names_tests_that_exist() {
    let page = read("docs/meaning.md");
    let mut count = 0;
    for row in rows(&page) {
        let Some(tests) = row.last().filter(|last| *last != "test") else {
            continue;
        };
        count += 1;
        assert!(!codes(tests).is_empty(), "{row:?} names no test");
        for test in codes(tests) {
            assert!(is_a_test(test), "`{test}` is no test: {row:?}");
        }
    }
    assert!(count > 100, "the page has {count} rows");
}

#[test]
fn every_rule_names_programs_that_exist_and_says_what_the_compiler_says() {
    let page = read("docs/rules.md");
    let mut count = 0;
    for row in rows(&page) {
        let [.., message, programs] = row.as_slice() else {
            panic!("{row:?} has a message and programs")
        };
        if programs == "program" {
            continue;
        }
        count += 1;
        for program in codes(programs) {
            let path = format!("tests/ui/{program}");
            assert!(fs::exists(&path).unwrap_or_default(), "there is no {path}");
        }
        // The message is that of the first program.
        let first = codes(programs)[0].replace(".rs", ".stderr");
        let said = read(&format!("tests/ui/{first}"));
        for line in message.split("<br>") {
            assert!(said.contains(line), "tests/ui/{first} doesn't say: {line}");
        }
    }
    assert!(count > 60, "the page has {count} rows");
}

#[test]
fn every_folder_of_programs_is_a_rule() {
    let page = read("docs/rules.md");
    for folder in fs::read_dir("tests/ui").expect("the programs") {
        let folder = folder.expect("a folder").file_name();
        let named = format!("`{}/", folder.to_string_lossy());
        assert!(
            page.contains(&named),
            "tests/ui has {named}, and docs/rules.md doesn't"
        );
    }
}

#[test]
fn what_other_pages_name_is_there() {
    for page in fs::read_dir("docs").expect("the pages") {
        let page = page.expect("a page").path();
        let text = fs::read_to_string(&page).expect("a text");
        for code in codes(&text) {
            let is_path = code.starts_with("tests/") || code.starts_with("examples/");
            let exists = !is_path || fs::exists(code).unwrap_or_default();
            assert!(exists, "{}: there is no {code}", page.display());
        }
    }
}
