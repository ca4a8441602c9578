//! Who is asked what, word for word, and how each answer is taken. What answers here stands in
//! for pkcheck and sudo, with their own texts; `tests/it/real_units` asks the real ones.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::*;
use crate::clock;

const UNIT: &str = "sidekiq@1.service";
const LINE: &str = "/usr/bin/systemctl --no-ask-password --no-block stop -- sidekiq@1.service";
const NO: &str = "echo 'Not authorized.' >&2; exit 1";
const YES: &str = "exit 0";
/// sudo 1.9.16 on what needs no password.
const FREE: &str = "cat <<'END'\nSudoers entry: /etc/sudoers\n    RunAsUsers: root\n    Options: !authenticate\n    \
                    Commands:\n\t/usr/bin/systemctl --no-ask-password --no-block stop -- sidekiq@1.service\nEND";
/// A program that never answers.
const HANGS: &str = "exec sleep 60";

/// A directory with a pkcheck and a sudo.
struct Place(tempfile::TempDir);

impl Place {
    fn new(pkcheck: &str, sudo: &str) -> Self {
        // What this program itself could be asked on; nobody it calls may have it.
        rustix::stdio::dup2_stdin(fs::File::open("/dev/zero").unwrap()).unwrap();
        let place = Self(tempfile::tempdir().unwrap());
        for (name, answers) in [("pkcheck", pkcheck), ("sudo", sudo)] {
            // A program that was just written may still be open for writing in another test's fork.
            let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/asked");
            symlink(program, place.path(name)).unwrap();
            fs::write(place.path(&format!("{name}.answers")), answers).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    async fn route(&self, verb: Verb) -> Result<Route, String> {
        let (pkcheck, sudo) = (self.path("pkcheck"), self.path("sudo"));
        let asked = AskedService {
            pkcheck: pkcheck.to_str().unwrap(),
            sudo: sudo.to_str().unwrap(),
        };
        asked.route(verb, &Unit::of_system(UNIT)).await
    }

    /// What it was asked: its pid, and all that came with the call.
    fn asked(&self, name: &str) -> Vec<(u32, String)> {
        let text = fs::read_to_string(self.path(&format!("{name}.asked"))).unwrap_or_default();
        let calls = text.lines().map(|line| line.split_once(' ').unwrap());
        let calls = calls.map(|(pid, rest)| (pid.parse().unwrap(), rest.to_owned()));
        calls.collect()
    }

    fn words(&self, name: &str) -> Vec<String> {
        self.asked(name)
            .into_iter()
            .map(|(_, words)| words)
            .collect()
    }
}

/// Answers as sudo 1.9.13 does: the command alone, and this list of everything.
fn old_sudo(list: &str) -> String {
    format!("case \"$*\" in *systemctl*) echo '{LINE}';; *) cat <<'END'\n{list}END\n;; esac")
}

fn entry(options: &str, command: &str) -> String {
    format!("\nSudoers entry:\n    RunAsUsers: root\n{options}    Commands:\n\t{command}\n")
}

#[tokio::test]
async fn polkit_is_asked_first_and_its_yes_is_enough() {
    let place = Place::new(YES, "exit 0");
    assert_eq!(place.route(Verb::Stop).await, Ok(Route::Plain));
    let own = std::process::id();
    assert_eq!(
        place.words("pkcheck"),
        [format!(
            "/dev/null C --action-id org.freedesktop.systemd1.manage-units --process {own}"
        )]
    );
    assert!(place.asked("sudo").is_empty());
}

#[tokio::test]
async fn then_sudo_is_asked_about_the_very_line_and_for_no_password() {
    let place = Place::new(NO, FREE);
    assert_eq!(place.route(Verb::Stop).await, Ok(Route::Sudo));
    assert_eq!(
        place.words("sudo"),
        ["/dev/null C -n -l -l systemctl --no-ask-password --no-block stop -- sidekiq@1.service"]
    );
    let place = Place::new(NO, FREE);
    place.route(Verb::Restart).await.unwrap();
    assert_eq!(
        place.words("sudo"),
        [
            "/dev/null C -n -l -l systemctl --no-ask-password --no-block restart -- sidekiq@1.service"
        ]
    );
}

#[tokio::test]
async fn a_challenge_of_polkit_is_no_yes() {
    // 2: authentication is required (pkcheck(1)).
    let place = Place::new("exit 2", "echo 'sudo: a password is required' >&2; exit 1");
    let why = place.route(Verb::Stop).await.unwrap_err();
    assert!(why.contains("not permitted to this user"), "{why}");
    assert!(why.contains(LINE) && why.contains(ACTION), "{why}");
    assert_eq!(place.words("sudo").len(), 1);
}

#[tokio::test]
async fn what_sudo_would_run_with_a_password_is_not_permitted() {
    let asks = FREE.replace("!authenticate", "authenticate");
    assert!(Place::new(NO, &asks).route(Verb::Stop).await.is_err());
    let plain = FREE.replace("    Options: !authenticate\n", "");
    assert!(Place::new(NO, &plain).route(Verb::Stop).await.is_err());
    // Its answer counts only if it succeeds.
    let failed = format!("{FREE}\nexit 1");
    assert!(Place::new(NO, &failed).route(Verb::Stop).await.is_err());
}

#[tokio::test]
async fn an_older_sudo_is_asked_for_its_list() {
    let other = entry("    Options: !authenticate\n", "/bin/true");
    let asks = entry("", LINE) + &other;
    let place = Place::new(NO, &old_sudo(&asks));
    assert!(place.route(Verb::Stop).await.is_err());
    let words = place.words("sudo");
    assert_eq!(words.len(), 2);
    assert_eq!(words[1], "/dev/null C -n -l -l");

    let free = other + &entry("    Options: !authenticate\n", LINE);
    let place = Place::new(NO, &old_sudo(&free));
    assert_eq!(place.route(Verb::Stop).await, Ok(Route::Sudo));
}

#[tokio::test]
async fn without_either_program_nothing_is_permitted() {
    let place = Place::new(NO, NO);
    for name in ["pkcheck", "sudo"] {
        fs::remove_file(place.path(name)).unwrap();
    }
    let why = place.route(Verb::Stop).await.unwrap_err();
    assert!(why.contains("run as root"), "{why}");
}

/// Whether that process has ended, waited for or not.
fn has_ended(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    status.map_or(true, |text| text.contains("\nState:\tZ"))
}

async fn is_given_up(pkcheck: &str, sudo: &str, name: &str) -> Result<Route, String> {
    let place = Place::new(pkcheck, sudo);
    let begun = clock::now();
    let said = place.route(Verb::Stop).await;
    let took = clock::now().since(begun);
    assert!(took >= Duration::from_secs(3), "{took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    let asked = place.asked(name);
    let [(pid, _)] = asked[..] else {
        panic!("{asked:?}");
    };
    let end = clock::now().after(Duration::from_secs(20));
    while !has_ended(pid) {
        assert!(clock::now() < end, "{name} still runs");
        std::thread::yield_now();
    }
    said
}

#[tokio::test]
async fn a_polkit_that_hangs_has_not_said_yes() {
    assert_eq!(is_given_up(HANGS, FREE, "pkcheck").await, Ok(Route::Sudo));
}

#[tokio::test]
async fn a_sudo_that_hangs_has_not_said_yes() {
    let hangs = format!("{FREE}\n{HANGS}");
    assert!(is_given_up(NO, &hangs, "sudo").await.is_err());
}

#[test]
fn a_refusal_names_the_line_that_would_help() {
    assert_eq!(line(Verb::Stop, &Unit::of_system(UNIT)), LINE);
}

#[tokio::test]
async fn the_systemd_of_another_user_is_not_reached() {
    let unit = Unit {
        name: "app.service".into(),
        scope: UnitScope::Other(4_000_000),
    };
    let why = route(Verb::Stop, &unit).await.unwrap_err();
    assert!(why.contains("uid 4000000"), "{why}");
    let own = Unit {
        scope: UnitScope::Own,
        ..unit
    };
    assert_eq!(route(Verb::Restart, &own).await, Ok(Route::Plain));
}
