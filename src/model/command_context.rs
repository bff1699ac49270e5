//! Command lines to copy and paste, complete with site, region, profile, and endpoint.

use super::service::Service;

/// The options that another shell needs to reach the same service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandContext {
    pub service: Service,
    /// The selected profile; None if none was selected.
    pub profile: Option<String>,
}

impl CommandContext {
    /// Returns a complete command line: `cdss SUBCOMMAND BEFORE <site, region, profile, endpoint>AFTER`. BEFORE may be
    /// empty.
    pub(super) fn command_line(&self, subcommand: &str, before: &str, after: &str) -> String {
        let Service { site, region, endpoint, sandbox } = &self.service;
        let prefix = self.sandbox_prefix();
        let before = if before.is_empty() { String::new() } else { format!("{before} ") };
        let mut line = format!("{prefix}cdss {subcommand} {before}--site {site} --region {region}");
        if !sandbox {
            let profile = self.profile.as_ref().map(|profile| {
                // A value that begins with a hyphen would be parsed as a flag.
                let between = if profile.starts_with('-') { '=' } else { ' ' };
                format!(" --profile{between}{}", shell_quote(profile))
            });
            let custom = (!endpoint.is_ncp()).then(|| format!(" --endpoint {endpoint}"));
            line.extend([profile, custom].into_iter().flatten());
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
        let Self { service, profile } = self;
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
