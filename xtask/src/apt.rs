//! Installing a package without asking: on Debian and what derives from it, as root.

use crate::cleanup::Cleanup;
use crate::{Outcome, command};
use std::fs::{OpenOptions, remove_file};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Asked by Debian's packages before they start a service: 101 says no.
const POLICY: &str = "/usr/sbin/policy-rc.d";

pub(crate) fn install(package: &str) -> Outcome {
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err("there is no `apt-get` to install it with".to_owned());
    }
    if !is_root() {
        return Err("only root can install it".to_owned());
    }
    let mut cleanup = Cleanup::default();
    start_no_service(&mut cleanup);
    command::run(&mut apt_get(&["update"]))?;
    command::run(&mut apt_get(&[
        "install",
        "--yes",
        "--no-install-recommends",
        package,
    ]))?;
    cleanup.run()
}

/// Its output goes to standard error: standard output is for the process that started the keeper.
fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .arg("--quiet")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    command
}

/// Keeps the package from starting a server of its own, unless the machine has a policy already.
fn start_no_service(cleanup: &mut Cleanup) {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(POLICY);
    if let Ok(mut file) = file {
        cleanup.later(|| remove_file(POLICY).map_err(|error| format!("{POLICY}: {error}")));
        let _ = file.write_all(b"#!/bin/sh\nexit 101\n");
    }
}

pub(crate) fn is_root() -> bool {
    command::read_quietly(Command::new("id").arg("-u")).is_ok_and(|user| user == "0")
}
