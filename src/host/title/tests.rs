//! Every form of a title that was measured, and every look-alike that is not one.

use proptest::prelude::*;

use super::*;

fn beating(version: &str, tag: &str, busy: u64, concurrency: u64, stopping: bool) -> Title {
    Title::Beating {
        version: version.to_owned(),
        tag: tag.to_owned(),
        busy,
        concurrency,
        stopping,
    }
}

#[test]
fn titles_as_they_were_measured() {
    let cases: [(&[u8], Title); 10] = [
        (
            b"sidekiq 6.4.1  [2 of 4 busy] stopping",
            beating("6.4.1", "", 2, 4, true),
        ),
        (
            b"sidekiq 7.3.9  [3 of 4 busy]\0\0\0\0\0",
            beating("7.3.9", "", 3, 4, false),
        ),
        (
            b"sidekiq 8.1.7 _work [3 of 4 busy]",
            beating("8.1.7", "_work", 3, 4, false),
        ),
        (
            b"sidekiq 7.3.9 my app [x] [0 of 3 busy]",
            beating("7.3.9", "my app [x]", 0, 3, false),
        ),
        (
            b"sidekiq 7.3.9 [1 of 2 busy] [0 of 3 busy] stopping",
            beating("7.3.9", "[1 of 2 busy]", 0, 3, true),
        ),
        (
            b"sidekiq 7.3.9 t\xff\x1b[2Jag [0 of 3 busy]",
            beating("7.3.9", "t\u{fffd}ag", 0, 3, false),
        ),
        (
            b"sidekiq 8.0.0.beta1 app [0 of 3 busy] stopping leader",
            beating("8.0.0.beta1", "app", 0, 3, true),
        ),
        (
            b"sidekiq 7.3.9 stopping [0 of 3 busy]",
            beating("7.3.9", "stopping", 0, 3, false),
        ),
        (
            b"sidekiq 7.3.9 [0 of 3 busy]",
            beating("7.3.9", "", 0, 3, false),
        ),
        (
            b"sidekiq 7.3.9 app [0 of 3 busy] [x busy]",
            beating("7.3.9", "app", 0, 3, false),
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(title(line), expected, "{}", line.escape_ascii());
    }
}

#[test]
fn command_lines_of_a_sidekiq_that_boots() {
    let lines: [&[u8]; 14] = [
        b"/usr/bin/ruby\0/usr/bin/sidekiq\0-r\0./app.rb\0",
        b"ruby\0/app/vendor/bundle/ruby/3.3.0/bin/sidekiq\0-e\0production\0",
        b"/usr/local/bin/ruby3.3\0-W0\0-I\0lib\0bin/sidekiq\0",
        b"/usr/local/bin/bundle\0exec\0sidekiq\0",
        b"bundle\0exec\0sidekiq\0-t\0\x360\0",
        b"ruby\0/usr/local/bin/bundle\0exec\0--keep-file-descriptors\0sidekiq\0",
        b"bundle\0exec\0ruby\0bin/sidekiq\0",
        b"/app/vendor/bundle/bin/sidekiq -e production -C config/sidekiq.yml\0\0\0",
        b"bundle exec sidekiq -C config/sidekiq.yml",
        b"sidekiq\0-t\x0060\0",
        b"ruby\0-S\0sidekiq\0",
        b"ruby\0--yjit\0--\0sidekiq\0",
        // A title that did not fit, or a version that cannot be one.
        b"sidekiq 7.3.9 a-very-long-tag-that-was-cu",
        b"truffleruby\0bin/sidekiq\0",
    ];
    for line in lines {
        assert_eq!(
            title(line),
            Title::Booting(printed(line)),
            "{}",
            line.escape_ascii()
        );
    }
    assert_eq!(
        title(b"ruby\0bin/sidekiq\0-r\0a\0\0\0"),
        Title::Booting("ruby bin/sidekiq -r a".to_owned())
    );
}

#[test]
fn swarms() {
    for line in [
        &b"sidekiqswarm, managing 4 processes\0\0"[..],
        b"bundle\0exec\0sidekiqswarm\0-e\0production\0",
        b"ruby\0/usr/bin/sidekiqswarm\0",
    ] {
        assert_eq!(title(line), Title::Swarm, "{}", line.escape_ascii());
    }
}

#[test]
fn what_only_looks_like_one() {
    let lines: [&[u8]; 18] = [
        b"vim\0sidekiq.rb\0",
        b"vim\0sidekiq\0",
        b"tail\0-f\0log/sidekiq.log\0",
        b"grep\0sidekiq\0",
        b"systemctl\0stop\0sidekiq\0",
        b"drainboard\0drain\0--unit\0sidekiq\0",
        b"ruby\0/usr/bin/sidekiqmon\0",
        b"bundle\0exec\0sidekiqmon\0",
        b"bash\0-lc\0exec bundle exec sidekiq\0",
        b"sh -c sidekiq\0",
        b"ruby\0sidekiq.rb\0",
        b"ruby\0-e\0sidekiq\0",
        b"rubocop\0sidekiq\0",
        b"bundle\0install\0",
        b"bundle\0exec\0puma\0sidekiq\0",
        b"puma 6.4.0 (tcp://0.0.0.0:3000) [sidekiq]",
        b"",
        b"\0\0\0",
    ];
    for line in lines {
        assert_eq!(
            title(line),
            Title::Other(printed(line)),
            "{}",
            line.escape_ascii()
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _unread = title(&line);
    }

    #[test]
    fn no_near_title_makes_it_panic(line in "(sidekiq|bundle|ruby|\\[|\\]| of | busy\\]|-t|--timeout=|exec|[0-9.]|\u{0}| )*") {
        let _unread = title(line.as_bytes());
    }

    #[test]
    fn every_tag_is_read_back(tag in "[ -~]{0,40}", busy in 0u64..50, stopping: bool) {
        let end = if stopping { " stopping" } else { "" };
        let line = format!("sidekiq 7.3.9 {tag} [{busy} of 50 busy]{end}");
        prop_assert_eq!(title(line.as_bytes()), beating("7.3.9", &tag, busy, 50, stopping));
    }
}
