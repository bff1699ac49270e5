//! Reads `~/.ncloud/configure`, the file that NAVER Cloud's own tools share. It is never written.

use std::path::Path;

use super::profile::Profile;
use crate::model::endpoint::Endpoint;
use crate::model::setting_name::Field;

/// The section that is used if none is named.
pub(super) const DEFAULT_SECTION: &str = "DEFAULT";

/// Parses the file; each section becomes a profile.
///
/// The tools that read this file differ: some ignore sections, some cut a value at its second `=`. Here, a value is
/// everything after the first `=`, keys before the first section belong to `DEFAULT`, a later line overrides an
/// earlier one, and unknown keys and lines are ignored.
///
/// Source: NAVER Cloud's CLI guide and the readers of its SDKs.
pub(super) fn parse(text: &str, file: &Path) -> Vec<Profile> {
    let mut profiles: Vec<Profile> = Vec::new();
    let mut section = DEFAULT_SECTION.to_owned();
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix('[') {
            if let Some((name, _)) = rest.split_once(']') {
                name.trim().clone_into(&mut section);
                if !section.is_empty() {
                    let _created = find_or_add(&mut profiles, &section, file);
                }
            }
        } else if !section.is_empty()
            && let Some((name, value)) = line.split_once('=')
            && let Some(field) = parse_field(name)
        {
            let value = trim_value(value);
            let profile = find_or_add(&mut profiles, &section, file);
            match field {
                // Empty if the default was accepted in `ncloud configure`.
                Field::Endpoint if value.is_empty() => {}
                Field::Endpoint => {
                    let endpoint = Endpoint::from_gateway(value).map(|endpoint| endpoint.to_string());
                    profile.set_value(field, endpoint.as_deref().unwrap_or(value));
                }
                field => profile.set_value(field, value),
            }
        }
    }
    profiles
}

fn find_or_add<'a>(profiles: &'a mut Vec<Profile>, name: &str, file: &Path) -> &'a mut Profile {
    let index = profiles.iter().position(|profile| profile.name == name).unwrap_or_else(|| {
        profiles.push(Profile::new(name, file));
        profiles.len() - 1
    });
    &mut profiles[index]
}

fn parse_field(name: &str) -> Option<Field> {
    match name.trim().to_ascii_lowercase().as_str() {
        "ncloud_access_key_id" => Some(Field::AccessKey),
        "ncloud_secret_access_key" => Some(Field::SecretKey),
        "ncloud_api_url" => Some(Field::Endpoint),
        _ => None,
    }
}

/// Removes whitespace, a trailing comment, and quotes. None of them can be part of a key or an endpoint.
fn trim_value(value: &str) -> &str {
    let end = [" #", "\t#", " ;", "\t;"].iter().filter_map(|marker| value.find(marker)).min();
    let value = value[..end.unwrap_or(value.len())].trim();
    let unquoted = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    unquoted('"').or_else(|| unquoted('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::region::Site;

    /// Parses a file into name, access key, secret key, and site of each section.
    fn read(text: &str) -> Vec<(String, String, String, Option<Site>)> {
        parse(text, Path::new("/home/u/.ncloud/configure"))
            .into_iter()
            .map(|profile| {
                let endpoint = profile.value(Field::Endpoint).map(|text| Endpoint::parse(text).unwrap());
                (
                    profile.name.clone(),
                    profile.value(Field::AccessKey).unwrap_or_default().to_owned(),
                    profile.value(Field::SecretKey).unwrap_or_default().to_owned(),
                    endpoint.and_then(|endpoint| endpoint.site()),
                )
            })
            .collect()
    }

    fn section(
        name: &str,
        access: &str,
        secret: &str,
        site: Option<Site>,
    ) -> (String, String, String, Option<Site>) {
        (name.to_owned(), access.to_owned(), secret.to_owned(), site)
    }

    #[test]
    fn sections_of_the_ncloud_cli_become_profiles() {
        let text = "[DEFAULT]\nncloud_access_key_id = AK1\nncloud_secret_access_key = SK1\n\
                    ncloud_api_url = https://ncloud.apigw.ntruss.com\n\n\
                    [project]\nncloud_access_key_id = AK2\nncloud_secret_access_key = SK2\n\
                    ncloud_api_url = https://ncloud.apigw.gov-ntruss.com\n";
        let expected = [
            section("DEFAULT", "AK1", "SK1", Some(Site::Public)),
            section("project", "AK2", "SK2", Some(Site::Gov)),
        ];
        assert_eq!(read(text), expected);
        assert_eq!(read(&text.replace('\n', "\r\n")), expected, "CRLF");
        assert_eq!(read(&format!("\u{feff}{text}")), expected, "byte order mark");
        assert_eq!(read(&text.replace(" = ", "=")), expected, "without spaces");
        assert_eq!(read(text.trim_end()), expected, "no newline at the end");
    }

    #[test]
    fn keys_before_any_section_belong_to_default() {
        let text = "ncloud_access_key_id=AK1\nncloud_secret_access_key=SK1\n\
                    ncloud_api_url=https://fin-ncloud.apigw.fin-ntruss.com\n";
        assert_eq!(read(text), [section("DEFAULT", "AK1", "SK1", Some(Site::Fin))]);
        let more = format!("{text}[other]\nncloud_access_key_id=AK2\nncloud_secret_access_key=SK2\n");
        assert_eq!(read(&more)[0], section("DEFAULT", "AK1", "SK1", Some(Site::Fin)));
        assert_eq!(read(&more)[1], section("other", "AK2", "SK2", None));
    }

    #[test]
    fn comments_quotes_and_odd_spacing_are_accepted() {
        let text = "# team keys\n\n; old-style comment\n  [ team ]  # ours\n\n\
                    \tNCLOUD_ACCESS_KEY_ID\t=\tAK1\t\n   ncloud_secret_access_key = \"a=b/c+d==\"  ; do not share\n\
                    ncloud_region = KR\nnot a setting\nncloud_api_url =\n";
        assert_eq!(read(text), [section("team", "AK1", "a=b/c+d==", None)]);
    }

    #[test]
    fn repeated_sections_merge_and_later_lines_win() {
        let text =
            "[a]\nncloud_access_key_id=AK1\n[b]\n[a]\nncloud_access_key_id=AK2\nncloud_secret_access_key=SK2";
        assert_eq!(read(text), [section("a", "AK2", "SK2", None), section("b", "", "", None)]);
    }

    proptest! {
        #[test]
        fn any_credentials_are_read_as_written(
            access in "[A-Za-z0-9]{8,24}",
            secret in "[A-Za-z0-9=/+_;#-]{8,48}",
            name in "[A-Za-z0-9_.-]{1,12}",
            space in "[ \t]{0,2}",
            crlf: bool,
        ) {
            let text = format!(
                "[{name}]\n{space}ncloud_access_key_id{space}={space}{access}{space}\n#\n\n\
                 ncloud_secret_access_key{space}={space}{secret}\n"
            );
            prop_assume!(!secret.starts_with(['#', ';']));
            let text = if crlf { text.replace('\n', "\r\n") } else { text };
            prop_assert_eq!(read(&text), [section(&name, &access, &secret, None)]);
        }
    }
}
