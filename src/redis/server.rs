//! Which server answers and what time it has: `INFO server replication` tells both in one
//! command (Redis 7.0), older servers and poorer users are asked with two.

use redis::{Cmd, Value};

use super::commands::Read;
use super::decode::{bulk, server_time};
use super::link::{Wire, fault};
use crate::core::clean::clean;
use crate::core::fleet::{LinkFault, Replication, ServerIdentity};

/// Longest id kept; Redis writes 40 digits.
const LONGEST_ID: usize = 64;

/// How this server is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Asking {
    /// `INFO server replication`, which has the time too (`server_time_usec`, Redis 6.2).
    #[default]
    Whole,
    /// `INFO server` and `TIME`: a server before 7.0 takes one section at a time.
    Section,
    /// `TIME`: `INFO` is refused, or says nothing of this.
    TimeAlone,
}

/// The server's words about itself.
#[derive(Debug)]
pub(super) struct Said {
    /// Seconds since 1970 on its own clock.
    pub(super) time: f64,
    pub(super) identity: Option<ServerIdentity>,
}

impl Asking {
    /// The commands of this question.
    pub(super) fn commands(self) -> Vec<Cmd> {
        let info = |sections: &[&str]| {
            let mut command = Read::Info.plain();
            command.arg(sections);
            command
        };
        match self {
            Self::Whole => vec![info(&["server", "replication"])],
            Self::Section => vec![info(&["server"]), Read::Time.plain()],
            Self::TimeAlone => vec![Read::Time.plain()],
        }
    }

    /// The answers to [`Self::commands`]. Where they do not hold the time, the question to ask
    /// instead, from now on.
    ///
    /// # Errors
    /// If not even `TIME` is answered.
    pub(super) fn read(self, answers: Vec<Value>) -> Result<Result<Said, Self>, LinkFault> {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or(Value::Nil);
        if self == Self::TimeAlone {
            let time = told_time(next())?;
            let identity = None;
            return Ok(Ok(Said { time, identity }));
        }
        let answer = next();
        let refusal = if let Value::ServerError(error) = &answer {
            Some(fault(&error.clone().into(), Wire::Established))
        } else {
            None
        };
        if let Some(why @ LinkFault::Loading) = refusal {
            return Err(why);
        }
        let text = text(answer).unwrap_or_default();
        let identity = identity(&text);
        if self == Self::Section {
            let time = told_time(next())?;
            return Ok(Ok(Said { time, identity }));
        }
        let time = field(&text, "server_time_usec").and_then(|time| time.parse::<f64>().ok());
        Ok(match time.filter(|time| time.is_finite()) {
            Some(microseconds) => Ok(Said {
                time: microseconds / 1e6,
                identity,
            }),
            // A section too many is a syntax error before 7.0.
            None if identity.is_some() || matches!(refusal, Some(LinkFault::Refused(_))) => {
                Err(Self::Section)
            }
            None => Err(Self::TimeAlone),
        })
    }
}

fn told_time(answer: Value) -> Result<f64, LinkFault> {
    if let Value::ServerError(error) = answer {
        return Err(fault(&error.into(), Wire::Established));
    }
    let strange = || LinkFault::NotRedis("TIME is answered strangely".into());
    server_time(answer).ok_or_else(strange)
}

/// `INFO` as text, in the form of either protocol.
fn text(answer: Value) -> Option<String> {
    if let Value::VerbatimString { text, .. } | Value::SimpleString(text) = answer {
        return Some(text);
    }
    bulk(answer).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The text behind `name:` in the text of `INFO`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines();
    lines.find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'))
}

/// The server that `text` of `INFO` names.
pub(super) fn identity(text: &str) -> Option<ServerIdentity> {
    let id = |name: &str| {
        let id = clean(field(text, name)?, LONGEST_ID);
        // Redis writes zeros where there is none.
        (!id.is_empty() && !id.bytes().all(|digit| digit == b'0')).then_some(id)
    };
    let replication = id("master_replid").map(|current| Replication {
        id: current,
        before: id("master_replid2"),
        replica: field(text, "role") == Some("slave"),
    });
    let run_id = id("run_id")?;
    Some(ServerIdentity {
        run_id,
        replication,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn refused(words: &str) -> Value {
        let line = format!("-{words}\r\n");
        let parsed = redis::parse_redis_value(line.as_bytes());
        match parsed {
            Ok(value @ Value::ServerError(_)) => value,
            other => panic!("{words}: {other:?}"),
        }
    }

    fn time() -> Value {
        Value::Array(vec![
            Value::BulkString(b"17".to_vec()),
            Value::BulkString(b"500000".to_vec()),
        ])
    }

    #[test]
    fn one_answer_of_redis_7_tells_everything() {
        let text = "# Server\r\nrun_id:abc\r\nserver_time_usec:17500000\r\n\r\n# Replication\r\nrole:slave\r\nmaster_replid:d1\r\nmaster_replid2:0000000000000000000000000000000000000000\r\n";
        let said = Asking::Whole.read(vec![info(text)]).unwrap().unwrap();
        assert!((said.time - 17.5).abs() < 1e-9);
        let replication = Replication {
            id: "d1".into(),
            before: None,
            replica: true,
        };
        let expected = ServerIdentity {
            run_id: "abc".into(),
            replication: Some(replication),
        };
        assert_eq!(said.identity, Some(expected));
    }

    #[test]
    fn an_older_server_and_a_poorer_user_are_asked_otherwise_from_then_on() {
        let next = |asking: Asking, answer| asking.read(vec![answer]).unwrap().unwrap_err();
        assert_eq!(
            next(Asking::Whole, refused("ERR syntax error")),
            Asking::Section
        );
        let denied = "NOPERM this user has no permissions to run the 'info' command";
        assert_eq!(next(Asking::Whole, refused(denied)), Asking::TimeAlone);
        assert_eq!(next(Asking::Whole, info("run_id:abc\r\n")), Asking::Section);
        assert_eq!(next(Asking::Whole, info("")), Asking::TimeAlone);
        let said = Asking::Section.read(vec![info("run_id:abc\r\n"), time()]);
        let said = said.unwrap().unwrap();
        assert!((said.time - 17.5).abs() < 1e-9);
        assert_eq!(said.identity.unwrap().run_id, "abc");
        let said = Asking::TimeAlone.read(vec![time()]).unwrap().unwrap();
        assert!(said.identity.is_none());
    }

    #[test]
    fn without_the_time_there_is_no_look() {
        let loading = refused("LOADING Redis is loading the dataset in memory");
        let why = Asking::Whole.read(vec![loading]).unwrap_err();
        assert_eq!(why, LinkFault::Loading);
        let denied = refused("NOPERM this user has no permissions to run the 'time' command");
        let why = Asking::TimeAlone.read(vec![denied]).unwrap_err();
        assert!(matches!(why, LinkFault::Denied(_)), "{why:?}");
        let why = Asking::TimeAlone.read(vec![Value::Nil]).unwrap_err();
        assert!(matches!(why, LinkFault::NotRedis(_)), "{why:?}");
    }
}
