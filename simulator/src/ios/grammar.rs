//! How a Cisco command line reads what is typed: words may be shortened as long as they are told apart.

/// A command that a mode knows: its pattern, and what it is.
///
/// In a pattern a lower-case word stands for itself, `WORD` for any word, `LINE` for the rest of the line, `H.H.H` for
/// a MAC address, `DIAL` for what can be dialled, and `<1-30>` for a number of that range.
pub(super) type Rule<C> = (&'static str, C);

/// What a line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading<C> {
    /// Nothing was typed, or a comment.
    Blank,
    Command {
        command: C,
        /// The words of the command before its first argument, in full.
        name: String,
        /// The whole line with every word in full.
        text: String,
        /// What stands for `WORD` and its like.
        arguments: Vec<String>,
    },
    /// The first character that nothing fits.
    Invalid {
        at: usize,
    },
    Incomplete,
    Ambiguous,
}

/// A word of a line with its place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word<'l> {
    at: usize,
    text: &'l str,
}

/// Reads a line by the rules of a mode. The first rule wins where several fit.
pub(super) fn read<C: Copy>(line: &str, rules: &[Rule<C>]) -> Reading<C> {
    walk(line, &words(line), rules, false)
}

/// Reads what follows a `no`: what the command would need beyond its own words may be left out.
pub(super) fn read_negative<C: Copy>(line: &str, rules: &[Rule<C>]) -> Reading<C> {
    walk(line, &words(line), rules, true)
}

/// The line behind a leading `no`, at the same columns; `None` without one.
pub(super) fn negated(line: &str) -> Option<String> {
    let words = words(line);
    let first = words.first().filter(|first| first.text.eq_ignore_ascii_case("no"))?;
    (words.len() > 1).then(|| {
        let behind = first.at + first.text.len();
        format!("{}{}", " ".repeat(behind), line.get(behind..).unwrap_or_default())
    })
}

/// Whether a line begins with a command of these rules that is written in full.
pub(super) fn begins_in_full<C>(line: &str, rules: &[Rule<C>]) -> bool {
    let first = words(line).first().map(|first| first.text.to_ascii_lowercase()).unwrap_or_default();
    rules.iter().any(|(pattern, _)| pattern.split(' ').next() == Some(first.as_str()))
}

/// One way in which a line may still be read.
struct Path<C> {
    command: C,
    elements: Vec<&'static str>,
    /// How many of the elements are used up.
    used: usize,
    name: Vec<&'static str>,
    text: Vec<String>,
    arguments: Vec<String>,
}

fn walk<C: Copy>(line: &str, words: &[Word<'_>], rules: &[Rule<C>], negative: bool) -> Reading<C> {
    if words.first().is_none_or(|first| first.text.starts_with('!')) {
        return Reading::Blank;
    }
    let mut paths = beginnings(rules);
    for word in words {
        if paths.iter().any(Path::has_taken_the_line) {
            break;
        }
        paths = match step(paths, line, word) {
            Ok(paths) => paths,
            Err(wrong) => return wrong,
        };
    }
    let complete = |path: &Path<C>| path.used == path.elements.len();
    let enough = |path: &Path<C>| {
        let wants_argument = path.elements.get(path.used).is_some_and(|element| !is_keyword(element));
        negative && path.used > 0 && (wants_argument || !path.arguments.is_empty())
    };
    let position = paths.iter().position(complete).or_else(|| paths.iter().position(enough));
    match position {
        Some(index) => {
            let path = paths.swap_remove(index);
            let (name, text) = (path.name.join(" "), path.text.join(" "));
            Reading::Command { command: path.command, name, text, arguments: path.arguments }
        }
        None => Reading::Incomplete,
    }
}

fn beginnings<C: Copy>(rules: &[Rule<C>]) -> Vec<Path<C>> {
    let path = |(pattern, command): &Rule<C>| Path {
        command: *command,
        elements: pattern.split(' ').collect(),
        used: 0,
        name: Vec::new(),
        text: Vec::new(),
        arguments: Vec::new(),
    };
    rules.iter().map(path).collect()
}

/// What a `?` behind a line shows: how the last word may go on, or what may follow it. `None` where no command begins so.
pub(super) fn help<C: Copy>(line: &str, rules: &[Rule<C>]) -> Option<String> {
    let mut words = words(line);
    let begun = if line.ends_with(char::is_whitespace) { None } else { words.pop() };
    let mut paths = beginnings(rules);
    for word in &words {
        if paths.iter().any(Path::has_taken_the_line) {
            return Some("  LINE    <cr>\n".to_owned());
        }
        paths = step(paths, line, word).ok()?;
    }
    let mut next: Vec<&str> =
        paths.iter().map(|path| path.elements.get(path.used).copied().unwrap_or("<cr>")).collect();
    next.sort_unstable();
    next.dedup();
    let Some(begun) = begun else {
        return Some(next.into_iter().map(|element| format!("  {element}\n")).collect());
    };
    let begun = begun.text.to_ascii_lowercase();
    next.retain(|element| is_keyword(element) && element.starts_with(&begun));
    (!next.is_empty()).then(|| next.join("  ") + "\n")
}

/// Goes on with the paths that a word fits.
fn step<C: Copy>(paths: Vec<Path<C>>, line: &str, word: &Word<'_>) -> Result<Vec<Path<C>>, Reading<C>> {
    let typed = word.text.to_ascii_lowercase();
    let next = |path: &Path<C>| path.elements.get(path.used).copied();
    let keywords: Vec<&'static str> = paths.iter().filter_map(next).filter(|element| is_keyword(element)).collect();
    let exact = keywords.iter().find(|keyword| **keyword == typed).copied();
    let mut short: Vec<&'static str> = keywords.into_iter().filter(|keyword| keyword.starts_with(&typed)).collect();
    short.dedup();
    short.sort_unstable();
    short.dedup();
    let keyword = match (exact, short.as_slice()) {
        (Some(exact), _) => Some(exact),
        (None, [only]) => Some(*only),
        (None, []) => None,
        (None, _) => return Err(Reading::Ambiguous),
    };
    let mut fitting = Vec::new();
    for mut path in paths {
        let Some(element) = next(&path) else { continue };
        if let Some(keyword) = keyword {
            if element != keyword {
                continue;
            }
            path.text.push(keyword.to_owned());
            if path.arguments.is_empty() {
                path.name.push(keyword);
            }
        } else {
            if is_keyword(element) || !fits(element, word.text) {
                continue;
            }
            let text = if element == "LINE" { line[word.at..].trim_end() } else { word.text };
            path.text.push(text.to_owned());
            path.arguments.push(unquoted(text).to_owned());
        }
        path.used += 1;
        fitting.push(path);
    }
    if fitting.is_empty() { Err(Reading::Invalid { at: word.at }) } else { Ok(fitting) }
}

impl<C> Path<C> {
    fn has_taken_the_line(&self) -> bool {
        self.used > 0 && self.elements.get(self.used - 1) == Some(&"LINE")
    }
}

fn is_keyword(element: &str) -> bool {
    element.starts_with(|first: char| first.is_ascii_lowercase() || first == '|')
}

fn fits(element: &str, text: &str) -> bool {
    match element {
        "WORD" | "LINE" => true,
        "H.H.H" => mac(text).is_some(),
        "DIAL" => text.bytes().all(|byte| byte.is_ascii_digit() || b"+*#.ABCDabcdT".contains(&byte)),
        range => {
            let bounds = range.trim_matches(['<', '>']).split_once('-');
            let bounds = bounds.and_then(|(low, high)| Some((low.parse::<u32>().ok()?, high.parse().ok()?)));
            match (bounds, text.parse::<u32>()) {
                (Some((low, high)), Ok(number)) => (low..=high).contains(&number),
                _ => false,
            }
        }
    }
}

/// A MAC address as the device writes it: three groups of four capital digits.
pub(super) fn mac(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split('.').collect();
    let whole = groups.len() == 3
        && groups.iter().all(|group| group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    whole.then(|| text.to_ascii_uppercase())
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// The words of a line; what is in quotes is one word.
fn words(line: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quoted = false;
    for (at, char) in line.char_indices() {
        match (char, start) {
            ('"', _) => {
                quoted = !quoted;
                start = start.or(Some(at));
            }
            (char, Some(begin)) if char.is_whitespace() && !quoted => {
                words.push(Word { at: begin, text: &line[begin..at] });
                start = None;
            }
            (char, None) if !char.is_whitespace() => start = Some(at),
            _ => {}
        }
    }
    words.extend(start.map(|begin| Word { at: begin, text: &line[begin..] }));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &[Rule<u8>] = &[
        ("show running-config", 1),
        ("show running-config | LINE", 2),
        ("show version", 3),
        ("configure terminal", 4),
        ("copy running-config startup-config", 5),
        ("name LINE", 6),
        ("call-forward busy DIAL", 7),
        ("call-forward noan DIAL timeout <3-60000>", 8),
        ("mac-address H.H.H", 9),
        ("username WORD fullname display WORD", 10),
    ];

    fn command(line: &str) -> (u8, Vec<String>) {
        match read(line, RULES) {
            Reading::Command { command, arguments, .. } => (command, arguments),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn words_may_be_shortened_as_long_as_they_are_told_apart() {
        assert_eq!(command("sh run").0, 1);
        assert_eq!(command("  show   RUNNING-config "), (1, vec![]));
        assert_eq!(command("sh run | section ephone|voice"), (2, vec!["section ephone|voice".to_owned()]));
        assert_eq!(command("conf t").0, 4);
        assert_eq!(read("co t", RULES), Reading::Ambiguous);
        assert_eq!(read("show", RULES), Reading::Incomplete);
        assert_eq!(read("show fun", RULES), Reading::Invalid { at: 5 });
        assert_eq!(read("show version now", RULES), Reading::Invalid { at: 13 });
        assert_eq!(read("! a comment", RULES), Reading::Blank);
        assert_eq!(read("   ", RULES), Reading::Blank);
    }

    #[test]
    fn arguments_are_checked_and_kept() {
        assert_eq!(command("name Tony  Ö. "), (6, vec!["Tony  Ö.".to_owned()]));
        assert_eq!(command("call-f noan 5000 time 20"), (8, vec!["5000".to_owned(), "20".to_owned()]));
        assert_eq!(read("call-forward noan 5000 timeout 2", RULES), Reading::Invalid { at: 31 });
        assert_eq!(read("call-forward busy x", RULES), Reading::Invalid { at: 18 });
        assert_eq!(read("mac-address 0011.2233", RULES), Reading::Invalid { at: 12 });
        assert_eq!(command("mac 0011.2233.44ff").1, ["0011.2233.44ff"]);
        assert_eq!(command(r#"username tony full disp "Tony Jones""#).1, ["tony", "Tony Jones"]);
    }

    #[test]
    fn a_question_mark_shows_what_may_follow() {
        assert_eq!(help("", RULES).unwrap().lines().next(), Some("  call-forward"));
        assert_eq!(help("sh", RULES).as_deref(), Some("show\n"));
        assert_eq!(help("show ", RULES).as_deref(), Some("  running-config\n  version\n"));
        assert_eq!(help("sh run ", RULES).as_deref(), Some("  <cr>\n  |\n"));
        assert_eq!(help("c", RULES).as_deref(), Some("call-forward  configure  copy\n"));
        assert_eq!(help("call-forward noan 5000 ", RULES).as_deref(), Some("  timeout\n"));
        assert_eq!(help("name Tony Jones ", RULES).as_deref(), Some("  LINE    <cr>\n"));
        assert_eq!(help("show fun", RULES), None);
        assert_eq!(help("colour ", RULES), None);
    }

    #[test]
    fn a_no_needs_only_the_words_of_the_command() {
        assert_eq!(negated("no name").as_deref(), Some("   name"));
        assert_eq!(negated("name no"), None);
        assert_eq!(negated("no"), None);
        let path = |line: &str| match read_negative(line, RULES) {
            Reading::Command { command, .. } => command,
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(path("   name"), 6);
        assert_eq!(path("   call-forward busy"), 7);
        assert_eq!(path("   call-forward noan"), 8);
        assert_eq!(path("   call-forward noan 5000"), 8);
        assert_eq!(read_negative("   call-forward", RULES), Reading::Incomplete);
        assert_eq!(read_negative("   colour", RULES), Reading::Invalid { at: 3 });
    }
}
