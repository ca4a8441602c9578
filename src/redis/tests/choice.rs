//! Which address is taken, and what is said of its origin.

use crate::core::fleet::RedisAddress;
use crate::redis::choice::{Candidates, ChoiceError, choose, from_environment};

fn environment(pairs: &[(&str, &str)]) -> Result<Option<(String, String)>, ChoiceError> {
    from_environment(|name| {
        let found = pairs.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn the_first_that_speaks_is_heard() {
    let local = [(4242, RedisAddress::new("redis://sidekiq/3"))];
    let named = ("REDIS_URL".to_owned(), "redis://environment".to_owned());
    let mut candidates = Candidates {
        flag: Some("redis://flag/1"),
        environment: Some(&named),
        configuration: Some(("/etc/drainboard/config.yml:3", "redis://configuration")),
        certificates: None,
        local: &local,
    };
    let chosen = |candidates| choose(candidates).unwrap().to_string();
    assert_eq!(chosen(candidates), "redis://flag:6379/1 (--redis)");
    candidates.flag = None;
    assert_eq!(chosen(candidates), "redis://environment:6379/0 (REDIS_URL)");
    candidates.environment = None;
    assert_eq!(
        chosen(candidates),
        "redis://configuration:6379/0 (/etc/drainboard/config.yml:3)"
    );
    candidates.configuration = None;
    assert_eq!(chosen(candidates), "redis://sidekiq:6379/3 (from pid 4242)");
    candidates.local = &[];
    assert_eq!(chosen(candidates), "redis://127.0.0.1:6379/0 (default)");
}

#[test]
fn several_local_addresses_are_listed() {
    let local = [
        (1, RedisAddress::new("redis://:secret@a/0")),
        (2, RedisAddress::new("redis://b/0")),
        (3, RedisAddress::new("redis://b")),
        (4, RedisAddress::new("redis+sentinel://c")),
    ];
    let choice = choose(Candidates {
        local: &local,
        ..Candidates::default()
    })
    .unwrap();
    assert_eq!(
        choice.to_string(),
        "redis://b:6379/0 (from pid 2; 1 other Sidekiq here names another)"
    );
    let listed: Vec<(String, &[u32])> = choice
        .several
        .iter()
        .map(|named| (named.address.short(), named.pids.as_slice()))
        .collect();
    assert_eq!(
        listed,
        [
            ("b:6379/0".to_owned(), &[2, 3][..]),
            ("a:6379/0".to_owned(), &[1][..])
        ]
    );
    assert!(!format!("{choice:?}").contains("secret"));
    let one = choose(Candidates {
        local: &local[1..3],
        ..Candidates::default()
    });
    assert!(one.unwrap().several.is_empty());
}

#[test]
fn a_wrong_address_names_its_place_and_is_not_passed_over() {
    let wrong = choose(Candidates {
        flag: Some("redis://:secret@h/first"),
        ..Candidates::default()
    })
    .unwrap_err()
    .to_string();
    assert!(
        wrong.starts_with("--redis: ") && !wrong.contains("secret"),
        "{wrong}"
    );
    // An address that only a local Sidekiq names is a note, not an end.
    let local = [(7, RedisAddress::new("redis+sentinel://:secret@c"))];
    let choice = choose(Candidates {
        local: &local,
        ..Candidates::default()
    })
    .unwrap();
    assert_eq!(choice.to_string(), "redis://127.0.0.1:6379/0 (default)");
    let [unusable] = choice.unusable.as_slice() else {
        panic!("{choice:?}")
    };
    assert!(unusable.starts_with("from pid 7: ") && !unusable.contains("secret"));
}

#[test]
fn the_environment_is_read_as_sidekiq_reads_it() {
    let pair = |name: &str, url: &str| Ok(Some((name.to_owned(), url.to_owned())));
    assert_eq!(environment(&[]), Ok(None));
    assert_eq!(environment(&[("REDIS_URL", "u")]), pair("REDIS_URL", "u"));
    assert_eq!(environment(&[("REDIS_URL", " ")]), Ok(None));
    assert_eq!(
        environment(&[
            ("REDIS_PROVIDER", "REDISTOGO_URL"),
            ("REDISTOGO_URL", "t"),
            ("REDIS_URL", "u")
        ]),
        pair("REDISTOGO_URL", "t")
    );
    assert_eq!(
        environment(&[("REDIS_PROVIDER", "REDISTOGO_URL"), ("REDIS_URL", "u")]),
        pair("REDIS_URL", "u")
    );
    let mistaken = environment(&[("REDIS_PROVIDER", "redis://:secret@h"), ("REDIS_URL", "u")]);
    assert_eq!(mistaken, Err(ChoiceError::ProviderIsAddress));
    assert!(!mistaken.unwrap_err().to_string().contains("secret"));
}
