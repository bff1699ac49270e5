//! Command lines to copy and paste, complete with site, region, profile, and endpoint.

use super::service::Service;

/// The service that suggested commands have to reach, and where they run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandContext {
    pub service: Service,
    /// The selected profile; None if none was selected.
    pub profile: Option<String>,
    /// The options of this run that select the service.
    pub given: Vec<ServiceOption>,
    /// The value of `--cacert`: a file that other machines may lack.
    pub cacert: Option<String>,
    pub shell: Shell,
}

/// An option that selects the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServiceOption {
    Site,
    Region,
    Profile,
    Endpoint,
}

/// Where a suggested command will run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shell {
    /// In the shell of this run: environment and profiles are the same, so only the options of this run are repeated.
    This,
    /// In any shell, also on another machine: the command has every option.
    Any,
}

impl CommandContext {
    /// Creates the context of a run without options, for commands that may run in another shell.
    pub(crate) fn new(service: Service, profile: Option<String>) -> Self {
        Self { service, profile, given: Vec::new(), cacert: None, shell: Shell::Any }
    }

    /// Returns the context for commands that run in this shell.
    pub(crate) fn in_this_shell(&self) -> Self {
        Self { shell: Shell::This, ..self.clone() }
    }

    /// Returns the context for commands that may run in another shell.
    pub(crate) fn in_any_shell(&self) -> Self {
        Self { shell: Shell::Any, ..self.clone() }
    }

    /// Returns a command line: `cdss SUBCOMMAND BEFORE <site, region, profile, endpoint>AFTER`. BEFORE may be empty.
    pub(super) fn command_line(&self, subcommand: &str, before: &str, after: &str) -> String {
        let Service { site, region, endpoint, sandbox } = &self.service;
        let is_given = |option| self.given.contains(&option);
        let is_needed = |option| self.shell == Shell::Any || is_given(option);
        let mut line = format!("{}cdss {subcommand}", self.sandbox_prefix());
        if !before.is_empty() {
            line.extend([" ", before]);
        }
        let site = is_needed(ServiceOption::Site).then(|| format!(" --site {site}"));
        let region = is_needed(ServiceOption::Region).then(|| format!(" --region {region}"));
        line.extend([site, region].into_iter().flatten());
        if !sandbox {
            let profile =
                self.profile.as_ref().filter(|_| is_needed(ServiceOption::Profile)).map(|profile| {
                    // A value that begins with a hyphen would be parsed as a flag.
                    let between = if profile.starts_with('-') { '=' } else { ' ' };
                    format!(" --profile{between}{}", shell_quote(profile))
                });
            // A site's own endpoint is only needed if the option overrides another one, such as the profile's.
            let is_custom = self.shell == Shell::Any && !endpoint.is_ncp();
            let endpoint =
                (is_custom || is_given(ServiceOption::Endpoint)).then(|| format!(" --endpoint {endpoint}"));
            let cacert = self.cacert.as_ref().filter(|_| self.shell == Shell::This);
            let cacert = cacert.map(|path| format!(" --cacert={}", shell_quote(path)));
            line.extend([profile, endpoint, cacert].into_iter().flatten());
        }
        line.push_str(after);
        line
    }

    /// Returns the assignment of `CDSS_SANDBOX` before a command; empty for the real service.
    pub(super) fn sandbox_prefix(&self) -> String {
        let Service { endpoint, sandbox, .. } = &self.service;
        if *sandbox { format!("CDSS_SANDBOX={endpoint} ") } else { String::new() }
    }

    /// Returns the site and region, the endpoint if it is not the site's own, and the profile.
    pub(crate) fn location(&self) -> String {
        let Self { service, profile, .. } = self;
        let endpoint = (!service.endpoint.is_ncp()).then(|| format!(" at {}", service.endpoint));
        let profile = profile.as_ref().map(|profile| format!(", profile {profile}"));
        let mut location = format!("{} {}", service.site, service.region);
        location.extend([endpoint, profile].into_iter().flatten());
        location
    }
}

/// Quotes a word for a POSIX shell if necessary.
pub(crate) fn shell_quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_quote_escapes_single_quotes() {
        assert_eq!(shell_quote("prod"), "prod");
        assert_eq!(shell_quote(""), "''");
        assert_eq!(shell_quote("it's; rm -rf"), r"'it'\''s; rm -rf'");
    }
}
