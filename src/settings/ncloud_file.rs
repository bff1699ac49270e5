//! `~/.ncloud/configure`, the file that NCP's own tools share. It is read as it is and never written.

use std::path::Path;

use super::profile::{Field, Profile};
use crate::model::endpoint::Endpoint;

/// The section that is meant where none is named.
pub(super) const DEFAULT_SECTION: &str = "DEFAULT";

/// Reads the sections.
///
/// The tools that read this file differ: some ignore sections, some cut a value at its second `=`. What they
/// have in common is taken as it is meant: a value is everything behind the first `=`, keys before the first
/// section belong to `DEFAULT`, a later line outranks an earlier one, and what is no setting is passed over.
///
/// Source: NAVER Cloud's CLI guide and the readers of its SDKs.
pub(super) fn parse(text: &str, file: &Path) -> Vec<Profile> {
    let mut profiles: Vec<Profile> = Vec::new();
    let mut section = DEFAULT_SECTION.to_owned();
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            if let Some((name, _)) = rest.split_once(']') {
                name.trim().clone_into(&mut section);
                if !section.is_empty() {
                    let _empty_so_far = of_name(&mut profiles, &section, file);
                }
            }
        } else if !section.is_empty()
            && let Some((name, value)) = line.split_once('=')
            && let Some(key) = key(name)
        {
            let value = bare(value);
            let profile = of_name(&mut profiles, &section, file);
            match key {
                // Whoever accepted the default of `ncloud configure` may have nothing here.
                Field::Endpoint if value.is_empty() => {}
                Field::Endpoint => {
                    let own = Endpoint::from_gateway(value).map(|endpoint| endpoint.to_string());
                    profile.put(key, own.as_deref().unwrap_or(value));
                }
                key => profile.put(key, value),
            }
        }
    }
    profiles
}

fn of_name<'a>(profiles: &'a mut Vec<Profile>, name: &str, file: &Path) -> &'a mut Profile {
    let at = profiles.iter().position(|profile| profile.name == name).unwrap_or_else(|| {
        profiles.push(Profile::new(name, file));
        profiles.len() - 1
    });
    &mut profiles[at]
}

fn key(name: &str) -> Option<Field> {
    match name.trim().to_ascii_lowercase().as_str() {
        "ncloud_access_key_id" => Some(Field::AccessKey),
        "ncloud_secret_access_key" => Some(Field::SecretKey),
        "ncloud_api_url" => Some(Field::Endpoint),
        _ => None,
    }
}

/// Takes off blanks, a remark behind the value, and quotes: none of them can be part of a key or an address.
fn bare(value: &str) -> &str {
    let end = [" #", "\t#", " ;", "\t;"].iter().filter_map(|mark| value.find(mark)).min();
    let value = value[..end.unwrap_or(value.len())].trim();
    let quoted = |mark| value.strip_prefix(mark)?.strip_suffix(mark);
    quoted('"').or_else(|| quoted('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::model::region::Site;

    /// What one section came to: name, access key, secret, site.
    fn read(text: &str) -> Vec<(String, String, String, Option<Site>)> {
        parse(text, Path::new("/home/u/.ncloud/configure"))
            .into_iter()
            .map(|profile| {
                let secret = profile.secret_key.as_ref().map(|secret| secret.expose_secret().to_owned());
                let endpoint = profile.value(Field::Endpoint).map(|text| Endpoint::parse(text).unwrap());
                (
                    profile.name.clone(),
                    profile.value(Field::AccessKey).unwrap_or_default().to_owned(),
                    secret.unwrap_or_default(),
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
    fn the_file_of_the_ncloud_cli_with_two_sections() {
        let text = "[DEFAULT]\nncloud_access_key_id = AK1\nncloud_secret_access_key = SK1\n\
                    ncloud_api_url = https://ncloud.apigw.ntruss.com\n\n\
                    [project]\nncloud_access_key_id = AK2\nncloud_secret_access_key = SK2\n\
                    ncloud_api_url = https://ncloud.apigw.gov-ntruss.com\n";
        let expected = [
            section("DEFAULT", "AK1", "SK1", Some(Site::Public)),
            section("project", "AK2", "SK2", Some(Site::Gov)),
        ];
        assert_eq!(read(text), expected);
        assert_eq!(read(&text.replace('\n', "\r\n")), expected, "Windows line ends");
        assert_eq!(read(&format!("\u{feff}{text}")), expected, "a byte order mark");
        assert_eq!(read(&text.replace(" = ", "=")), expected, "without blanks");
        assert_eq!(read(text.trim_end()), expected, "no line end at the end");
    }

    #[test]
    fn a_file_without_sections_is_the_default() {
        let text = "ncloud_access_key_id=AK1\nncloud_secret_access_key=SK1\n\
                    ncloud_api_url=https://fin-ncloud.apigw.fin-ntruss.com\n";
        assert_eq!(read(text), [section("DEFAULT", "AK1", "SK1", Some(Site::Fin))]);
        let more = format!("{text}[other]\nncloud_access_key_id=AK2\nncloud_secret_access_key=SK2\n");
        assert_eq!(read(&more)[0], section("DEFAULT", "AK1", "SK1", Some(Site::Fin)));
        assert_eq!(read(&more)[1], section("other", "AK2", "SK2", None));
    }

    #[test]
    fn a_file_edited_by_hand() {
        let text = "# keys of the team\n\n; old style remark\n  [ team ]  # ours\n\n\
                    \tNCLOUD_ACCESS_KEY_ID\t=\tAK1\t\n   ncloud_secret_access_key = \"a=b/c+d==\"  ; do not share\n\
                    ncloud_region = KR\nnot a setting\nncloud_api_url =\n";
        assert_eq!(read(text), [section("team", "AK1", "a=b/c+d==", None)]);
    }

    #[test]
    fn a_section_that_comes_twice_is_one_and_the_later_line_counts() {
        let text =
            "[a]\nncloud_access_key_id=AK1\n[b]\n[a]\nncloud_access_key_id=AK2\nncloud_secret_access_key=SK2";
        assert_eq!(read(text), [section("a", "AK2", "SK2", None), section("b", "", "", None)]);
    }

    proptest! {
        /// Whatever characters a key has, and however the file is laid out, the key comes out.
        #[test]
        fn any_pair_comes_out_as_it_was_written(
            access in "[A-Za-z0-9]{8,24}",
            secret in "[A-Za-z0-9=/+_;#-]{8,48}",
            name in "[A-Za-z0-9_.-]{1,12}",
            blank in "[ \t]{0,2}",
            windows: bool,
        ) {
            let text = format!(
                "[{name}]\n{blank}ncloud_access_key_id{blank}={blank}{access}{blank}\n#\n\n\
                 ncloud_secret_access_key{blank}={blank}{secret}\n"
            );
            prop_assume!(!secret.starts_with(['#', ';']));
            let text = if windows { text.replace('\n', "\r\n") } else { text };
            prop_assert_eq!(read(&text), [section(&name, &access, &secret, None)]);
        }
    }
}
