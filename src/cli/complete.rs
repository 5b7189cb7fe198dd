//! Completions for three shells, from the tables of options.
//!
//! `--top` takes a list, so its names complete after every comma. The scripts need nothing but the shell. The one for
//! bash works with 3.2, which macOS ships.

use std::fmt::Write;

use super::flag::Flag;
use super::flags::FLAGS;
use super::simulate;

/// The option whose value is a list of its choices.
const LIST: &str = "top";

/// The option whose value is a program: a command or an executable file.
const PROGRAM: &str = "on-alert";

/// The name of a value that is a file.
const FILE: &str = "FILE";

/// Options as the words of a shell, and the cases of those that take values.
fn bash_words<O>(flags: &[Flag<O>]) -> (String, String) {
    let mut words: Vec<String> = Vec::new();
    let mut cases = String::new();
    for flag in flags {
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
    (words.join(" "), cases)
}

/// A completion script for bash.
pub fn bash() -> String {
    let (words, cases) = bash_words(FLAGS);
    let (of_simulate, cases_of_simulate) = bash_words(simulate::FLAGS);
    format!(
        r#"# bash completion for httpmon, written by httpmon --generate complete-bash

# Those of the words in $1 that begin with $word; $2 is what is before them in it.
_httpmon_reply() {{
    local reply
    while IFS= read -r reply; do
        COMPREPLY+=("$reply")
    done < <(compgen -P "${{2-}}" -W "$1" -- "${{word#"${{2-}}"}}")
}}

# Files that begin with $word, and what else the arguments ask compgen for.
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
    if [[ ${{COMP_WORDS[1]}} == {NAME} ]] && ((at > 1)); then
        case $option in
{cases_of_simulate}        esac
        _httpmon_reply '{of_simulate}'
        return
    fi
    case $option in
{cases}    esac
    if [[ $word == -* ]]; then
        _httpmon_reply '{words}'
        return
    fi
    if ((at == 1)); then _httpmon_reply {NAME}; fi
    _httpmon_files
}}

complete -F _httpmon httpmon
"#,
        NAME = simulate::NAME
    )
}

/// A completion script for zsh.
pub fn zsh() -> String {
    let mut functions = String::new();
    let specs = zsh_specs(FLAGS, "_httpmon", &mut functions);
    let of_simulate = zsh_specs(simulate::FLAGS, "_httpmon_simulate", &mut functions);
    let name = simulate::NAME;
    format!(
        r#"#compdef httpmon
# zsh completion for httpmon, written by httpmon --generate complete-zsh

{functions}# The command is the first argument; after an option a word of that name is a file.
_httpmon_first() {{
    if (( CURRENT > 2 )); then
        _files
        return
    fi
    _alternative 'commands:command:(({name}\:"{about}"))' 'files:log file:_files'
}}

if (( CURRENT > 2 )) && [[ $words[2] == {name} ]]; then
    shift words
    (( CURRENT -= 1 ))
    _arguments -s -S : \
{of_simulate}
    return
fi

_arguments -s -S : \
{specs} \
    '1:log file:_httpmon_first' \
    '*:log file:_files'
"#,
        about = simulate::ABOUT
    )
}

/// The specifications of options, a line each; the functions that they name go to `functions`.
fn zsh_specs<O>(flags: &[Flag<O>], prefix: &str, functions: &mut String) -> String {
    let mut specs: Vec<String> = Vec::new();
    for flag in flags {
        let help = zsh_text(flag.help);
        // A value is after = or the next word; after a short option it may follow at once.
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
        let function = format!("{prefix}_{}", long.replace('-', "_"));
        let action = match flag.value {
            None => String::new(),
            Some(value) if long == PROGRAM => {
                format!(":{value}:{{_command_names -e; _files}}")
            }
            Some(FILE) => format!(":{FILE}:_files"),
            Some(value) if choices.is_empty() => format!(":{value}: "),
            Some(value) => format!(":{value}:{function}"),
        };
        specs.push(format!("    {names}[{help}]{action}'"));
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
    specs.join(" \\\n")
}

/// Text for single quotes, brackets and a colon-separated specification.
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
    let mut out = format!(
        r#"# fish completion for httpmon, written by httpmon --generate complete-fish

# The arguments, each after what is typed of the list so far.
function __httpmon_{LIST}
    set -l typed (commandline -ct | string replace -r '^--{LIST}=' '')
    set -l before (string replace -r '[^,]*$' '' -- $typed)
    printf '%s\n' "$before"$argv
end

# Whether the first argument is the command; a later argument of that name is a file.
function __httpmon_is_command
    set -l words (commandline -opc)
    test "$words[2]" = {name}
end

complete -c httpmon -n 'test (count (commandline -opc)) -eq 1' -a {name} -d {about}
# The command takes options only.
complete -c httpmon -n __httpmon_is_command -f
"#,
        name = simulate::NAME,
        about = fish_quoted(simulate::ABOUT)
    );
    fish_options(FLAGS, "not __httpmon_is_command", &mut out);
    out.push('\n');
    fish_options(simulate::FLAGS, "__httpmon_is_command", &mut out);
    out
}

fn fish_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A line for each option, for where `condition` holds.
fn fish_options<O>(flags: &[Flag<O>], condition: &str, out: &mut String) {
    let quote = fish_quoted;
    for flag in flags {
        write!(
            out,
            "complete -c httpmon -n {} -l {}",
            quote(condition),
            flag.long
        )
        .expect("a string takes every write");
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command is one as the first argument only, and no file follows it.
    #[test]
    fn the_command_is_the_first_argument_and_takes_no_file() {
        let (bash, zsh, fish) = (bash(), zsh(), fish());
        assert!(bash.contains("if ((at == 1)); then _httpmon_reply simulate; fi"));
        assert!(zsh.contains("if (( CURRENT > 2 )); then\n        _files\n        return"));
        assert!(zsh.contains("if (( CURRENT > 2 )) && [[ $words[2] == simulate ]]; then"));
        assert!(fish.contains("\ncomplete -c httpmon -n __httpmon_is_command -f\n"));
        assert!(fish.contains("    test \"$words[2]\" = simulate\n"));
        // Each option belongs to one of the two.
        let options = |condition: &str| {
            let begin = format!("complete -c httpmon -n '{condition}' -l ");
            fish.matches(&begin).count()
        };
        assert_eq!(options("not __httpmon_is_command"), FLAGS.len());
        assert_eq!(options("__httpmon_is_command"), simulate::FLAGS.len());
    }

    /// What the completions of one shell say of an option: its names, what it is for, and its choices.
    fn check<O>(flags: &[Flag<O>]) {
        let (bash, zsh, fish) = (bash(), zsh(), fish());
        let words: Vec<&str> = bash
            .split(|c: char| c.is_whitespace() || "'|)".contains(c))
            .collect();
        for flag in flags {
            let long = format!("--{}", flag.long);
            assert!(words.contains(&long.as_str()), "bash: {long}");
            assert!(
                zsh.contains(&format!("{long}=")) == flag.value.is_some(),
                "zsh: {long}"
            );
            assert!(
                zsh.contains(&format!("[{}]", zsh_text(flag.help))),
                "zsh: {long}"
            );
            let short = flag
                .short
                .map_or(String::new(), |short| format!(" -s {short}"));
            let option = format!(" -l {}{short} -d {}", flag.long, fish_quoted(flag.help));
            assert!(fish.contains(&option), "fish: {option}");
            if let Some(short) = flag.short {
                assert!(
                    words.contains(&format!("-{short}").as_str()),
                    "bash: -{short}"
                );
                assert!(
                    zsh.contains(&format!("'(-{short} {long})'")),
                    "zsh: -{short}"
                );
            }
            for (choice, about) in (flag.choices)() {
                assert!(words.contains(&choice), "bash: {long} {choice}");
                let of_zsh = [format!("'{choice}:"), format!("'{choice}[")];
                assert!(
                    of_zsh.iter().any(|item| zsh.contains(item)),
                    "zsh: {long} {choice}"
                );
                let item = fish_quoted(&fish_quoted(&format!("{choice}\t{about}")));
                assert!(
                    fish.contains(item.trim_matches('\'')),
                    "fish: {long} {choice}"
                );
            }
        }
    }

    #[test]
    fn every_option_and_every_choice_comes_from_the_tables() {
        check(FLAGS);
        check(simulate::FLAGS);
    }
}
