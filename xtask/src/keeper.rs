//! A process of its own that makes the databases, starts the servers, keeps them while tests run, and removes them.
//!
//! Its standard input is a pipe that nobody writes to. When the process that started it ends, in whatever way, the pipe
//! closes and the keeper cleans up: so nothing survives a test that fails, Ctrl-C or `kill`. It is in a process group
//! of its own, so that Ctrl-C in the terminal doesn't reach it.

use crate::Outcome;
use crate::cleanup::Cleanup;
use crate::services::{ALL, Made, Service};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// The command under which this program runs itself as a keeper.
pub(crate) const COMMAND: &str = "keep-services";

/// The line that says that all is ready.
const READY: &str = "ready";

/// A running keeper, seen from the process that started it.
pub(crate) struct Keeper {
    process: Child,
    pub(crate) variables: Vec<Made>,
}

impl Keeper {
    /// Returns when all services can be used.
    pub(crate) fn start(services: &[&Service]) -> Outcome<Self> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command
            .arg(COMMAND)
            .args(services.iter().map(|service| service.name));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.process_group(0);
        let mut process = command.spawn().map_err(|error| error.to_string())?;

        let mut variables = Vec::new();
        let said = BufReader::new(process.stdout.take().expect("it is a pipe"));
        for line in said.lines().map_while(Result::ok) {
            if line == READY {
                return Ok(Self { process, variables });
            }
            if let Some((name, url)) = line.split_once('=') {
                variables.push((name.to_owned(), url.to_owned()));
            }
        }
        // Why is what it wrote to standard error.
        let _ = Keeper { process, variables }.stop();
        Err("not all servers are available".to_owned())
    }

    /// Returns when all is removed.
    pub(crate) fn stop(mut self) -> Outcome {
        drop(self.process.stdin.take());
        let status = self.process.wait().map_err(|error| error.to_string())?;
        if status.success() {
            Ok(())
        } else {
            Err("not everything was removed, see above".to_owned())
        }
    }
}

/// The keeper itself.
pub(crate) fn keep(names: &[String]) -> Outcome {
    let mut cleanup = Cleanup::default();
    let mut output = std::io::stdout();
    let mut made = Vec::new();
    for service in ALL
        .iter()
        .filter(|service| names.iter().any(|name| name == service.name))
    {
        for (variable, url) in (service.start)(&mut cleanup, &made)? {
            // A parent that is gone can't read this; then the pipe below is closed as well.
            let _ = writeln!(output, "{variable}={url}");
            made.push((variable, url));
        }
    }
    let _ = writeln!(output, "{READY}");
    let _ = output.flush();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    cleanup.run()
}
