//! Addresses: what is read, what is shown, and that no password is.

use proptest::prelude::*;

use crate::redis::address::{Address, AddressError};
use crate::redis::login::Login;

fn shown(url: &str) -> String {
    Address::parse(url).unwrap().to_string()
}

/// The logins to try, `user:password` each, and the database.
fn logins(url: &str) -> (Vec<String>, u32) {
    let address = Address::parse(url).unwrap();
    let written = |login: &Login| {
        let user = login.user.as_deref().unwrap_or_default();
        format!("{user}:{}", login.password)
    };
    let all = address.logins.iter().map(written);
    (all.collect(), address.database)
}

#[test]
fn addresses_are_shown_whole_and_without_secrets() {
    for (url, text) in [
        ("redis://10.0.0.5", "redis://10.0.0.5:6379/0"),
        ("redis://10.0.0.5:6380/2", "redis://10.0.0.5:6380/2"),
        ("redis://h/2?db=5", "redis://h:6379/2"),
        ("redis://h?db=5", "redis://h:6379/5"),
        ("REDIS://h/", "redis://h:6379/0"),
        (" redis://user:p%40ss@h:1/0 ", "redis://h:1/0"),
        ("redis://:p@s/s@h:1/3", "redis://h:1/3"),
        ("redis://[::1]:7000/1", "redis://[::1]:7000/1"),
        ("redis://[fe80::1]", "redis://[fe80::1]:6379/0"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock?db=0"),
        ("unix:/run/redis.sock", "unix:///run/redis.sock?db=0"),
        ("/run/redis.sock", "unix:///run/redis.sock?db=0"),
        ("redis://", "redis://localhost:6379/0"),
        ("redis://:6380/1", "redis://localhost:6380/1"),
        (
            "redis+unix:///run/r%20s.sock?db=3&pass=x",
            "unix:///run/r s.sock?db=3",
        ),
    ] {
        assert_eq!(shown(url), text, "{url}");
        assert_eq!(
            format!("{:?}", Address::parse(url).unwrap()),
            format!("Address({text})")
        );
    }
    assert_eq!(Address::local().short(), "127.0.0.1:6379/0");
    assert_eq!(shown("rediss://h"), "rediss://h:6379/0");
}

#[test]
fn logins_are_read_as_both_clients_read_them() {
    for (url, expected, database) in [
        (
            "redis://user:p%40ss%2F@h/2",
            &["user:p@ss/", ":p@ss/"][..],
            2,
        ),
        ("redis://:se:cret@h", &[":se:cret"], 0),
        ("redis://h", &[], 0),
        // A user alone is a password to redis-client.
        ("redis://secret@h/1", &[":secret"], 1),
        // A blank in a form; a literal one may be meant.
        ("redis://:a+b@h", &[":a b", ":a+b"], 0),
        ("redis://u:a+b@h", &["u:a b", "u:a+b", ":a b", ":a+b"], 0),
        ("unix:///s?db=1&user=u&pass=p%25", &["u:p%"], 1),
        ("unix:/s?password=x", &[":x"], 0),
        ("sentinel://:x@h/m/3?sentinel_password=y", &[":x"], 3),
    ] {
        assert_eq!(
            logins(url),
            (
                expected.iter().map(|text| (*text).to_owned()).collect(),
                database
            ),
            "{url}"
        );
    }
}

#[test]
fn sentinels_are_places_with_the_name_of_what_they_watch() {
    assert_eq!(
        shown("sentinel://:x@a,b:26380,[::1]/my%20master/2"),
        "sentinel://a:26379,b:26380,[::1]:26379/my master/2"
    );
    assert!(Address::parse("sentinels://a/m").unwrap().is_tls());
}

#[test]
fn errors_say_what_to_write() {
    for (url, error) in [
        ("", AddressError::Empty),
        ("   ", AddressError::Empty),
        ("10.0.0.5:6379", AddressError::Scheme),
        ("http://h", AddressError::Scheme),
        ("redis+sentinel://h", AddressError::Primary),
        ("redis://[::1", AddressError::Host),
        ("redis://a b/0", AddressError::Host),
        ("redis://user:pass", AddressError::Port),
        ("redis://h:0", AddressError::Port),
        ("redis://h:70000", AddressError::Port),
        ("redis://h/first", AddressError::Database),
        ("redis://h/-1", AddressError::Database),
        ("redis://:p%4@h", AddressError::Encoding),
        ("redis://:p%ff@h", AddressError::Encoding),
        ("unix://", AddressError::Socket),
        ("unix://relative/path", AddressError::Socket),
        ("unix:relative", AddressError::Socket),
    ] {
        assert_eq!(Address::parse(url), Err(error), "{url}");
    }
}

#[test]
fn the_same_place_is_known_again() {
    let address = |url| Address::parse(url).unwrap();
    assert!(address("redis://localhost").same_place(&address("redis://:pw@127.0.0.1:6379/0")));
    assert!(!address("redis://h/1").same_place(&address("redis://h/2")));
    assert!(!address("redis://h").same_place(&address("rediss://h")));
}

proptest! {
    #[test]
    fn no_text_shows_a_password(
        scheme in "redis|rediss|unix|http|",
        user in "[a-z]{0,3}",
        rest in "[a-z0-9:/?#%\\[\\] ]{0,20}",
        wrong in "[:/?#%@]{0,2}",
    ) {
        let password = "Hunter2Secret";
        let url = format!("{scheme}://{user}:{wrong}{password}{wrong}@{rest}");
        let text = match Address::parse(&url) {
            Ok(address) => format!("{address} {address:?} {}", address.short()),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!text.contains(password), "{}", text);
    }
}
