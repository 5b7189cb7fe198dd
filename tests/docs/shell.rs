//! Runs the commands of the documentation with `sh`, in a folder of their own, where stand-ins play
//! the programs that a machine may lack. They need nothing but `sh` and `cat`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::fed;

/// The stand-ins: what each does is as little as shows that the command around it works.
const STAND_INS: &[(&str, &str)] = &[
    // Options, then files; with several, a header before each, as the real one writes.
    (
        "tail",
        r#"while :; do case $1 in -n) shift 2;; -*) shift;; *) break;; esac; done
if [ $# -gt 1 ]; then
    for file; do printf '==> %s <==\n' "$file"; cat "$file"; printf '\n'; done
else
    cat "${1##*/}"
fi"#,
    ),
    // Not compressed here, which -f allows.
    ("zcat", r#"[ "$1" = -f ] || exit 1; shift; exec cat "$@""#),
    ("ssh", r#"shift; exec "$@""#),
    (
        "journalctl",
        r#"[ "$1 $2" = "-o cat" ] || exit 1; exec cat access.log"#,
    ),
    (
        "docker",
        r#"[ "$1" = logs ] || exit 1; exec cat access.log"#,
    ),
    ("timeout", r#"shift; exec "$@""#),
    (
        "jq",
        r#"[ "$2" = 'select(.type == "alert")' ] || exit 1
while IFS= read -r line; do case $line in *'"type":"alert"'*) printf '%s\n' "$line";; esac; done"#,
    ),
    (
        "mail",
        r#"printf 'To: %s\nSubject: %s\n' "$3" "$2"; exec cat"#,
    ),
    ("sendmail", r#"[ "$*" = "-i -t" ] || exit 1; exec cat"#),
    ("man", r#"[ "$1 $2" = "-l -" ] || exit 1; exec cat"#),
];

/// The program of --on-alert: it reads the alert, and notes what it got.
const NOTIFY: &str = r#"#!/bin/sh
cat >/dev/null
printf '%s %s %s\n' "$HTTPMON_STATE" "$HTTPMON_RULE" "$HTTPMON_AT" >>told
"#;

/// What httpmon prints with these arguments.
pub fn httpmon(arguments: &[&str]) -> String {
    httpmon_reading(arguments, String::new())
}

/// What it prints when it reads this.
pub fn httpmon_reading(arguments: &[&str], input: String) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpmon"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = fed::output(plain(&mut command), input);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Whatever the machine's own settings are.
fn plain(command: &mut Command) -> &mut Command {
    for name in [
        "HTTPMON_CONFIG_PATH",
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
    ] {
        command.env_remove(name);
    }
    command
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::null())
}

/// A folder with logs and stand-ins.
pub struct Shell {
    folder: PathBuf,
}

impl Shell {
    /// A fresh folder in which every log of the examples is `log`.
    pub fn new(name: &str, log: &str) -> Shell {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("docs-{name}"));
        let programs = folder.join("bin");
        fs::create_dir_all(&programs).expect("a folder");
        for file in ["access.log", "access.log.1", "access.log.2.gz"] {
            fs::write(folder.join(file), log).expect(file);
        }
        // What the program of --on-alert got; each run begins anew.
        fs::write(folder.join("told"), "").expect("told");
        let notify = folder.join("notify");
        fs::write(&notify, NOTIFY).expect("notify");
        fs::set_permissions(&notify, fs::Permissions::from_mode(0o755)).expect("notify");
        for (name, script) in STAND_INS {
            let file = programs.join(name);
            fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect(name);
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect(name);
        }
        Shell { folder }
    }

    /// What a file of the folder holds.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).expect(file)
    }

    /// Runs a command line and returns its exit status and standard output.
    pub fn run(&self, line: &str) -> (Option<i32>, String) {
        let built = PathBuf::from(env!("CARGO_BIN_EXE_httpmon"));
        let built = built.parent().expect("a folder");
        // Stand-ins first, then whatever the machine has: sh and cat are all that is needed of it.
        let path = format!(
            "{}/bin:{}:{}",
            self.folder.display(),
            built.display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(&self.folder)
            .env("PATH", path);
        let output = plain(&mut command).output().expect("sh runs");
        let printed = String::from_utf8(output.stdout).expect("UTF-8");
        (output.status.code(), printed)
    }
}
