//! Completions for three shells, from the table of options.
//!
//! `--top` takes a list, so its names complete after every comma. The scripts need nothing but the
//! shell; that for bash keeps to what 3.2 has, since macOS ships it.

use std::fmt::Write;

use super::flags::FLAGS;

/// The option whose value is a list of its choices.
const LIST: &str = "top";

/// The option whose value is a program: a command, or a file that is one.
const PROGRAM: &str = "on-alert";

/// What the value of an option is called that is a file.
const FILE: &str = "FILE";

/// A completion script for bash.
pub fn bash() -> String {
    let mut words: Vec<String> = Vec::new();
    let mut cases = String::new();
    for flag in FLAGS {
        words.push(format!("--{}", flag.long));
        words.extend(flag.short.map(|short| format!("-{short}")));
        if flag.value.is_none() {
            continue;
        }
        let mut names = format!("--{}", flag.long);
        if let Some(short) = flag.short {
            write!(names, "|-{short}").expect("a string takes every write");
        }
        let choices: Vec<&str> = (flag.choices)().into_iter().map(|(name, _)| name).collect();
        let choices = choices.join(" ");
        let reply = match (choices.as_str(), flag.long) {
            ("", PROGRAM) => "_httpmon_files -A command; ".to_owned(),
            ("", _) if flag.value == Some(FILE) => "_httpmon_files; ".to_owned(),
            ("", _) => String::new(),
            (choices, LIST) => {
                format!(
                    "compopt -o nospace 2>/dev/null; _httpmon_reply '{choices}' \"${{word%\"${{word##*,}}\"}}\"; "
                )
            }
            (choices, _) => format!("_httpmon_reply '{choices}'; "),
        };
        writeln!(cases, "        {names}) {reply}return ;;").expect("a string takes every write");
    }
    format!(
        r#"# bash completion for httpmon, written by httpmon --generate complete-bash

# Those of the words in $1 that go on with $word; $2 is what stands before them in it.
_httpmon_reply() {{
    local reply
    while IFS= read -r reply; do
        COMPREPLY+=("$reply")
    done < <(compgen -P "${{2-}}" -W "$1" -- "${{word#"${{2-}}"}}")
}}

# Files that go on with $word, and what else the arguments ask compgen for.
_httpmon_files() {{
    local reply
    compopt -o filenames 2>/dev/null
    while IFS= read -r reply; do
        COMPREPLY+=("$reply")
    done < <(compgen -f "$@" -- "$word")
}}

_httpmon() {{
    local at=$COMP_CWORD word=${{COMP_WORDS[COMP_CWORD]}} option=
    COMPREPLY=()
    # bash splits words at =; go back to where this one begins.
    if [[ $word == "=" ]]; then word=; fi
    while ((at > 1)) && [[ ${{COMP_WORDS[at]}} == "=" || ${{COMP_WORDS[at - 1]}} == "=" ]]; do
        ((at -= 1))
    done
    if ((at < COMP_CWORD)) && [[ ${{COMP_WORDS[at]}} == --* ]]; then
        option=${{COMP_WORDS[at]}}
    elif ((at > 0)); then
        option=${{COMP_WORDS[at - 1]}}
    fi
    case $option in
{cases}    esac
    if [[ $word == -* ]]; then
        _httpmon_reply '{words}'
        return
    fi
    _httpmon_files
}}

complete -F _httpmon httpmon
"#,
        words = words.join(" ")
    )
}

/// A completion script for zsh.
pub fn zsh() -> String {
    let mut specs = String::new();
    let mut functions = String::new();
    for flag in FLAGS {
        let help = zsh_text(flag.help);
        // A value stands after = or as the next word; after a short option also at once.
        let (plus, equals) = if flag.value.is_some() {
            ("+", "=")
        } else {
            ("", "")
        };
        let long = flag.long;
        let names = match flag.short {
            Some(short) => format!("'(-{short} --{long})'{{-{short}{plus},--{long}{equals}}}'"),
            None => format!("'--{long}{equals}"),
        };
        let choices = (flag.choices)();
        let function = format!("_httpmon_{}", long.replace('-', "_"));
        let action = match flag.value {
            None => String::new(),
            Some(value) if long == PROGRAM => {
                format!(":{value}:{{_command_names -e; _files}}")
            }
            Some(FILE) => format!(":{FILE}:_files"),
            Some(value) if choices.is_empty() => format!(":{value}: "),
            Some(value) => format!(":{value}:{function}"),
        };
        writeln!(specs, "    {names}[{help}]{action}' \\").expect("a string takes every write");
        if choices.is_empty() {
            continue;
        }
        let mut items = String::new();
        for (name, about) in choices {
            let item = if long == LIST {
                format!("'{name}[{}]::rows: '", zsh_text(about))
            } else {
                format!("'{name}:{}'", about.replace('\'', "'\\''"))
            };
            write!(items, " \\\n        {item}").expect("a string takes every write");
        }
        let body = if long == LIST {
            format!("    _values -s , dimension{items}\n")
        } else {
            format!("    local -a choices\n    choices=({items})\n    _describe {long} choices\n")
        };
        write!(functions, "{function}() {{\n{body}}}\n\n").expect("a string takes every write");
    }
    format!(
        "#compdef httpmon\n# zsh completion for httpmon, written by httpmon --generate complete-zsh\n\n{functions}\
         _arguments -s -S : \\\n{specs}    '*:log file:_files'\n"
    )
}

/// Text that may stand in single quotes, brackets and a colon-separated specification.
fn zsh_text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\'' => out.push_str("'\\''"),
            '[' | ']' | ':' | '\\' | '(' | ')' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// A completion script for fish.
pub fn fish() -> String {
    let quote = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let mut out = format!(
        r#"# fish completion for httpmon, written by httpmon --generate complete-fish

# The arguments, each behind what is typed of the list so far.
function __httpmon_{LIST}
    set -l typed (commandline -ct | string replace -r '^--{LIST}=' '')
    set -l before (string replace -r '[^,]*$' '' -- $typed)
    printf '%s\n' "$before"$argv
end

"#
    );
    for flag in FLAGS {
        write!(out, "complete -c httpmon -l {}", flag.long).expect("a string takes every write");
        if let Some(short) = flag.short {
            write!(out, " -s {short}").expect("a string takes every write");
        }
        write!(out, " -d {}", quote(flag.help)).expect("a string takes every write");
        if flag.long == PROGRAM {
            // Files are completed beside the commands.
            out.push_str(" -r -a '(complete -C (commandline -ct | string replace -r \"^--on-alert=\" \"\"))'");
        } else if flag.value == Some(FILE) {
            out.push_str(" -r");
        } else if flag.value.is_some() {
            out.push_str(" -x");
            // Arguments are split at spaces, but the lines that a command writes are not.
            let choices: Vec<String> = (flag.choices)()
                .iter()
                .map(|(name, about)| quote(&format!("{name}\t{about}")))
                .collect();
            let command = if flag.long == LIST {
                "__httpmon_top"
            } else {
                "printf '%s\\n'"
            };
            if !choices.is_empty() {
                let call = format!("({command} {})", choices.join(" "));
                write!(out, " -a {}", quote(&call)).expect("a string takes every write");
            }
        }
        out.push('\n');
    }
    out
}
