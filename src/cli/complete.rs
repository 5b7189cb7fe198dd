//! Completions for three shells, from the table of options.

use std::fmt::Write;

use super::flags::{FLAGS, Flag};

const LIST: &str = "top";

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
        let reply = if choices.is_empty() {
            "return".to_owned()
        } else {
            format!(
                "mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$word\"); return",
                choices.join(" ")
            )
        };
        writeln!(cases, "        {names}) {reply} ;;").expect("a string takes every write");
    }
    format!(
        r#"# bash completion for httpmon, written by httpmon --generate complete-bash
_httpmon() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} previous=
    if ((COMP_CWORD > 0)); then previous=${{COMP_WORDS[COMP_CWORD - 1]}}; fi
    COMPREPLY=()
    case $previous in
{cases}    esac
    case $word in
        -*) mapfile -t COMPREPLY < <(compgen -W '{words}' -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}}
complete -o filenames -F _httpmon httpmon
"#,
        words = words.join(" ")
    )
}

/// A completion script for zsh.
pub fn zsh() -> String {
    let mut specs = String::new();
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
        let action = flag.value.map_or(String::new(), |value| {
            format!(":{value}:{}", zsh_action(flag))
        });
        writeln!(specs, "    {names}[{help}]{action}' \\").expect("a string takes every write");
    }
    format!(
        "#compdef httpmon\n# zsh completion for httpmon, written by httpmon --generate complete-zsh\n_arguments -s -S \\\n{specs}    '*:log file:_files'\n"
    )
}

fn zsh_action(flag: &Flag) -> String {
    let choices = (flag.choices)();
    if choices.is_empty() {
        return " ".to_owned();
    }
    let items: Vec<String> = choices
        .iter()
        .map(|(name, about)| format!("{name}\\:\"{}\"", zsh_text(about).replace('"', "")))
        .collect();
    let items = items.join(" ");
    if flag.long == LIST {
        return format!(
            "_values -s , dimension {}",
            choices
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(" ")
        );
    }
    format!("(({items}))")
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
    let mut out =
        "# fish completion for httpmon, written by httpmon --generate complete-fish\n".to_owned();
    for flag in FLAGS {
        write!(out, "complete -c httpmon -l {}", flag.long).expect("a string takes every write");
        if let Some(short) = flag.short {
            write!(out, " -s {short}").expect("a string takes every write");
        }
        write!(out, " -d {}", quote(flag.help)).expect("a string takes every write");
        if flag.value.is_some() {
            out.push_str(" -x");
            let choices: Vec<String> = (flag.choices)()
                .iter()
                .map(|(name, about)| format!("{name}\t{}", about.replace('\t', " ")))
                .collect();
            if !choices.is_empty() {
                write!(out, " -a {}", quote(&choices.join("\n")))
                    .expect("a string takes every write");
            }
        }
        out.push('\n');
    }
    out
}
