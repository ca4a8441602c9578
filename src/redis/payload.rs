//! A job as Sidekiq writes it: the entries of work hashes, and the elements of queues and
//! sets. Pure; nothing here may panic on any bytes, and arguments are never kept.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::loose::Loose;
use super::lossless::Lossless;
use crate::core::clean::{clean, clean_bytes};
use crate::core::fleet::{Lineage, Work};

/// Longest class, queue or tag kept.
pub(super) const LONGEST_NAME: usize = crate::core::fleet::LONGEST_SHOWN;
/// Longest job or thread id kept.
const LONGEST_ID: usize = 64;
/// The text where a class cannot be read.
const NO_CLASS: &str = "?";

/// The value of a work hash (5.2.10 `processor.rb:247`, 8.1.7 `processor.rb:286`).
#[derive(Deserialize)]
struct WorkValue<'a> {
    #[serde(borrow, default)]
    queue: Loose<'a>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    run_at: Loose<'a>,
}

/// The job itself, without its arguments (these are looked into for mailers alone).
#[derive(Default, Deserialize)]
struct PayloadJob<'a> {
    #[serde(borrow, default)]
    jid: Loose<'a>,
    #[serde(borrow, default)]
    class: Loose<'a>,
    #[serde(borrow, default)]
    wrapped: Loose<'a>,
    #[serde(borrow, default)]
    display_class: Loose<'a>,
    #[serde(borrow, default)]
    queue: Loose<'a>,
    #[serde(borrow, default)]
    enqueued_at: Loose<'a>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
}

/// The first argument of a wrapped `ActiveJob`.
#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow, default)]
    job_class: Loose<'a>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

/// Reads one entry of a work hash; what is wrong with it is said in its `fault`.
pub(super) fn work(tid: &[u8], value: &[u8]) -> Work {
    let mut work = Work {
        tid: clean_bytes(tid, LONGEST_ID),
        jid: None,
        class: NO_CLASS.into(),
        queue: String::new(),
        run_at: None,
        enqueued_at: None,
        payload: Arc::from([]),
        lineage: None,
        fault: None,
    };
    let text = Lossless::of(value);
    let entry: WorkValue<'_> = match object(text.as_str()) {
        Ok(entry) => entry,
        Err(why) => {
            work.fault = Some(format!("its work entry is {why}"));
            return work;
        }
    };
    let queue = entry.queue.text().map(|queue| text.bytes(queue));
    work.queue = clean_bytes(&queue.unwrap_or_default(), LONGEST_NAME);
    work.run_at = entry.run_at.epoch();
    match entry.payload.map(inner) {
        Some(Ok(payload)) => {
            work.payload = text.bytes(&payload).into();
            let kept = Arc::clone(&work.payload);
            fill(&mut work, &String::from_utf8_lossy(&kept));
        }
        Some(Err(why)) => work.fault = Some(format!("its payload is {why}")),
        None => work.fault = Some("its work entry holds no payload".into()),
    }
    if work.fault.is_none() && work.run_at.is_none() {
        work.fault = Some("its work entry does not say when it started".into());
    }
    work
}

/// The id of the job in an element of a queue or a set, as [`work`] would give it.
pub(super) fn jid(element: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow, default)]
        jid: Loose<'a>,
    }
    let text = String::from_utf8_lossy(element);
    let named: Named<'_> = object(&text).ok()?;
    id(&named.jid)
}

/// The payload of an entry: a JSON text from 6.0.2, before that an object, which is taken as it
/// stands in the entry.
fn inner(raw: &RawValue) -> Result<Cow<'_, str>, String> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(text)
            .map(Cow::Owned)
            .map_err(|error| malformed(&error)),
        Some(b'{') => Ok(Cow::Borrowed(text)),
        _ => Err("neither a text nor an object".into()),
    }
}

/// Takes the job's own fields over.
fn fill(work: &mut Work, payload: &str) {
    let job: PayloadJob<'_> = match object(payload) {
        Ok(job) => job,
        Err(why) => {
            work.fault = Some(format!("its payload is {why}"));
            return;
        }
    };
    work.jid = id(&job.jid);
    work.lineage = Lineage::to_seek(payload.as_bytes());
    work.enqueued_at = job.enqueued_at.epoch();
    if work.queue.is_empty() {
        work.queue = name(&job.queue).unwrap_or_default();
    }
    match display_class(&job) {
        Some(class) => work.class = class,
        None => work.fault = Some("its payload names no class".into()),
    }
}

/// The class people know a job by (8.1.7 `lib/sidekiq/api.rb:434-449`).
fn display_class(job: &PayloadJob<'_>) -> Option<String> {
    if let Some(shown) = name(&job.display_class) {
        return Some(shown);
    }
    let class = name(&job.class)?;
    if !matches!(
        class.as_str(),
        "ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper" | "Sidekiq::ActiveJob::Wrapper"
    ) {
        return Some(class);
    }
    let wrapped = name(&job.wrapped);
    let mailer = wrapped.as_deref().is_some_and(|class| {
        matches!(
            class,
            "ActionMailer::DeliveryJob" | "ActionMailer::MailDeliveryJob"
        )
    });
    if wrapped.is_some() && !mailer {
        return wrapped;
    }
    let Some(first) = job.args.and_then(first_argument) else {
        return wrapped.or(Some(class));
    };
    if mailer {
        return mailer_action(first).or(wrapped);
    }
    let inner = match serde_json::from_str::<Wrapped<'_>>(first) {
        Ok(active) => name(&active.job_class),
        Err(_) => serde_json::from_str::<Loose<'_>>(first)
            .ok()
            .and_then(|text| name(&text)),
    };
    inner.or(Some(class))
}

fn first_argument(args: &RawValue) -> Option<&str> {
    let list: Vec<&RawValue> = serde_json::from_str(args.get()).ok()?;
    list.first().map(|first| first.get())
}

/// `UserMailer#welcome`: the first two arguments of a mail delivery.
fn mailer_action(first: &str) -> Option<String> {
    let active: Wrapped<'_> = serde_json::from_str(first).ok()?;
    let arguments: Vec<Loose<'_>> = serde_json::from_str(active.arguments?.get()).ok()?;
    let [mailer, action, ..] = arguments.as_slice() else {
        return None;
    };
    Some(clean(
        &format!("{}#{}", mailer.text()?, action.text()?),
        LONGEST_NAME,
    ))
}

/// A filled text, clean.
pub(super) fn name(value: &Loose<'_>) -> Option<String> {
    let text = clean(value.text()?, LONGEST_NAME);
    (!text.is_empty()).then_some(text)
}

fn id(value: &Loose<'_>) -> Option<String> {
    let text = clean(value.text()?, LONGEST_ID);
    (!text.is_empty()).then_some(text)
}

/// Reads an object and nothing else: a list would be taken field by field.
pub(super) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    if !text.trim_start().starts_with('{') {
        return Err("no JSON object".into());
    }
    serde_json::from_str(text).map_err(|error| malformed(&error))
}

/// The fault of a JSON text, without quoting it.
fn malformed(error: &serde_json::Error) -> String {
    format!(
        "malformed JSON (line {}, column {})",
        error.line(),
        error.column()
    )
}
