//! The document of `sandbox --list`.

use serde::Serialize;

/// `sandbox --list`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ScenariosFields {
    scenarios: Vec<Scenario>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Scenario {
    name: String,
    /// The exit code of an upgrade in this scenario.
    exit: u8,
    /// A description.
    about: String,
}

impl ScenariosFields {
    pub(super) fn from_scenarios(scenarios: &[(String, u8, String)]) -> Self {
        let scenario = |(name, exit, about): &(String, u8, String)| Scenario {
            name: name.clone(),
            exit: *exit,
            about: about.clone(),
        };
        Self { scenarios: scenarios.iter().map(scenario).collect() }
    }
}
