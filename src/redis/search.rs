//! A search for a list of jobs. An element counts as found only after it was parsed and its
//! own `jid` compared: an id that stands in the arguments of a job is no find. It holds its bounds
//! and says what it left out.

mod elsewhere;
mod private;

use std::collections::{BTreeSet, HashMap};

use redis::aio::ConnectionLike;
use redis::{Pipeline, Value};

use self::elsewhere::may_change_queue;
use super::commands::{Keys, Read};
use super::decode::list;
use super::link::{Wire, fault};
use super::pages::{Piece, Walk};
use super::payload::{self, LONGEST_NAME};
use super::questions::Bounds;
use super::scan::{STEP, Scan, pattern, step};
use crate::clock;
use crate::core::clean::clean;
use crate::core::fleet::{Heir, Later, Lineage, LinkFault, Place, Sought, may_be_same_job};
use crate::core::moment::Moment;

/// A payload longer than this is not sent to Redis to be compared there.
const LONGEST_COMPARED: usize = 256 << 10;
/// With more jobs than this a set is fetched once; with fewer Redis compares, job by job.
const FEW: usize = 16;
/// Later jobs of the same work that are kept for each job.
const MOST_HEIRS: usize = 8;
/// Pieces read of a queue's left end when all else is done: several hundred jobs.
const NEWEST_PIECES: usize = 3;

pub(super) struct Search<'a> {
    keys: &'a Keys,
    bounds: Bounds,
    sought: &'a [Sought],
    places: Vec<Option<Place>>,
    iterating: Vec<bool>,
    /// Later jobs that do the same work.
    heirs: Vec<Vec<Heir>>,
    /// Where another job under the same id is.
    namesakes: Vec<Option<String>>,
    by_jid: HashMap<&'a str, Vec<usize>>,
    /// The work of each job that has a payload.
    lineages: Vec<Option<Lineage>>,
    /// Whether something was left out that belongs to all.
    partial: bool,
    /// The queues of which something was left out.
    partial_queues: BTreeSet<&'a str>,
    /// Whether something of the queues was left out that no job was fetched from.
    other_queues_unread: bool,
    until: Moment,
}

impl<'a> Search<'a> {
    pub(super) fn new(keys: &'a Keys, bounds: Bounds, sought: &'a [Sought], asked: Moment) -> Self {
        let mut by_jid: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, sought) in sought.iter().enumerate() {
            if !sought.jid.is_empty() {
                by_jid.entry(&sought.jid).or_default().push(index);
            }
        }
        Self {
            keys,
            bounds,
            sought,
            places: vec![None; sought.len()],
            iterating: vec![false; sought.len()],
            heirs: vec![Vec::new(); sought.len()],
            namesakes: vec![None; sought.len()],
            by_jid,
            lineages: sought
                .iter()
                .map(|sought| Lineage::to_seek(&sought.payload))
                .collect(),
            partial: false,
            partial_queues: BTreeSet::new(),
            other_queues_unread: false,
            // A little before the caller stops waiting, so that what was found is kept.
            until: asked.after(bounds.within.mul_f64(0.8)),
        }
    }

    /// Of each job whether its iteration state is kept.
    pub(super) fn iterating(&self) -> Vec<bool> {
        self.iterating.clone()
    }

    /// Of each job the later ones that do the same work.
    pub(super) fn heirs(&self) -> Vec<Vec<Heir>> {
        self.heirs.clone()
    }

    /// Of each job where another one under its id is.
    pub(super) fn namesakes(&self) -> Vec<Option<String>> {
        self.namesakes.clone()
    }

    /// A place for each job; those not found are `missing`, or nowhere.
    pub(super) fn places(self, missing: Option<&Place>) -> Vec<Place> {
        let (partial, queues) = (self.partial, self.partial_queues);
        let unread = self.other_queues_unread;
        let is_read = |sought: &Sought| !unread || !may_change_queue(sought);
        let nowhere = |sought: &Sought| Place::Nowhere {
            searched_whole: !partial
                && is_read(sought)
                && !sought.jid.is_empty()
                && !sought.queue.is_empty()
                && !queues.contains(sought.queue.as_str()),
        };
        self.places
            .into_iter()
            .zip(self.sought)
            .map(|(place, sought)| {
                place.unwrap_or_else(|| missing.cloned().unwrap_or_else(|| nowhere(sought)))
            })
            .collect()
    }

    /// Searches the cheap and likely places first.
    pub(super) async fn run(
        &mut self,
        connection: &mut impl ConnectionLike,
    ) -> Result<(), LinkFault> {
        self.by_payload(connection).await?;
        for queue in self.open_queues() {
            if !self.queue(queue, connection).await? {
                self.partial_queues.insert(queue);
            }
        }
        self.other_queues(connection).await?;
        for (key, place) in [
            ("retry", Place::Retry),
            ("schedule", Place::Schedule),
            ("dead", Place::Dead),
        ] {
            self.set(key, &place, connection).await?;
        }
        self.private(connection).await?;
        self.named(connection).await?;
        self.newest(connection).await
    }

    fn is_over(&self) -> bool {
        self.is_found() || clock::now() >= self.until
    }

    fn is_found(&self) -> bool {
        self.places.iter().all(Option::is_some)
    }

    fn open(&self) -> impl Iterator<Item = &'a Sought> {
        let sought = self.sought.iter().zip(&self.places);
        sought.filter_map(|(sought, place)| place.is_none().then_some(sought))
    }

    fn open_queues(&self) -> BTreeSet<&'a str> {
        self.open()
            .map(|sought| sought.queue.as_str())
            .filter(|queue| !queue.is_empty())
            .collect()
    }

    /// Compares an element with all that are sought, by its id and by the work that it does; gives
    /// its bytes.
    fn meet(&mut self, element: &[u8], place: &Place) -> usize {
        if let Some(jid) = payload::jid(element)
            && let Some(indices) = self.by_jid.get(jid.as_str())
        {
            for index in indices {
                if may_be_same_job(&self.sought[*index].payload, element) {
                    self.places[*index].get_or_insert_with(|| place.clone());
                } else {
                    self.namesakes[*index].get_or_insert_with(|| place.to_string());
                }
            }
        }
        if let Some(later) = Later::read(element) {
            self.meet_work(&later, &place.to_string());
        }
        element.len()
    }

    fn meet_work(&mut self, later: &Later, place: &str) {
        for (index, lineage) in self.lineages.iter().enumerate() {
            let class = self.sought[index].class.as_deref();
            let heir = match (lineage, class) {
                (Some(lineage), _) => later.heir_of(lineage, place),
                (None, Some(class)) => later.heir_of_class(class, place),
                (None, None) => None,
            };
            let Some(heir) = heir.filter(|heir| heir.jid != self.sought[index].jid) else {
                continue;
            };
            let known = &mut self.heirs[index];
            if known.len() < MOST_HEIRS && known.iter().all(|known| known.jid != heir.jid) {
                known.push(heir);
            }
        }
    }

    fn meet_all(&mut self, elements: &[Vec<u8>], place: &Place) -> usize {
        let bytes = elements.iter().map(|element| self.meet(element, place));
        bytes.sum()
    }

    /// A job that was pushed back stands in its queue byte for byte (7.3.9 `fetch.rb:56-69`):
    /// Redis compares by itself, from the right end, as far as the bound (6.0.6 and later; an
    /// older one says so, which costs nothing but the trip). In the same trip each job's iteration
    /// state is asked for.
    async fn by_payload(&mut self, connection: &mut impl ConnectionLike) -> Result<(), LinkFault> {
        let mut pipeline = Pipeline::new();
        let mut asked = Vec::new();
        for sought in self.sought {
            pipeline.add_command(Read::Exists.of(&self.keys.iteration(&sought.jid)));
        }
        for (index, sought) in self.sought.iter().enumerate() {
            let length = sought.payload.len();
            if sought.queue.is_empty() || length == 0 || length > LONGEST_COMPARED {
                continue;
            }
            let mut command = Read::ListPosition.of(&self.keys.queue(&sought.queue));
            command.arg(&*sought.payload).arg("RANK").arg(-1);
            command.arg("MAXLEN").arg(self.bounds.each_end);
            pipeline.add_command(command);
            asked.push(index);
        }
        let mut answers = ask(pipeline, connection).await?.into_iter();
        for (iterating, answer) in self.iterating.iter_mut().zip(answers.by_ref()) {
            *iterating = matches!(answer, Value::Int(1));
        }
        for (index, answer) in asked.into_iter().zip(answers) {
            if matches!(answer, Value::Int(_)) {
                let name = clean(&self.sought[index].queue, LONGEST_NAME);
                self.places[index] = Some(Place::Queue { name });
            }
        }
        Ok(())
    }

    /// Reads a queue from both ends.
    async fn queue(
        &mut self,
        name: &str,
        connection: &mut impl ConnectionLike,
    ) -> Result<bool, LinkFault> {
        let place = Place::Queue {
            name: clean(name, LONGEST_NAME),
        };
        let key = self.keys.queue(name);
        let mut walk = Walk::new(self.bounds.each_end);
        while let Some((from, to)) = walk.next() {
            if self.is_over() {
                break;
            }
            let mut pipeline = Pipeline::with_capacity(2);
            let mut range = Read::ListRange.of(&key);
            range.arg(from).arg(to);
            pipeline.add_command(range);
            pipeline.add_command(Read::ListLength.of(&key));
            let mut answers = ask(pipeline, connection).await?.into_iter();
            let elements = answers.next().map(list);
            let (Some(Ok(elements)), Some(Value::Int(length))) = (elements, answers.next()) else {
                break;
            };
            let bytes = self.meet_all(&elements, &place);
            let length = usize::try_from(length).unwrap_or(0);
            walk.answered(elements.len(), bytes, length);
        }
        Ok(walk.is_whole())
    }

    /// Goes through a sorted set. `ZSCAN` gives every member that is there from the first step
    /// to the last, whatever else moves meanwhile.
    async fn set(
        &mut self,
        key: &str,
        place: &Place,
        connection: &mut impl ConnectionLike,
    ) -> Result<(), LinkFault> {
        let jids = self.open().map(|sought| sought.jid.as_str());
        let open = self.lineages.iter().zip(&self.places);
        let open = open.filter(|(_, place)| place.is_none());
        let traces = open.filter_map(|(lineage, _)| lineage.as_ref().map(Lineage::trace));
        let classes = self.open().filter_map(|sought| sought.class.as_deref());
        let texts = jids.chain(traces).chain(classes);
        let texts: BTreeSet<&str> = texts.filter(|text| !text.is_empty()).collect();
        let patterns: Vec<Option<String>> = if texts.len() > FEW {
            vec![None]
        } else {
            let texts = texts.into_iter();
            texts.map(|text| Some(pattern(text))).collect()
        };
        let mut scans: Vec<Scan> = patterns.into_iter().map(Scan::new).collect();
        let key = self.keys.key(key);
        let mut compared = 0;
        while !scans.is_empty() {
            if self.is_over() || compared >= self.bounds.set_members {
                self.partial = true;
                break;
            }
            let mut pipeline = Pipeline::with_capacity(scans.len());
            for scan in &scans {
                pipeline.add_command(scan.command(&key));
            }
            compared += scans.iter().map(Scan::step).max().unwrap_or(STEP);
            let answers = ask(pipeline, connection).await?;
            let mut open = Vec::with_capacity(scans.len());
            for (mut scan, answer) in scans.into_iter().zip(answers) {
                let Some((cursor, members)) = step(answer) else {
                    self.partial = true;
                    continue;
                };
                let bytes = self.meet_all(&members, place);
                if scan.goes_on(cursor, members.len(), bytes) {
                    open.push(scan);
                }
            }
            scans = open;
        }
        Ok(())
    }

    /// The left ends once more: a retry that fell due after its queue was read, and before the
    /// set was, has been pushed there.
    async fn newest(&mut self, connection: &mut impl ConnectionLike) -> Result<(), LinkFault> {
        for name in self.open_queues() {
            if self.is_over() {
                self.partial = true;
                break;
            }
            let place = Place::Queue {
                name: clean(name, LONGEST_NAME),
            };
            let (mut piece, mut from) = (Piece::first(), 0);
            for _ in 0..NEWEST_PIECES {
                let mut pipeline = Pipeline::with_capacity(1);
                let mut range = Read::ListRange.of(&self.keys.queue(name));
                range.arg(from).arg(from + piece.size() - 1);
                pipeline.add_command(range);
                let answer = ask(pipeline, connection).await?.into_iter().next();
                let elements = answer.and_then(|answer| list(answer).ok());
                let elements = elements.unwrap_or_default();
                let bytes = self.meet_all(&elements, &place);
                if elements.len() < piece.size() {
                    break;
                }
                from += piece.size();
                piece.weighed(elements.len(), bytes);
            }
        }
        Ok(())
    }
}

async fn ask(
    mut pipeline: Pipeline,
    connection: &mut impl ConnectionLike,
) -> Result<Vec<Value>, LinkFault> {
    if pipeline.is_empty() {
        return Ok(Vec::new());
    }
    pipeline.ignore_errors();
    let answers: Vec<Value> = pipeline
        .query_async(connection)
        .await
        .map_err(|error| fault(&error, Wire::Established))?;
    // Other errors are those of one key or one command; this one leaves nothing known.
    for answer in &answers {
        if let Value::ServerError(error) = answer
            && let loading @ LinkFault::Loading = fault(&error.clone().into(), Wire::Established)
        {
            return Err(loading);
        }
    }
    Ok(answers)
}
