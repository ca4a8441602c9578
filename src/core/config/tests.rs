//! The configuration: what is read, what is refused, and which source goes first.

use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;

use super::{
    Config, ConfigErrors, Early, Environment, Flags, KEYS, Policy, RedisFlags, SequenceFlag,
    Settings, read, seconds_from_text,
};

const EXAMPLE: &str = include_str!("../../../config.example.yml");

fn config(text: &str) -> Config {
    read("test.yml", text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn refused(text: &str) -> ConfigErrors {
    read("test.yml", text).expect_err(text)
}

fn refusal(text: &str) -> String {
    let errors = refused(text);
    assert_eq!(errors.errors.len(), 1, "{errors}");
    errors.errors[0].to_string()
}

fn settled(config: &Config) -> Settings {
    Settings::settle(Flags::default(), Environment::default(), config)
}

#[test]
fn an_empty_file_says_nothing() {
    for text in [
        "",
        "\n\n",
        "# a comment\n",
        "---\n",
        "--- {}\n",
        "---\n# a\n...\n",
    ] {
        let expected = Config {
            file: "test.yml".into(),
            ..Config::default()
        };
        assert_eq!(config(text), expected, "{text:?}");
    }
}

#[test]
fn sentinels_and_the_files_of_tls_are_blocks() {
    let read = config(
        "sentinel:\n  name: my master\n  hosts: [10.0.0.1:26379, \"[::1]\"]\n  password: p@ss/w:d\n  database: 2\n\
         tls:\n  ca: /etc/ca.pem\n  cert: /etc/c.pem\n  key: /etc/k.pem\n",
    );
    let settings = settled(&read);
    let stated = settings.redis.configuration.unwrap();
    assert_eq!(
        stated.address.expose(),
        "sentinel://:p%40ss%2Fw%3Ad@10.0.0.1:26379,[::1]/my%20master/2?"
    );
    assert_eq!(stated.origin, "test.yml:1");
    let path = |text: &str| Some(PathBuf::from(text));
    assert_eq!(settings.redis.tls.ca, path("/etc/ca.pem"));
    let insecure = config("tls:\n  insecure: true\n").source.tls;
    let flags = super::TlsFiles {
        ca: path("/flag.pem"),
        ..super::TlsFiles::default()
    };
    assert!(insecure.insecure && !flags.or(&insecure).insecure);
    for (text, says) in [
        ("sentinel: x\n", "name: mymaster"),
        ("sentinel:\n  name: m\n", "missing"),
        ("sentinel:\n  name: m\n  hosts: [a/b]\n", "host"),
        ("sentinel:\n  nam: m\n", "name"),
        (
            "redis: redis://h\nsentinel:\n  name: m\n  hosts: [h]\n",
            "both",
        ),
        ("tls:\n  key: /k.pem\n", "without its cert"),
        ("tls:\n  ca: k.pem\n", "relative"),
    ] {
        let why = refusal(text);
        assert!(why.contains(says), "{text}: {why}");
    }
}

#[test]
fn every_key_is_read() {
    let read = config(
        "redis: redis://:secret@10.0.0.5:6379/2\nnamespace: billing\nsequence: term, 90, kill\ntimeout: 7.5\n\
         kill: follow\nkill_extra: 12\nredis_gone: go\nearly: never\nask_reason: true\nstop_unit: always\nrescue: true\nstate_dir: /var/lib/d\nlog: /var/log/d\nread_only: true\n\
         show_args: true\ncolor: false\nascii: true\nrefresh_seconds: 0.5\n",
    );
    assert_eq!(read.stop.kill, Some(Policy::Follow));
    assert_eq!(read.stop.early, Some(Early::Never));
    assert_eq!(read.stop.redis_gone, Some(super::RedisGone::Go));
    assert_eq!(read.stop.rescue, Some(true));
    assert_eq!(read.stop.stop_unit, Some(super::StopUnit::Always));
    assert_eq!(read.source.namespace.as_deref(), Some("billing"));
    let settings = settled(&read);
    let stated = settings.redis.configuration.clone().unwrap();
    assert_eq!(stated.address.expose(), "redis://:secret@10.0.0.5:6379/2");
    assert_eq!(stated.origin, "test.yml:1");
    assert_eq!(settings.sequence.to_string(), "term, 90, kill");
    assert_eq!(settings.sequence_origin.0, "test.yml:3");
    let timeout = settings.timeout.clone().unwrap();
    assert_eq!(timeout.to_string(), "7.5 s from test.yml:4");
    assert_eq!(settings.conduct.kill_extra, Duration::from_secs(12));
    assert!(settings.conduct.ask_reason);
    assert_eq!(settings.places.log, Some(PathBuf::from("/var/log/d")));
    assert!(settings.read_only && settings.appearance.ascii && settings.appearance.show_args);
    assert!(!settings.appearance.colour);
    assert_eq!(settings.appearance.refresh, Duration::from_millis(500));
    assert!(!format!("{settings:?}").contains("secret"));
}

#[test]
fn five_errors_are_five_messages() {
    let errors = refused(
        "timout: 25\nsequence: tstp, 120, term, 30, kil\ntimeout: 60s\n\nkill: wait_for_requeue\nread_only: yes\n",
    );
    let lines: Vec<_> = errors.errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [Some(1), Some(2), Some(3), Some(5), Some(6)]);
    insta::assert_snapshot!(errors.to_string(), @r#"
    the configuration test.yml has 5 errors
      test.yml:1: timout: unknown key: did you mean `timeout`?
      test.yml:2: sequence: item 5, column 22: unknown signal `kil`: did you mean `kill`?; expected a signal, such as tstp, term or kill
      test.yml:3: timeout: `60s` is not a number: did you mean `60`?; expected seconds as a number without a unit, such as 25 or 7.5
      test.yml:5: kill: `wait_for_requeue` is not known here: did you mean `wait-for-requeue`?; expected ask, wait-for-requeue or follow
      test.yml:6: read_only: found the text `yes`: did you mean `true`?; expected true or false
    "#);
    assert!(errors.reject_a_sequence());
}

#[test]
fn each_wrong_value_says_what_was_expected() {
    insta::assert_snapshot!(refusal("timeout: \"60\""), @r#"timeout: `"60"` is a text: did you mean `60`?; expected seconds as a number without a unit, such as 25 or 7.5"#);
    insta::assert_snapshot!(refusal("timeout: 2m"), @"timeout: `2m` is not a number: did you mean `120`?; expected seconds as a number without a unit, such as 25 or 7.5");
    insta::assert_snapshot!(refusal("timeout: -1"), @"timeout: `-1` is less than nothing; expected seconds as a number without a unit, such as 25 or 7.5");
    insta::assert_snapshot!(refusal("timeout: .inf"), @"timeout: `.inf` is more than can be waited; expected seconds as a number without a unit, such as 25 or 7.5");
    insta::assert_snapshot!(refusal("timeout:"), @"timeout: nothing stands here; expected seconds as a number without a unit, such as 25 or 7.5");
    insta::assert_snapshot!(refusal("timeout: [25]"), @"timeout: found a list; expected seconds as a number without a unit, such as 25 or 7.5");
    insta::assert_snapshot!(refusal("early: nver"), @"early: `nver` is not known here: did you mean `never`?; expected idle or never");
    insta::assert_snapshot!(refusal("kill: false"), @"kill: found false; expected ask, wait-for-requeue or follow");
    insta::assert_snapshot!(refusal("state_dir: ~/state"), @"state_dir: `~/state`: `~` is not expanded here; expected a path that begins with /");
    insta::assert_snapshot!(refusal("log: drain.log"), @"log: `drain.log` is relative; expected a path that begins with /");
    insta::assert_snapshot!(refusal("on_finish: curl -d @- http://log"), @"on_finish: found the text `curl -d @- http://log`; expected a list of words that begins with the path of a program, such as [/usr/local/bin/post, drain]");
    insta::assert_snapshot!(refusal("on_finish: [post, 5]"), @"on_finish: `post` is no path from the root; expected a list of words that begins with the path of a program, such as [/usr/local/bin/post, drain]");
    insta::assert_snapshot!(refusal("on_finish: []"), @"on_finish: an empty list; expected a list of words that begins with the path of a program, such as [/usr/local/bin/post, drain]");
    insta::assert_snapshot!(refusal("on_finish: [/bin/post, [a]]"), @"on_finish: found a list; expected a list of words that begins with the path of a program, such as [/usr/local/bin/post, drain]");
    insta::assert_snapshot!(refusal("refresh_seconds: 0"), @"refresh_seconds: 0 is out of range; expected 0.2 to 3600 seconds");
    insta::assert_snapshot!(refusal("namespace: 5"), @"namespace: found the number 5; expected a text");
    insta::assert_snapshot!(refusal("ascii: 1"), @"ascii: found the number 1; expected true or false");
    insta::assert_snapshot!(refusal("sequence: {a: b}"), @"sequence: found keys and values; expected a text such as tstp, 120, term, 30, kill");
    insta::assert_snapshot!(refusal("sequence: [tstp, [120], term]"), @"sequence[1]: found a list; expected a signal or whole seconds");
    insta::assert_snapshot!(refusal("sequence: [tstp, \"120, term\", kill]"), @"sequence: item 2: `120; term` is not a whole number of seconds; expected whole seconds, such as 30");
    insta::assert_snapshot!(refusal("sequence: ''"), @"sequence: item 1, column 1: the sequence is empty; expected a signal, such as tstp, term or kill");
    insta::assert_snapshot!(refusal("sequence: 30"), @"sequence: item 1, column 1: `30` stands where a signal is due; expected a signal, such as tstp, term or kill");
}

#[test]
fn a_wrong_key_is_named_with_the_one_that_was_meant() {
    insta::assert_snapshot!(refusal("Kill-Extra: 5"), @"Kill-Extra: unknown key: did you mean `kill_extra`?");
    insta::assert_snapshot!(refusal("banana: 5"), @"banana: unknown key; expected one of redis, sentinel, tls, namespace, sequence, timeout, kill, kill_extra, redis_gone, early, ask_reason, stop_unit, rescue, on_finish, state_dir, log, sidekiq_log, read_only, show_args, color, ascii, refresh_seconds");
    insta::assert_snapshot!(refusal("1: 5"), @"1: unknown key; expected one of redis, sentinel, tls, namespace, sequence, timeout, kill, kill_extra, redis_gone, early, ask_reason, stop_unit, rescue, on_finish, state_dir, log, sidekiq_log, read_only, show_args, color, ascii, refresh_seconds");
    insta::assert_snapshot!(refusal("ascii: true\nascii: false"), @"ascii: stands a second time, first in line 1; expected each key once");
    insta::assert_snapshot!(refused("kill_extra: 5\n\"a\\e[2J\": 1\n").to_string(), @r#"
    the configuration test.yml has 1 error
      test.yml:2: a: unknown key; expected one of redis, sentinel, tls, namespace, sequence, timeout, kill, kill_extra, redis_gone, early, ask_reason, stop_unit, rescue, on_finish, state_dir, log, sidekiq_log, read_only, show_args, color, ascii, refresh_seconds
    "#);
    assert!(refusal("backtrace_after: true").contains("unknown key"));
}

#[test]
fn what_is_no_yaml_is_located() {
    insta::assert_snapshot!(refused("timeout: 25\n\tkill: ask\n").to_string(), @r#"
    the configuration test.yml has 1 error
      test.yml:2: column 1: not valid YAML: found a tab character that violates indentation at line 2 column 1, while scanning a plain scalar at line 1 column 10
    "#);
    insta::assert_snapshot!(refused("timeout: [25\nkill: ask\n").to_string(), @r#"
    the configuration test.yml has 1 error
      test.yml:2: column 5: not valid YAML: did not find expected ',' or ']' at line 2 column 5, while parsing a flow sequence at line 1 column 10
    "#);
    insta::assert_snapshot!(refused("- timeout\n").to_string(), @r#"
    the configuration test.yml has 1 error
      test.yml:1: the file does not consist of keys and values; expected lines such as `timeout: 25`
    "#);
    insta::assert_snapshot!(refused("timeout=25\n").to_string(), @r#"
    the configuration test.yml has 1 error
      test.yml:1: the file does not consist of keys and values; expected lines such as `timeout: 25`
    "#);
    insta::assert_snapshot!(refused("timeout: 25\n---\nkill: ask\n").to_string(), @r#"
    the configuration test.yml has 1 error
      test.yml: not valid YAML: deserializing from YAML containing more than one document is not supported
    "#);
}

#[test]
fn an_address_that_is_refused_is_not_repeated() {
    for text in ["redis: hunter2@host", "redis: [hunter2]", "redis: 5"] {
        assert!(!refusal(text).contains("hunter2"), "{text}");
        assert!(refusal(text).contains("redis://127.0.0.1:6379/0"));
    }
}

#[test]
fn a_list_is_read_with_a_warning() {
    let read = config("ascii: true\nsequence: [tstp, 120, term, 30, kill]\n");
    let sequence = read.stop.sequence.unwrap();
    assert_eq!(sequence.value.to_string(), "tstp, 120, term, 30, kill");
    assert_eq!(sequence.line, Some(2));
    assert_eq!(read.warnings.len(), 1);
    assert!(read.warnings[0].starts_with("test.yml:2: sequence: written as a list"));
    assert!(config("sequence: tstp").warnings.is_empty());
}

#[test]
fn lines_hold_behind_nested_values_anchors_and_foreign_letters() {
    let errors =
        refused("\u{fc}mlaut: {a: [1, {b: 2}],\n  c: &x 3}\nnamespace: |\n  a\n  b\nother: *x\n");
    let found: Vec<_> = errors
        .errors
        .iter()
        .map(|error| (error.path.as_str(), error.line))
        .collect();
    assert_eq!(found, [("\u{fc}mlaut", Some(1)), ("other", Some(6))]);
}

#[test]
fn the_example_mentions_every_key_and_equals_the_defaults() {
    let nothing = settled(&Config::default());
    let mut example = settled(&config(EXAMPLE));
    assert!(example.sequence_origin.0.starts_with("test.yml:"));
    example.sequence_origin = nothing.sequence_origin.clone();
    assert_eq!(example, nothing);

    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if KEYS.iter().any(|key| rest.starts_with(&format!("{key}: "))) => rest,
            _ => line,
        })
        .fold(String::new(), |text, line| text + line + "\n");
    // Two of them say where Redis is, and exclude each other.
    let without = |key: &str| {
        let lines = uncommented.lines();
        let lines = lines.filter(|line| !line.starts_with(key));
        lines.fold(String::new(), |text, line| text + line + "\n")
    };
    let full = config(&without("sentinel: "));
    let by_sentinel = config(&without("redis: ")).source;
    assert!(by_sentinel.redis.is_some() && by_sentinel.tls.ca.is_some());
    for key in KEYS {
        assert!(uncommented.contains(&format!("\n{key}: ")), "{key}");
    }
    assert!(full.source.redis.is_some() && full.stop.kill.is_some());
    assert!(full.places.state_dir.is_some() && full.places.log.is_some());
    assert!(full.source.namespace.is_some() && full.stop.timeout.is_some());
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let file = config("sequence: term\ntimeout: 60\nstate_dir: /file\nkill: follow\ncolor: true\n");
    let environment = Environment {
        no_color: true,
        state_directory: Some("/environment".into()),
        namespace: None,
    };
    let flags = Flags {
        sequence: Some(SequenceFlag {
            sequence: "tstp, 5, term".parse().unwrap(),
            origin: "--sequence",
        }),
        timeout: Some(Duration::from_secs(6)),
        redis: RedisFlags {
            url: Some("redis://flag".into()),
            ..RedisFlags::default()
        },
        ..Flags::default()
    };
    let settings = Settings::settle(flags.clone(), environment.clone(), &file);
    assert_eq!(settings.sequence.to_string(), "tstp, 5, term");
    assert_eq!(settings.sequence_origin.0, "--sequence");
    assert_eq!(settings.timeout.unwrap().to_string(), "6 s from --timeout");
    assert_eq!(settings.places.state_dir, Some("/environment".into()));
    assert_eq!(settings.conduct.kill, Some(Policy::Follow));
    assert_eq!(settings.redis.flag.unwrap().origin, "--redis");
    assert!(!settings.appearance.colour);

    let mut flags = flags;
    flags.places.state_dir = Some("/flag".into());
    let settings = Settings::settle(flags, environment, &file);
    assert_eq!(settings.places.state_dir, Some("/flag".into()));
}

#[test]
fn seconds_of_a_flag() {
    assert_eq!(seconds_from_text("7.5"), Ok(Duration::from_millis(7500)));
    assert_eq!(seconds_from_text(" 25 "), Ok(Duration::from_secs(25)));
    let message = |text| seconds_from_text(text).unwrap_err().to_string();
    insta::assert_snapshot!(message("60s"), @"`60s` is not a number: did you mean `60`?; expected seconds as a number without a unit, such as 25 or 7.5");
    insta::assert_snapshot!(message("1e3"), @"`1e3` is not a number; expected seconds as a number without a unit, such as 25 or 7.5");
    insta::assert_snapshot!(message("inf"), @"`inf` is not a number; expected seconds as a number without a unit, such as 25 or 7.5");
    insta::assert_snapshot!(message(""), @"nothing stands here; expected seconds as a number without a unit, such as 25 or 7.5");
    insta::assert_snapshot!(message("-5"), @"`-5` is less than nothing; expected seconds as a number without a unit, such as 25 or 7.5");
    insta::assert_snapshot!(message("99999999999"), @"`99999999999` is more than can be waited; expected seconds as a number without a unit, such as 25 or 7.5");
    insta::assert_snapshot!(message("1.5 h"), @"`1.5 h` is not a number: did you mean `5400`?; expected seconds as a number without a unit, such as 25 or 7.5");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".*|([a-z_]{1,9}: ?[\\[{&*!]?[a-z0-9,\\]}]{0,9}\n){0,5}") {
        let _outcome = read("any.yml", &text);
    }

    #[test]
    fn no_text_of_seconds_panics(text in ".*|[0-9.]{0,12}[a-z]{0,3}") {
        let _outcome = seconds_from_text(&text);
    }
}

#[test]
fn a_program_with_its_arguments_is_a_list_of_words() {
    let settings = settled(&config("on_finish: [/bin/post, to deploys, 5]\n"));
    assert_eq!(settings.conduct.on_finish, ["/bin/post", "to deploys", "5"]);
    assert!(settled(&config("")).conduct.on_finish.is_empty());
}
