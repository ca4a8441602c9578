//! Tests of the pure parts; what needs a server is in `tests/it/redis_source.rs`.

mod address;
mod choice;
mod decode;
mod link;
mod payload;

/// No module but `commands` names a command, so that what leaves for Redis stands in one place;
/// the two scripts that write stand by themselves, and nothing that looks or asks knows them.
#[test]
fn commands_are_named_in_one_place() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/redis");
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() || path.ends_with("commands.rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let writing = ["rescue.rs", "cancel.rs", "signals.rs"];
        if writing.into_iter().any(|name| path.ends_with(name)) {
            assert_eq!(source.matches("cmd(").count(), 1);
            continue;
        }
        let names = ["rescue::", "cancel::", "signals::", "EVAL"];
        let knows = names.into_iter().any(|name| source.contains(name));
        assert!(!knows || path.ends_with("mod.rs"), "{}", path.display());
        for forbidden in ["cmd(", "Cmd::new", ".cmd(\"", "redis::pipe()", "Commands"] {
            assert!(
                !source.contains(forbidden),
                "{} builds a command with {forbidden}",
                path.display()
            );
        }
    }
}
