//! Words of closed sets, in the spelling of their enums.

use serde::{Serialize, Serializer};

use crate::config_group::rules::copy::SkipReason;
use crate::config_group::rules::difference::ChangeClass;
use crate::model::history::Outcome;
use crate::model::region::Site;
use crate::model::verdict::{Submitted, Verdict};
use crate::upgrade::rules::broker_history::RestartEvidence;
use crate::upgrade::rules::checks::CheckResult;

/// A variant of an enum, written as its word. The schema lists the words of all variants.
pub(super) struct Word<T>(pub T);

/// An enum with a word for each variant.
pub(super) trait Spelled: Clone {
    /// Returns all variants.
    #[cfg(test)]
    fn variants() -> Vec<Self>;

    fn spelling(&self) -> &'static str;
}

impl<T: Spelled> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.spelling())
    }
}

macro_rules! spelled {
    ($($type:ident::$word:ident: $($variant:expr),+;)+) => {$(
        impl Spelled for $type {
            #[cfg(test)]
            fn variants() -> Vec<Self> {
                vec![$($variant),+]
            }

            fn spelling(&self) -> &'static str {
                self.clone().$word()
            }
        }
    )+};
}

spelled! {
    ChangeClass::word: Self::Unknown, Self::RemovedKey, Self::OutOfRange, Self::ReadOnly, Self::LostOverride,
        Self::Changed, Self::Gained, Self::ChangedDefault, Self::Kept;
    CheckResult::word: Self::Pass, Self::Info, Self::Warn, Self::Block, Self::Skipped;
    Outcome::as_str: Self::Verdict(Verdict::Done), Self::Verdict(Verdict::Already),
        Self::Verdict(Verdict::NotStarted), Self::Verdict(Verdict::Failed), Self::Verdict(Verdict::Running),
        Self::Verdict(Verdict::Unknown), Self::Ended, Self::Unfinished;
    RestartEvidence::word: Self::Yes, Self::No, Self::NotObserved;
    Site::name: Self::Public, Self::Gov, Self::Fin;
    SkipReason::word: Self::ReadOnly, Self::Unknown, Self::Removed(""), Self::OutOfRange(String::new());
    Submitted::as_str: Self::Yes, Self::No, Self::Unknown;
    Verdict::as_str: Self::Done, Self::Already, Self::NotStarted, Self::Failed, Self::Running, Self::Unknown;
}
