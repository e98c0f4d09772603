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

/// Whether `file::name` is a scenario of the databases or of the failures, or a part of the matrix, or `folder/name.rs` a program that the compiler
/// refuses.
fn is_a_test(test: &str) -> bool {
    let Some((file, name)) = test.split_once("::") else {
        let refusal = test.strip_suffix(".rs");
        let refusal = refusal.map(|program| format!("tests/ui/{program}.stderr"));
        return refusal.is_some_and(|refusal| fs::exists(refusal).unwrap_or_default());
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
        // A scenario runs where it stands in a list of them.
        let is_listed = source.contains(&format!("\n    {name},")) || *folder == "tests/faults";
        let is_there = |start| is_listed && source.contains(&format!("async fn {name}{start}"));
        // Rivals are named in a table of pairs.
        let mut pairs = source.lines().filter(|line| line.contains("Act::"));
        let is_pair = pairs.any(|line| line.starts_with(&format!("    {name}: ")));
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

/// What a line of a message says of every program: the words around code, names in quotes and numbers, in their order.
fn words(line: &str) -> Vec<&str> {
    let texts = line.split('`').step_by(2);
    let unquoted = texts.flat_map(|text| text.split('"').step_by(2));
    unquoted
        .flat_map(|text| text.split(|c: char| c.is_ascii_digit()))
        .collect()
}

/// Whether a line of what the compiler says has these words, in their order.
fn says(said: &str, words: &[&str]) -> bool {
    said.lines().any(|line| {
        let mut words = words.iter();
        words
            .try_fold(line, |rest, word| Some(rest.split_once(*word)?.1))
            .is_some()
    })
}

/// Of each kind of relation the page says what every token does, and what happens without it.
#[test]
fn the_meaning_of_each_kind_has_every_token() {
    const TOKENS: [&str; 6] = [
        "`save-update`",
        "`delete`",
        "`delete-orphan`",
        "`merge`",
        "`refresh-expire`",
        "`expunge`",
    ];
    let page = read("docs/meaning.md");
    for kind in [
        "One-to-one",
        "One-to-many",
        "Many-to-one",
        "Many-to-many",
        "Tree",
    ] {
        let section = page
            .split("\n## ")
            .find(|section| section.starts_with(kind));
        let rows = rows(section.unwrap_or_default());
        for token in TOKENS {
            for start in [token.to_owned(), format!("no {token}")] {
                let mut tokens = rows.iter().flat_map(|row| row[0].split(", "));
                let is_said = tokens.any(|token| token.starts_with(&start));
                assert!(is_said, "{kind}: no row for {start}");
            }
        }
    }
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
        for (number, program) in codes(programs).into_iter().enumerate() {
            let path = format!("tests/ui/{program}");
            assert!(fs::exists(&path).unwrap_or_default(), "there is no {path}");
            let said = read(&path.replace(".rs", ".stderr"));
            for line in message.split("<br>") {
                // The names are those of the first program.
                let is_said = says(&said, &words(line)) && (number > 0 || said.contains(line));
                assert!(is_said, "{path} isn't told: {line}");
            }
        }
    }
    assert!(count > 60, "the page has {count} rows");
}

#[test]
fn every_program_is_in_the_table_of_the_rules() {
    let page = read("docs/rules.md");
    let named = codes(&page);
    let mut count = 0;
    for folder in fs::read_dir("tests/ui").expect("the programs") {
        let folder = folder.expect("a folder");
        for file in fs::read_dir(folder.path()).expect("a folder of programs") {
            let file = file.expect("a file").file_name();
            let folder = folder.file_name();
            let program = format!("{}/{}", folder.display(), file.display());
            if file.to_string_lossy().ends_with(".stderr") {
                let program = program.replace(".stderr", ".rs");
                count += 1;
                let is_named = named.contains(&program.as_str());
                assert!(is_named, "docs/rules.md doesn't name {program}");
            }
        }
    }
    assert!(count >= 200, "there are {count} programs");
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
