//! The answer of sudo's long list (`sudo -l -l`) about one command of root: whether it runs without
//! a password. Text in, an answer out; in doubt the answer is no. It asks nobody.
//!
//! Measured on sudo 1.9.13 and 1.9.16: asked about a command, the newer one prints the entry that
//! counts, with its options, and the older one prints the command alone. Both answer as soon as
//! any entry at all of this user, about whatever command, needs no password (`listpw=any`), so a
//! bare yes says nothing of the password. `Defaults !authenticate` is not reckoned with.

/// The entry of a command that this user may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Password {
    /// It runs without one.
    NotNeeded,
    /// It may want one.
    Needed,
    /// The answer is the command alone.
    Unsaid,
}

/// An entry of the list.
#[derive(Default)]
struct SudoEntry<'a> {
    runs_as: Option<&'a str>,
    free: bool,
    commands: Vec<&'a str>,
}

/// Whether an entry is about a command.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Meets {
    No,
    Perhaps,
    Surely,
}

/// Reads the answer about one command.
pub(super) fn of_one(answer: &str) -> Password {
    let entries = entries(answer);
    if entries.iter().all(|entry| entry.commands.is_empty()) {
        Password::Unsaid
    } else if entries.iter().all(|entry| entry.free) {
        Password::NotNeeded
    } else {
        Password::Needed
    }
}

/// Reads the list of everything that this user may run, for `command` as sudo has found it, with
/// its whole path. The last entry that meets it counts; every later one that perhaps does must
/// agree.
pub(super) fn of_all(list: &str, command: &str) -> Password {
    let mut any = false;
    for entry in entries(list).iter().rev() {
        let about = entry.commands.iter().map(|named| meets(named, command));
        let best = about.max();
        let meets = best.unwrap_or(Meets::No).min(as_root(entry.runs_as));
        if meets == Meets::No {
            continue;
        }
        if !entry.free {
            return Password::Needed;
        }
        if meets == Meets::Surely {
            return Password::NotNeeded;
        }
        any = true;
    }
    if any {
        Password::NotNeeded
    } else {
        Password::Needed
    }
}

/// Entries are set apart by empty lines; what has no commands is none (the header).
fn entries(text: &str) -> Vec<SudoEntry<'_>> {
    let mut entries = vec![SudoEntry::default()];
    let mut in_commands = false;
    for line in text.lines() {
        let words = line.trim();
        let key = |name: &str| words.strip_prefix(name).map(str::trim);
        if words.is_empty() {
            in_commands = false;
            entries.push(SudoEntry::default());
            continue;
        }
        let Some(entry) = entries.last_mut() else {
            continue;
        };
        if in_commands && line.starts_with('\t') {
            entry.commands.push(words);
        } else if words == "Commands:" {
            in_commands = true;
        } else if let Some(users) = key("RunAsUsers:") {
            entry.runs_as = Some(users);
        } else if let Some(options) = key("Options:") {
            entry.free = options
                .split(',')
                .any(|word| word.trim() == "!authenticate");
        } else {
            in_commands = false;
        }
    }
    entries
}

/// Whether an entry lets root be the one that runs it.
fn as_root(users: Option<&str>) -> Meets {
    let Some(users) = users else {
        return Meets::Perhaps;
    };
    let mut words = users.split(',').map(str::trim);
    let plain = |word: &str| word.starts_with(|first: char| first.is_ascii_alphabetic());
    if !words.clone().all(plain) {
        Meets::Perhaps
    } else if words.any(|word| matches!(word, "root" | "ALL")) {
        Meets::Surely
    } else {
        Meets::No
    }
}

/// Whether `named`, as an entry has it, is `command`. Where it has wildcards, a digest or an
/// escape, or another path to a program of that name, only sudo knows.
fn meets(named: &str, command: &str) -> Meets {
    let (path, arguments) = command.split_once(' ').unwrap_or((command, ""));
    if named == "ALL" || named == command || named == path {
        return Meets::Surely;
    }
    // It forbids; that sudo would run the command is known.
    if named.starts_with('!') {
        return Meets::No;
    }
    let (program, rest) = named.split_once(' ').unwrap_or((named, ""));
    let special = |character: char| "*?[]\\^$:".contains(character);
    if named.contains(special) || program.ends_with('/') {
        return Meets::Perhaps;
    }
    let base = |path: &str| path.rsplit('/').next().map(str::to_owned);
    if base(program) == base(path) && (rest.is_empty() || rest == arguments) {
        Meets::Perhaps
    } else {
        Meets::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAND: &str =
        "/usr/bin/systemctl --no-ask-password --no-block stop -- sidekiq@1.service";

    /// An entry as sudo prints it.
    fn entry(users: &str, options: &str, commands: &[&str]) -> String {
        let options = match options {
            "" => String::new(),
            options => format!("    Options: {options}\n"),
        };
        let commands = commands.join("\n\t");
        format!("\nSudoers entry:\n    RunAsUsers: {users}\n{options}    Commands:\n\t{commands}\n")
    }

    fn list(entries: &[String]) -> String {
        format!(
            "Matching Defaults entries for deploy on web1:\n    env_reset, !authenticate\n\n\
             User deploy may run the following commands on web1:\n{}",
            entries.concat()
        )
    }

    #[test]
    fn the_entry_that_counts_says_whether_a_password_is_wanted() {
        // sudo 1.9.16.
        let of = |options: &str| {
            format!(
                "Sudoers entry: /etc/sudoers\n    RunAsUsers: root\n{options}    Commands:\n\t{COMMAND}\n    Matched: {COMMAND}\n"
            )
        };
        assert_eq!(
            of_one(&of("    Options: !authenticate\n")),
            Password::NotNeeded
        );
        let more = "    Options: setenv, !authenticate\n";
        assert_eq!(of_one(&of(more)), Password::NotNeeded);
        assert_eq!(of_one(&of("")), Password::Needed);
        assert_eq!(of_one(&of("    Options: authenticate\n")), Password::Needed);
        assert_eq!(
            of_one("LDAP Role: deploy\n    RunAsUsers: root\n    Commands:\n\tALL\n"),
            Password::Needed
        );
        // The words of a command are none of its options.
        let odd =
            "Sudoers entry: x\n    RunAsUsers: root\n    Commands:\n\tOptions: !authenticate\n";
        assert_eq!(of_one(odd), Password::Needed);
    }

    #[test]
    fn an_older_sudo_names_the_command_alone() {
        // sudo 1.9.13.
        assert_eq!(of_one(&format!("{COMMAND}\n")), Password::Unsaid);
        assert_eq!(of_one(""), Password::Unsaid);
    }

    #[test]
    fn a_command_without_a_password_does_not_speak_for_another() {
        let free = entry("root", "!authenticate", &["/bin/true"]);
        let all = list(&[entry("root", "", &[COMMAND]), free.clone()]);
        assert_eq!(of_all(&all, COMMAND), Password::Needed);
        let all = list(&[free, entry("root", "!authenticate", &[COMMAND])]);
        assert_eq!(of_all(&all, COMMAND), Password::NotNeeded);
        assert_eq!(of_all(&list(&[]), COMMAND), Password::Needed);
    }

    #[test]
    fn the_last_entry_that_meets_it_counts() {
        let free = entry("root", "!authenticate", &[COMMAND]);
        let asks = entry("root", "authenticate", &["ALL"]);
        let all = |entries: &[String]| of_all(&list(entries), COMMAND);
        assert_eq!(all(&[asks.clone(), free.clone()]), Password::NotNeeded);
        assert_eq!(all(&[free.clone(), asks.clone()]), Password::Needed);
        // Not root's, and so about something else.
        let other = entry("deploy, www-data", "", &["ALL"]);
        assert_eq!(all(&[free.clone(), other]), Password::NotNeeded);
        for unsure in ["ALL, !www-data", "%wheel", "#0"] {
            let unsure = entry(unsure, "", &["ALL"]);
            assert_eq!(all(&[free.clone(), unsure]), Password::Needed);
        }
        let forbids = entry("root", "", &["/bin/false", &format!("!{COMMAND}")]);
        assert_eq!(all(&[free, forbids]), Password::NotNeeded);
    }

    #[test]
    fn what_perhaps_meets_it_must_agree() {
        for named in [
            "/usr/bin/systemctl * sidekiq@1.service",
            "/usr/bin/",
            "^/usr/bin/systemctl .*$",
            "sha224:0GomF8mNN3wlDt1HD9Xldw== /bin/ls",
            "/bin/systemctl",
            "/bin/systemctl --no-ask-password --no-block stop -- sidekiq@1.service",
            r"/usr/bin/systemctl --no-ask-password --no-block stop -- sidekiq\@1.service",
        ] {
            let asks = entry("root", "", &[named]);
            let free = entry("root", "!authenticate", &[named]);
            let sure = entry("ALL", "!authenticate", &["/usr/bin/systemctl"]);
            let all = |entries: &[String]| of_all(&list(entries), COMMAND);
            assert_eq!(
                all(&[sure.clone(), asks.clone()]),
                Password::Needed,
                "{named}"
            );
            assert_eq!(all(&[sure, free.clone()]), Password::NotNeeded, "{named}");
            assert_eq!(
                all(std::slice::from_ref(&free)),
                Password::NotNeeded,
                "{named}"
            );
            assert_eq!(all(&[asks, free]), Password::Needed, "{named}");
        }
        for named in [
            "/usr/bin/systemctl stop sidekiq@1.service",
            "/usr/bin/systemctl \"\"",
            "sudoedit /etc/x",
            "/bin/true",
        ] {
            let asks = entry("root", "", &[named]);
            let sure = entry("ALL", "!authenticate", &["ALL"]);
            assert_eq!(of_all(&list(&[sure, asks]), COMMAND), Password::NotNeeded);
        }
    }
}
