//! `status`: what the cluster is doing now, and on to the end with `--watch`.

use std::time::Duration;

use super::Flow;
use super::upgrade::conclude;
use super::watch::{End, Watch};
use crate::api::ApiError;
use crate::domain::cluster::agreed_identity;
use crate::domain::open_start::{self, OpenStart, StartAnswer};
use crate::domain::progress::{Expectation, ExpectedBrokers, Progress, Settled, Watched};
use crate::domain::selector::Selector;
use crate::domain::verdict::Verdict;
use crate::domain::version::{KafkaVersion, VersionSelector};
use crate::failure::{Failure, Sent};

/// How `status` is asked.
#[derive(Debug, Clone)]
pub(crate) struct Following {
    pub cluster: Selector,
    pub version: Option<VersionSelector>,
    pub watch: bool,
    pub timeout: Duration,
}

/// Looks once, or follows to the end.
///
/// # Errors
///
/// With a version, the ends of `upgrade`; without, an error state or a deadline. Nothing is ever started.
pub(crate) fn status(flow: &mut Flow<'_>, following: &Following) -> Result<(), Failure> {
    let found = flow.find(&following.cluster)?;
    let status = found.health.as_ref().map(|health| &health.identity);
    let no = found.cluster.no;
    if let Err(conflict) = agreed_identity(no, found.listed.as_ref(), &found.cluster.identity, status) {
        return Err(Failure::Read(ApiError::Unreadable {
            operation: "getClusterInfo",
            status: 200,
            what: format!("answers about different clusters: {conflict}"),
            request_id: None,
        }));
    }
    let target = match &following.version {
        Some(selector) => Some(selector.find(&found.offers)?.version),
        None => None,
    };
    flow.report.to.clone_from(&target);
    let now = flow.clock.now();
    flow.saw_cluster(now, &found.cluster);
    if let Some(health) = &found.health {
        flow.saw_health(now, "getClusterStatus", health);
        flow.report.brokers.take(health, Duration::ZERO);
    }
    if !following.watch {
        flow.report.ended_at = Some(flow.clock.now());
        return Ok(());
    }
    let name = found.cluster.name.clone();
    let open = flow.journal.state(&flow.surroundings.service, no).open_starts;
    let open = target.as_ref().and_then(|target| open_start::for_version(&open, target.code)).cloned();
    let expected = Expectation {
        target: target.as_ref().map(|target| target.code),
        // Without a start of this journal, what the cluster had first is all that is known.
        before: open.as_ref().map_or(found.cluster.version, |start| start.from),
        brokers: ExpectedBrokers::new(
            open.iter().flat_map(|start| start.brokers.iter().cloned()),
            found.cluster.brokers,
        ),
    };
    let mut progress = Progress::new(flow.patience(), Watched::Ours, expected);
    progress.note_brokers(open.iter().flat_map(|start| start.restarted.iter().cloned()), []);
    let (timeout, origin) = (Some(following.timeout), flow.clock.elapsed());
    let end = Watch { no, name: &name, progress, timeout, origin, journalled: false }.run(flow);
    flow.report.ended_at = Some(flow.clock.now());
    if target.is_none()
        && let Some(last) = &flow.report.last_seen
    {
        // Without a target there is no "from" and "to": what is told is what the cluster has now.
        flow.report.group_no = last.config_group;
        if last.version != found.cluster.version {
            let offered = found.offers.iter().find(|offer| Some(offer.code) == last.version).cloned();
            flow.report.from = offered.or(last.version.map(KafkaVersion::nameless));
        }
    }
    let follow = flow.surroundings.follow(no, target.as_ref());
    match (target, end) {
        (Some(_), End::Settled(Settled::NeverChanged)) if open.is_none() => Err(Failure::Busy {
            what: format!("{name} is idle, and not on the version asked for"),
            hint: None,
        }),
        (Some(_), end) => conclude_watched(flow, end, open.as_ref(), &name, follow),
        (None, End::Settled(Settled::AtTarget)) => Ok(()),
        (None, End::Settled(Settled::NeverChanged)) => {
            flow.tell.note("nothing to follow: the cluster was not seen to change");
            Ok(())
        }
        (None, End::Settled(Settled::InError | Settled::Returned | Settled::Elsewhere(_))) => {
            Err(Failure::Failed { what: format!("the state of {name} is error") })
        }
        (None, End::GaveUp { why, goes_on: true }) => Err(Failure::StillRunning { why, follow }),
        (None, End::GaveUp { why, goes_on: false }) => Err(Failure::Lost { why, follow }),
        (None, End::Interrupted { signal, seen_to_change }) => {
            let sent = if seen_to_change { Sent::Watching } else { Sent::Idle };
            Err(Failure::Signal { signal, sent, follow: Some(follow) })
        }
    }
}

/// Gives the verdict of `upgrade`. One that needs no further look closes the start of this journal that was watched,
/// whichever run sent it.
fn conclude_watched(
    flow: &mut Flow<'_>,
    end: End,
    open: Option<&OpenStart>,
    name: &str,
    follow: String,
) -> Result<(), Failure> {
    let answer = open.map_or(StartAnswer::Accepted, |start| start.answer);
    let outcome = conclude(flow, end, answer, name, follow);
    let is_final = flow.report.verdict.is_some_and(Verdict::closes_a_start);
    flow.report.start_run = open.filter(|_| is_final).map(|start| start.run.clone());
    outcome
}
