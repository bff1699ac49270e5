//! Over which transport most brokers answer.

use super::dial::Dialed;
use super::fault::Fault;
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::Transport;

/// The address and the fault of each broker that was not reached.
pub(super) type Failures = Vec<(BrokerAddress, Fault)>;

/// The race between the two transports.
pub(super) struct Race {
    plain: Contender,
    tls: Contender,
    pub(super) answered: Vec<Dialed>,
    pub(super) failures: Failures,
}

/// The number of addresses of a transport that answered, and that may still answer.
#[derive(Clone, Copy, Default)]
pub(super) struct Contender {
    answered: usize,
    pub(super) outstanding: usize,
}

impl Race {
    pub(super) fn new(addresses: &[BrokerAddress]) -> Self {
        let contender = |transport| {
            let outstanding = addresses.iter().filter(|address| address.transport == transport).count();
            Contender { answered: 0, outstanding }
        };
        Self {
            plain: contender(Transport::Plain),
            tls: contender(Transport::Tls),
            answered: Vec::new(),
            failures: Vec::new(),
        }
    }

    pub(super) fn of(&self, transport: Transport) -> Contender {
        match transport {
            Transport::Plain => self.plain,
            Transport::Tls => self.tls,
        }
    }

    pub(super) fn add(&mut self, dialed: Dialed) {
        let contender = match dialed.address.transport {
            Transport::Plain => &mut self.plain,
            Transport::Tls => &mut self.tls,
        };
        contender.outstanding = contender.outstanding.saturating_sub(1);
        match dialed.result {
            Ok(_) => {
                contender.answered = contender.answered.saturating_add(1);
                self.answered.push(dialed);
            }
            Err(fault) => self.failures.push((dialed.address, fault)),
        }
    }

    /// Returns the transport over which most addresses answered so far, TLS on a tie.
    pub(super) fn leader(&self) -> Option<Transport> {
        match (self.plain.answered, self.tls.answered) {
            (0, 0) => None,
            (plain, tls) if plain > tls => Some(Transport::Plain),
            _ => Some(Transport::Tls),
        }
    }

    /// Returns true if the leader can't lose anymore, and all addresses that matter answered or failed.
    pub(super) fn is_over(&self) -> bool {
        let most = |contender: Contender| contender.answered.saturating_add(contender.outstanding);
        match self.leader() {
            Some(Transport::Tls) => self.tls.outstanding == 0 && self.tls.answered >= most(self.plain),
            // If TLS does not win, why it failed matters.
            Some(Transport::Plain) | None => self.plain.outstanding == 0 && self.tls.outstanding == 0,
        }
    }
}
