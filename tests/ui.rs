//! What the compiler refuses, in what words, and what it has to accept.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_compiler_refuses_misuse() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("tests/ui/*/*.rs");
    programs.pass("tests/pass/*.rs");
    drop(programs);

    let programs = programs_in(Path::new("tests/ui"));
    assert!(
        programs.len() >= 200,
        "there are {} programs",
        programs.len()
    );
    let wrong: Vec<String> = programs
        .iter()
        .filter_map(|program| misleading(program))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The programs in a folder and in those below it.
fn programs_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let is_program = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    files
        .into_iter()
        .filter(is_program)
        .chain(folders.iter().flat_map(|folder| programs_in(folder)))
        .collect()
}

/// What a user could find misleading in the errors of a program, if anything.
fn misleading(program: &Path) -> Option<String> {
    let source = fs::read_to_string(program).expect("the program can be read");
    let errors = fs::read_to_string(program.with_extension("stderr")).unwrap_or_default();
    let starts: Vec<&str> = split_at_errors(&errors);
    let expected = expected_errors(&source)?.max(1);
    let shown = program.display();
    if !source.starts_with("// ") || source.lines().count() > 20 {
        return Some(format!(
            "{shown}: begins with a comment that says why, and has 20 lines at most"
        ));
    }
    if starts.len() != expected {
        return Some(format!(
            "{shown}: {} errors instead of {expected}",
            starts.len()
        ));
    }
    let name = program.file_name()?.to_str()?;
    let elsewhere = starts.iter().find(|error| !is_underlined_in(error, name))?;
    Some(format!(
        "{shown}: underlined elsewhere than in the user's code:\n{elsewhere}"
    ))
}

/// How many errors the first line of a program announces: `// 3 errors: ..`, else one.
fn expected_errors(source: &str) -> Option<usize> {
    let first = source.lines().next()?;
    let count = first
        .strip_prefix("// ")?
        .split_once(" errors:")
        .and_then(|(count, _)| count.parse().ok());
    Some(count.unwrap_or(1))
}

/// The errors of a compiler's output, each with what belongs to it.
fn split_at_errors(output: &str) -> Vec<&str> {
    let is_error = |line: &str| line.starts_with("error: ") || line.starts_with("error[");
    let mut starts: Vec<usize> = Vec::new();
    let mut position = 0;
    for line in output.split_inclusive('\n') {
        if is_error(line) {
            starts.push(position);
        }
        position += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([output.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| &output[start..end])
        .collect()
}

/// Whether the first place that an error shows is in the program, and not at the `derive`, which says nothing about where the mistake is.
fn is_underlined_in(error: &str, program: &str) -> bool {
    let mut lines = error
        .lines()
        .skip_while(|line| !line.trim_start().starts_with("--> "));
    let Some(place) = lines.next() else {
        return false;
    };
    let shown = lines
        .find(|line| !line.trim_end().ends_with('|'))
        .unwrap_or_default();
    place.contains(&format!("/{program}:")) && !shown.contains("#[derive(")
}
