use secrecy::ExposeSecret as _;

use super::super::sandbox_credentials;
use super::*;
use crate::model::region::Site;
use crate::settings::resolve::tests::profiles::{PROFILE_CREDENTIALS, config_with};

mod profiles;

const CREDENTIALS: [(&str, &str); 2] =
    [("NCLOUD_ACCESS_KEY_ID", "AKIDEXAMPLE1"), ("NCLOUD_SECRET_ACCESS_KEY", "S1")];

fn resolve_environment(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    resolve(&Flags::default(), &Environment::from_pairs(pairs), &ProfileFiles::default())
}

fn origin(settings: &Settings, name: &str) -> String {
    settings.summary.iter().find(|shown| shown.key.to_string() == name).unwrap().origin.clone()
}

fn flags(set: impl FnOnce(&mut Flags)) -> Flags {
    let mut flags = Flags::default();
    set(&mut flags);
    flags
}

#[test]
fn both_pairs_of_variables_work_but_never_mix() {
    let access = |pairs: &[(&str, &str)]| {
        resolve_environment(pairs)
            .unwrap()
            .credentials
            .map(|credentials| credentials.static_credentials().unwrap().access_key.clone())
    };
    assert_eq!(access(&CREDENTIALS).unwrap(), "AKIDEXAMPLE1");
    assert_eq!(access(&[("NCLOUD_ACCESS_KEY", "A2"), ("NCLOUD_SECRET_KEY", "S2")]).unwrap(), "A2");
    for (pairs, text) in [
        (
            &[][..],
            "no credentials found: NCLOUD_ACCESS_KEY_ID and NCLOUD_SECRET_ACCESS_KEY are not set, and there is no default profile",
        ),
        (
            &CREDENTIALS[..1],
            "incomplete credentials: NCLOUD_ACCESS_KEY_ID is set but NCLOUD_SECRET_ACCESS_KEY is not",
        ),
        (
            &CREDENTIALS[1..],
            "incomplete credentials: NCLOUD_SECRET_ACCESS_KEY is set but NCLOUD_ACCESS_KEY_ID is not",
        ),
        (
            &[("NCLOUD_ACCESS_KEY_ID", "A1"), ("NCLOUD_SECRET_KEY", "S2")],
            "incomplete credentials: NCLOUD_ACCESS_KEY_ID is set but NCLOUD_SECRET_ACCESS_KEY is not",
        ),
        (
            &[("NCLOUD_ACCESS_KEY_ID", ""), ("NCLOUD_ACCESS_KEY", "A2"), ("NCLOUD_SECRET_KEY", "S2")],
            "NCLOUD_ACCESS_KEY_ID is set but empty",
        ),
        (
            &[("NCLOUD_ACCESS_KEY_ID", "A 1"), ("NCLOUD_SECRET_ACCESS_KEY", "S")],
            "the key contains invalid characters",
        ),
    ] {
        let error = resolve_environment(pairs).unwrap().credentials.unwrap_err();
        assert_eq!(error.to_string(), text);
        assert!(error.is_auth() && !error.hint().is_empty());
    }
}

/// Debug output could be printed by a panic.
#[test]
fn debug_output_contains_no_secret() {
    let settings = resolve_environment(&CREDENTIALS).unwrap();
    assert_eq!(
        settings.credentials.as_ref().unwrap().static_credentials().unwrap().secret_key.expose_secret(),
        "S1"
    );
    let proxy = (Field::Proxy, "http://user:hunter2@proxy:3128");
    let files = config_with("prod", &[PROFILE_CREDENTIALS[0], (Field::SecretKey, "hunter2"), proxy]);
    let named = flags(|flags| flags.profile = Some("prod".to_owned()));
    let of_profile = resolve(&named, &Environment::default(), &files).unwrap();
    assert_eq!(of_profile.proxy.as_ref().unwrap().url().password(), Some("hunter2"));
    for text in [format!("{settings:?}"), format!("{files:?}"), format!("{of_profile:?}")] {
        for secret in ["S1", "AKIDEXAMPLE1", "hunter2", PROFILE_CREDENTIALS[0].1] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn flag_takes_precedence_and_origin_is_reported() {
    let environment = Environment::from_pairs(&[("NCLOUD_REGION", "JPN"), CREDENTIALS[0], CREDENTIALS[1]]);
    let none = ProfileFiles::default();
    let settings =
        resolve(&flags(|flags| flags.region = Some("sgn".to_owned())), &environment, &none).unwrap();
    assert_eq!(settings.service.region.code(), "SGN");
    assert_eq!(origin(&settings, "region"), "--region");
    assert_eq!(origin(&settings, "site"), "implied by region");
    let settings = resolve(&Flags::default(), &environment, &none).unwrap();
    assert_eq!(
        (settings.service.region.code(), origin(&settings, "region").as_str()),
        ("JPN", "NCLOUD_REGION")
    );
}

#[test]
fn empty_value_never_falls_through() {
    for name in [
        "NCLOUD_REGION",
        "NCLOUD_SITE",
        "CDSS_ENDPOINT",
        "CDSS_POLL",
        "CDSS_PROFILE",
        "CDSS_SANDBOX",
        "CDSS_OUTPUT",
        "CDSS_LANG",
        "NCLOUD_API_GW",
        "NCLOUD_PROFILE",
    ] {
        assert_eq!(resolve_environment(&[(name, "")]).unwrap_err().to_string(), format!("{name} is empty"));
    }
    let empty = flags(|flags| flags.endpoint = Some(String::new()));
    let set = Environment::from_pairs(&[("CDSS_ENDPOINT", "https://example.com")]);
    assert_eq!(
        resolve(&empty, &set, &ProfileFiles::default()).unwrap_err().to_string(),
        "--endpoint is empty"
    );
}

#[test]
fn invalid_values_are_rejected_with_their_origin() {
    for (pairs, text) in [
        (("NCLOUD_REGION", "MARS"), "NCLOUD_REGION: site public has no region MARS; it has KR, SGN, JPN"),
        (("NCLOUD_REGION", "K R"), "NCLOUD_REGION: `K R` is not a region code"),
        (("NCLOUD_SITE", "private"), "NCLOUD_SITE: unknown site `private`; use public, gov, or fin"),
        (("CDSS_ENDPOINT", "orders"), "CDSS_ENDPOINT: `orders` is not an address such as https://host:port"),
        (
            ("CDSS_ENDPOINT", "http://example.com"),
            "CDSS_ENDPOINT: `http://example.com` uses http, which is allowed only for loopback addresses",
        ),
        (("CDSS_POLL", "15"), "CDSS_POLL: invalid duration `15`; add a unit, such as 15s or 3h"),
        (("CDSS_POLL", "0s"), "CDSS_POLL: duration must be positive"),
        (
            ("CDSS_POLL", "500ms"),
            "CDSS_POLL: `500ms` is less than one second, which is only allowed on loopback",
        ),
        (("CDSS_PROFILE", "prod"), "profile `prod` not found"),
        (("CDSS_OUTPUT", "yaml"), "CDSS_OUTPUT: unsupported output format `yaml`; use table or json"),
        (("CDSS_LANG", "kr"), "CDSS_LANG: unsupported language `kr`; use en or ko"),
        (
            ("NCLOUD_API_GW", "https://user@example.com"),
            "NCLOUD_API_GW: `example.com` must have only a scheme, host, and port",
        ),
        (
            ("CDSS_SANDBOX", "https://127.0.0.1:1"),
            "CDSS_SANDBOX: `https://127.0.0.1:1` is not an http:// address on loopback",
        ),
    ] {
        assert_eq!(resolve_environment(&[pairs]).unwrap_err().to_string(), text);
    }
}

#[test]
fn gateway_url_selects_the_site_and_its_endpoint() {
    for (gateway, site, endpoint) in [
        ("https://ncloud.apigw.ntruss.com", Site::Public, Site::Public.base_url()),
        ("https://ncloud.apigw.gov-ntruss.com", Site::Gov, Site::Gov.base_url()),
        ("https://fin-ncloud.apigw.fin-ntruss.com", Site::Fin, Site::Fin.base_url()),
    ] {
        let settings = resolve_environment(&[("NCLOUD_API_GW", gateway)]).unwrap();
        assert_eq!((settings.service.site, settings.service.endpoint.to_string().as_str()), (site, endpoint));
    }
    let both = resolve_environment(&[
        ("NCLOUD_API_GW", "https://ncloud.apigw.gov-ntruss.com"),
        ("CDSS_ENDPOINT", "http://127.0.0.1:9"),
    ]);
    assert_eq!(both.unwrap().service.endpoint.to_string(), "http://127.0.0.1:9");
}

#[test]
fn sandbox_ignores_profiles_and_other_endpoints() {
    let environment = Environment::from_pairs(&[
        ("CDSS_SANDBOX", "http://127.0.0.1:4711"),
        ("CDSS_ENDPOINT", "https://example.com"),
        ("CDSS_PROFILE", "prod"),
        ("NCLOUD_API_GW", "nonsense"),
        ("NCLOUD_REGION", ""),
        ("NCLOUD_SITE", "private"),
        CREDENTIALS[0],
        CREDENTIALS[1],
        ("CDSS_POLL", "10ms"),
    ]);
    let flags = flags(|flags| {
        flags.profile = Some("prod".to_owned());
        flags.endpoint = Some("https://example.com".to_owned());
        flags.cacert = Some("/no/such/file".to_owned());
        flags.region = Some("SGN".to_owned());
    });
    let files = config_with("prod", &PROFILE_CREDENTIALS);
    let settings = resolve(&flags, &environment, &files).unwrap();
    assert!(settings.service.sandbox);
    assert_eq!(settings.profile, None);
    assert_eq!(settings.service.endpoint.to_string(), "http://127.0.0.1:4711");
    assert_eq!(settings.service.region.code(), "SGN", "a flag selects the region");
    assert_eq!(
        settings.credentials.unwrap().static_credentials().unwrap().access_key,
        sandbox_credentials().access_key
    );
    assert_eq!(settings.poll_interval, Duration::from_millis(10), "CDSS_POLL applies");
    assert_eq!(settings.cacert, None);
    let plain = resolve_environment(&[("CDSS_SANDBOX", "http://127.0.0.1:4711")]).unwrap();
    assert_eq!(plain.poll_interval, SANDBOX_POLL_INTERVAL);
}
