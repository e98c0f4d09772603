//! Commands that are printed before they run.

use crate::Outcome;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// `cargo`, the one that runs this.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Where a program is: in PATH, or in one of these folders.
pub(crate) fn find(name: &str, folders: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<_> = std::env::split_paths(&path).collect();
    path.into_iter()
        .chain(folders.iter().map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Waits until a server that was started answers, a minute at most, unless it has ended by itself.
pub(crate) fn wait_for(
    process: &mut Child,
    what: &str,
    ask: impl Fn() -> Outcome<String>,
) -> Outcome {
    let start = Instant::now();
    loop {
        let answer = ask();
        let has_ended = process.try_wait().ok().flatten().is_some();
        match answer {
            Ok(_) => return Ok(()),
            Err(error) if has_ended || start.elapsed() > Duration::from_mins(1) => {
                return Err(format!("{what} doesn't start: {error}"));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// Prints a command.
pub(crate) fn announce(command: &Command) {
    say!("$ {}", show(command));
}

/// Prints and runs a command whose output is for the reader.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let shown = show(command);
    announce(command);
    let status = command
        .status()
        .map_err(|error| format!("{shown}: {error}"))?;
    ended(status, &shown)
}

fn ended(status: ExitStatus, shown: &str) -> Outcome {
    if status.success() {
        Ok(())
    } else {
        Err(format!("failed ({status}): {shown}"))
    }
}

/// Like [`run`]; a command that takes longer than this is ended, and has failed.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Outcome {
    let shown = show(command);
    announce(command);
    let failed = |error: std::io::Error| format!("{shown}: {error}");
    let mut child = command.spawn().map_err(failed)?;
    let start = Instant::now();
    while start.elapsed() < limit {
        match child.try_wait().map_err(failed)? {
            Some(status) => return ended(status, &shown),
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    child.kill().map_err(failed)?;
    child.wait().map_err(failed)?;
    Err(format!(
        "failed (it ran for {} s): {shown}",
        limit.as_secs()
    ))
}

/// Prints and runs a command whose output is for us: what it wrote to its standard output.
pub(crate) fn read(command: &mut Command) -> Outcome<String> {
    announce(command);
    read_quietly(command)
}

/// Like [`read`], without printing: for asking around.
pub(crate) fn read_quietly(command: &mut Command) -> Outcome<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", show(command)))?;
    if status.success() {
        Ok(String::from_utf8_lossy(&stdout).trim().to_owned())
    } else {
        let said = String::from_utf8_lossy(&stderr);
        Err(format!("{} ({status}): {}", program(command), said.trim()))
    }
}

/// The command as one would type it, without passwords.
fn show(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), word(value?))));
    let words = std::iter::once(program(command)).chain(command.get_args().map(word));
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

/// The name of its program, without the folder.
fn program(command: &Command) -> String {
    let path = Path::new(command.get_program());
    let name = path.file_name().unwrap_or(command.get_program());
    word(name)
}

/// One word of a shell command.
fn word(text: &OsStr) -> String {
    let text = without_password(&text.to_string_lossy());
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// `scheme://user:secret@host` as `scheme://user:***@host`, and no `password=` in its query.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (address, query) = rest
        .split_once('?')
        .map_or((rest, None), |(a, q)| (a, Some(q)));
    let (authority, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:***@{host}"),
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    let query = query.map(|query| {
        let hide = |pair: &str| {
            if pair.starts_with("password=") {
                "password=***".to_owned()
            } else {
                pair.to_owned()
            }
        };
        format!(
            "?{}",
            query.split('&').map(hide).collect::<Vec<_>>().join("&")
        )
    });
    format!("{scheme}://{authority}{path}{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{run_within, show, without_password};
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn a_command_that_hangs_is_ended() {
        let mut command = Command::new("sleep");
        let ended = run_within(command.arg("60"), Duration::from_millis(100));
        assert_eq!(ended, Err("failed (it ran for 0 s): sleep 60".to_owned()));
        assert_eq!(run_within(&mut Command::new("true"), Duration::MAX), Ok(()));
    }

    #[test]
    fn a_command_is_shown_as_it_is_typed() {
        let mut command = Command::new("/somewhere/cargo");
        command
            .args(["test", "a b", "it's"])
            .env("URL", "postgres://me:secret@host/db");
        assert_eq!(
            show(&command),
            r"URL='postgres://me:***@host/db' cargo test 'a b' 'it'\''s'"
        );
    }

    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            (
                "postgres://u:p@h:1/d?sslmode=disable",
                "postgres://u:***@h:1/d?sslmode=disable",
            ),
            (
                "postgres://u@h/d?password=p&user=u",
                "postgres://u@h/d?password=***&user=u",
            ),
            ("postgres://h:1/d", "postgres://h:1/d"),
            ("no url", "no url"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
