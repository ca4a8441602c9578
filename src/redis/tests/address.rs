//! Addresses: what is read, what is shown, and that no password is.

use proptest::prelude::*;

use crate::redis::address::{Address, AddressError};

fn shown(url: &str) -> String {
    Address::parse(url).unwrap().to_string()
}

/// User, password and database as the client gets them.
fn credentials(url: &str) -> (Option<String>, Option<String>, i64) {
    let info = Address::parse(url).unwrap().connection_info().unwrap();
    let settings = info.redis_settings();
    let owned = |text: Option<&str>| text.map(str::to_owned);
    (
        owned(settings.username()),
        owned(settings.password()),
        settings.db(),
    )
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
fn credentials_are_decoded() {
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        credentials("redis://user:p%40ss%2F@h/2"),
        (some("user"), some("p@ss/"), 2)
    );
    assert_eq!(
        credentials("redis://:se:cret@h"),
        (None, some("se:cret"), 0)
    );
    assert_eq!(credentials("redis://h"), (None, None, 0));
    assert_eq!(
        credentials("unix:///s?db=1&user=u&pass=p%25"),
        (some("u"), some("p%"), 1)
    );
}

#[test]
fn errors_say_what_to_write() {
    for (url, error) in [
        ("", AddressError::Empty),
        ("   ", AddressError::Empty),
        ("10.0.0.5:6379", AddressError::Scheme),
        ("http://h", AddressError::Scheme),
        ("redis+sentinel://h", AddressError::Scheme),
        ("redis://", AddressError::Host),
        ("redis://:6379/0", AddressError::Host),
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
        ("rediss://h/#insecure", AddressError::Insecure),
    ] {
        assert_eq!(Address::parse(url), Err(error), "{url}");
    }
}

#[test]
fn tls_needs_its_feature() {
    let info = Address::parse("rediss://h").unwrap().connection_info();
    if cfg!(feature = "tls") {
        assert!(info.is_ok());
    } else {
        assert_eq!(info.err(), Some(AddressError::NoTls));
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
