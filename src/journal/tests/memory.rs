//! Journal lines in memory, encoded and parsed like lines of a file.

use super::*;
use crate::model::ids::VersionCode;

/// A journal line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Line {
    /// A start with three brokers. A damaged line has one changed byte.
    Start {
        run: &'static str,
        from: u64,
        to: u64,
        is_damaged: bool,
    },
    Accepted {
        run: &'static str,
    },
    Refused {
        run: &'static str,
    },
    Attached {
        run: &'static str,
        of: &'static str,
    },
    End {
        run: &'static str,
        of: &'static str,
        verdict: Verdict,
    },
}

impl Line {
    /// Returns the encoded line for this cluster and service.
    fn bytes(&self, service: &Service, cluster: ClusterNo) -> Vec<u8> {
        let (run, event) = match self {
            Self::Start { run, from, to, .. } => {
                let origin = ChangeOrigin {
                    cdss: VERSION.to_owned(),
                    user: None,
                    host: None,
                    profile: None,
                    access_key: None,
                    service: RecordedService {
                        site: service.site.to_string(),
                        region: service.region.code().to_owned(),
                        sandbox: false,
                    },
                    endpoint: service.endpoint.identity(),
                };
                let start = entry::Start {
                    origin,
                    cluster,
                    cluster_name: None,
                    version_code: VersionCode::new(*to),
                    config_group: ConfigGroupNo::new(312),
                    consent: "--yes".to_owned(),
                    accepted: Vec::new(),
                    closes: Vec::new(),
                    from_version_code: Some(VersionCode::new(*from)),
                    brokers: ["b1", "b2", "b3"].map(str::to_owned).into(),
                    plan: Plan::default(),
                };
                (run, Event::Start(Box::new(start)))
            }
            Self::Accepted { run } => (run, Event::Accepted(entry::Accepted { request_id: None })),
            Self::Refused { run } => {
                (run, Event::Refused(entry::Refused { message: String::new(), request_id: None }))
            }
            Self::Attached { run, of } => (run, Event::Attached(entry::Attached { of: (*of).to_owned() })),
            Self::End { run, of, verdict } => {
                let (of, verdict) = (Some((*of).to_owned()), Some(*verdict));
                (run, Event::End(entry::End { of, verdict, created: None, document: Value::Null }))
            }
        };
        let mut bytes = line::encode(run, NOW, &event).unwrap();
        if matches!(self, Self::Start { is_damaged: true, .. }) {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
        bytes.push(b'\n');
        bytes
    }
}

/// Returns the journal state for a cluster after these lines.
pub(crate) fn state_of(lines: &[Line], service: &Service, cluster: ClusterNo) -> JournalState {
    let mut replay = Replay::default();
    for line in lines {
        replay.add_line(&line.bytes(service, cluster));
    }
    JournalState {
        exists: replay.has_intact_line(),
        open_starts: replay.open_starts(service, cluster),
        start_runs: replay.start_runs(),
        usual_duration: replay.usual_duration(service, cluster),
        damaged: replay.damaged_lines(),
        problem: None,
    }
}
