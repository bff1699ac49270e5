//! The runs of a world. They call the same functions as the binary, including the one that records the end.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use super::clock::{Fate, Frame, Killed, WorldClock};
use super::journals::JournalMishap;
use super::properties::after_run;
use super::service::{NAME, NUMBER, WorldService};
use super::world::World;
use crate::cli::finish::write_end;
use crate::clock::Clock as _;
use crate::clock::tests::block_on;
use crate::consent::{ConsentError, Prompt};
use crate::error::CommandError;
use crate::journal::{Journal, Operator};
use crate::model::broker_address::BrokerSource;
use crate::model::command_context::CommandContext;
use crate::model::data_plane::DataPlane;
use crate::model::endpoint::Endpoint;
use crate::model::language::Language;
use crate::model::region::Site;
use crate::model::service::Service;
use crate::report::Finished;
use crate::report::upgrade::{StatusReport, UpgradeReport};
use crate::session::Session;
use crate::session::brokers::Brokers;
use crate::session::resolve::UpgradeRequest;
use crate::signals::Signal;
use crate::upgrade::check::{check, check_all};
use crate::upgrade::follow::WaitOptions;
use crate::upgrade::rules::acceptance::Acceptances;
use crate::upgrade::run::{ConfirmOptions, upgrade};
use crate::upgrade::status::{StatusRequest, status};
use crate::upgrade::tests::fake::Recorder;

/// The command of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Upgrade {
        waits: bool,
        /// None for `--yes`; otherwise the delay until the name is typed.
        typed_after: Option<Duration>,
        require_journal: bool,
    },
    Check {
        all: bool,
    },
    Status {
        version: bool,
        watch: bool,
    },
}

/// Which open starts a person accepts as over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AcceptedStarts {
    Nothing,
    /// Every open start that the journal shows.
    All,
    /// The latest one only.
    Latest,
    /// A start that is not open: the operator confuses two runs.
    Other,
    /// Damaged lines.
    Damage,
}

/// One run, and what comes before it.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub after: Duration,
    pub mishap: JournalMishap,
    pub command: Command,
    pub region: usize,
    pub journal: usize,
    pub accepting: AcceptedStarts,
    pub timeout: Duration,
    pub by_number: bool,
    pub fate: Fate,
    pub nested: Option<(u32, Box<Self>)>,
    /// From this step on the journal cannot be written.
    pub blocked_at: Option<u32>,
}

/// The result of a run that was not killed.
pub(super) struct Ended {
    pub report: UpgradeReport,
    pub failure: Option<CommandError>,
}

/// A prompt that answers with the cluster name after a delay.
struct DelayedPrompt<'a> {
    world: &'a Rc<World>,
    after: Duration,
}

impl Prompt for DelayedPrompt<'_> {
    fn non_terminal_stream(&self) -> Option<&'static str> {
        None
    }

    fn language(&self) -> Language {
        Language::English
    }

    async fn read_line(&mut self, _: &str) -> Result<String, ConsentError> {
        self.world.step();
        if self.world.is_signalled() {
            return Err(ConsentError::Interrupted(Signal::Terminate));
        }
        self.world.pass(self.after);
        Ok(NAME.to_owned())
    }

    fn show_cautions(&mut self, _: &DataPlane) {}

    fn reject_answer(&mut self, _: &str) {}
}

pub(super) fn service(region: usize) -> Service {
    Service {
        site: Site::Public,
        region: ["KR", "JPN"][region].parse().unwrap(),
        endpoint: Endpoint::for_site(Site::Public),
        sandbox: false,
    }
}

/// Runs one command and compares its result with the truth. Returns the word for its end.
pub(super) fn run(world: &Rc<World>, plan: &Plan) -> String {
    world.pass(plan.after);
    world.apply_mishap(plan.mishap, plan.journal);
    let id = world.next_run();
    let clock = Rc::new(WorldClock(Rc::clone(world)));
    let folder = world.journals.borrow()[plan.journal].folder.clone();
    let journal = Journal::new(Some(folder), Operator::default(), id.clone(), clock);
    let accepted = accepting(world, plan, &journal);
    world.log(|| format!("{id} begins: {plan:?}, accepts {accepted:?}"));
    world.acceptances.borrow_mut().extend(accepted.iter().map(|run| (id.clone(), run.clone())));
    world.frames.borrow_mut().push(Frame {
        id: id.clone(),
        journal: plan.journal,
        fate: plan.fate,
        steps: 0,
        nested: plan.nested.clone(),
        blocked_at: plan.blocked_at,
        journal_length: world.journals.borrow()[plan.journal].length(),
        idle_entry: None,
        idle_status: None,
        accepted: accepted.clone(),
        polls: 0,
    });
    let outcome = catch_unwind(AssertUnwindSafe(|| block_on(command(world, plan, &journal, &accepted))));
    let end = match outcome {
        Ok(ended) => {
            world.log(|| {
                format!(
                    "{id} ends: {:?}, {:?}, {:?}",
                    ended.report.verdict, ended.failure, ended.report.start.submitted
                )
            });
            after_run(world, plan, &id, &ended)
        }
        Err(payload) if payload.is::<Killed>() => {
            world.response_was_lost();
            world.log(|| format!("{id} is killed"));
            "killed".to_owned()
        }
        Err(_) => {
            world.report_violation("a panic".to_owned());
            "panic".to_owned()
        }
    };
    let frame = world.frames.borrow_mut().pop();
    world.last_polls.set(frame.map_or(0, |frame| frame.polls));
    world.count(end.clone());
    end
}

/// Returns what the operator accepts, as the error of the previous run reports it.
fn accepting(world: &World, plan: &Plan, journal: &Journal) -> Vec<String> {
    let state = journal.state(&service(plan.region), NUMBER);
    let open: Vec<String> = state.open_starts.into_iter().map(|start| start.run).collect();
    match plan.accepting {
        AcceptedStarts::Nothing => Vec::new(),
        AcceptedStarts::All => open,
        AcceptedStarts::Latest => open.last().cloned().into_iter().collect(),
        AcceptedStarts::Other => {
            state.start_runs.into_iter().find(|run| !open.contains(run)).into_iter().collect()
        }
        AcceptedStarts::Damage => {
            let journal = &mut world.journals.borrow_mut()[plan.journal];
            if journal.is_damaged {
                journal.forgiven = journal.sent_starts.clone();
            }
            vec!["journal.damaged".to_owned()]
        }
    }
}

async fn command(world: &Rc<World>, plan: &Plan, journal: &Journal, accepted: &[String]) -> Ended {
    let api = WorldService { world: Rc::clone(world), region: plan.region };
    let clock = WorldClock(Rc::clone(world));
    let sent_change = RefCell::default();
    let context = CommandContext::new(service(plan.region), None);
    let mut recorder = Recorder::default();
    let mut session = Session {
        api: &api,
        clock: &clock,
        journal,
        context: &context,
        reporter: &mut recorder,
        poll_interval: Duration::from_secs(15),
        brokers: &Brokers::new(BrokerSource::None, None),
        sent_change: &sent_change,
    };
    let name = if plan.by_number { NUMBER.to_string() } else { NAME.to_owned() };
    let accepted = accepted.iter().map(|item| match item.as_str() {
        "journal.damaged" => "journal.damaged".parse().unwrap(),
        run => format!("start.unresolved={run}").parse().unwrap(),
    });
    let mut request = UpgradeRequest {
        cluster: name.parse().unwrap(),
        version: "3.9.0".parse().unwrap(),
        config_group: None,
        acceptances: Acceptances(accepted.collect()),
        require_journal: false,
        approved_plan: None,
        require_brokers: false,
    };
    let Finished { report, error: failure } = match plan.command {
        Command::Upgrade { waits, typed_after, require_journal } => {
            request.require_journal = require_journal;
            let mut prompt = DelayedPrompt { world, after: typed_after.unwrap_or_default() };
            let mut confirm_options = ConfirmOptions { yes: typed_after.is_none(), prompt: &mut prompt };
            let wait_options = WaitOptions { wait: waits, timeout: plan.timeout };
            upgrade(&mut session, &request, wait_options, &mut confirm_options).await
        }
        Command::Check { all } => {
            let Finished { error, .. } = if all {
                check_all(&mut session, &request.cluster).await
            } else {
                check(&mut session, &request).await
            };
            Finished { report: UpgradeReport::default(), error }
        }
        Command::Status { version, watch } => {
            let version = version.then(|| request.version.clone());
            let status_request = StatusRequest {
                cluster: request.cluster,
                version,
                previous_version: None,
                watch,
                timeout: plan.timeout,
            };
            let Finished { report: StatusReport { upgrade: report, .. }, error } =
                status(&mut session, &status_request).await;
            Finished { report, error }
        }
    };
    if let Some(end) = report.end() {
        let _a_journal_that_fails_is_only_warned_of =
            write_end(journal, clock.now(), &end, &Value::Null).await;
    }
    Ended { report, failure }
}
