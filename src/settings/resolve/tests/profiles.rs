//! Settings from profiles.

use std::path::Path;

use super::super::super::ncloud_file;
use super::super::super::profile::Profile;
use super::super::super::sources::DEFAULT_PROFILE;
use super::*;
use crate::model::region::Site;

const CONFIG: &str = "/c/cdss/config.toml";
const NCLOUD: &str = "/h/.ncloud/configure";

const ABSOLUTE: &str = if cfg!(windows) { "C:\\own.pem" } else { "/own.pem" };

pub(super) const PROFILE_CREDENTIALS: [(Field, &str); 2] =
    [(Field::AccessKey, "AKIDPROFILE1"), (Field::SecretKey, "SP")];

/// All variables of NAVER Cloud's own tools, with values that must have no effect.
const ALL_NCLOUD: [(&str, &str); 8] = [
    ("NCLOUD_ACCESS_KEY_ID", "AKIDWRONG001"),
    ("NCLOUD_SECRET_ACCESS_KEY", "WRONG"),
    ("NCLOUD_ACCESS_KEY", "AKIDWRONG002"),
    ("NCLOUD_SECRET_KEY", "WRONG"),
    ("NCLOUD_REGION", "FKR"),
    ("NCLOUD_SITE", "nonsense"),
    ("NCLOUD_API_GW", "https://example.com"),
    ("NCLOUD_PROFILE", "missing"),
];

/// Returns files with one profile in `config.toml`.
pub(super) fn config_with(name: &str, values: &[(Field, &str)]) -> ProfileFiles {
    let mut profile = Profile::new(name, Path::new(CONFIG));
    for (key, value) in values {
        profile.set_value(*key, value);
    }
    ProfileFiles {
        config: vec![profile],
        paths: vec![CONFIG.into(), NCLOUD.into()],
        ..ProfileFiles::default()
    }
}

fn with_ncloud(mut files: ProfileFiles, text: &str) -> ProfileFiles {
    files.ncloud = Ok(ncloud_file::parse(text, Path::new(NCLOUD)));
    files.paths = vec![CONFIG.into(), NCLOUD.into()];
    files
}

fn named(name: &str) -> Flags {
    flags(|flags| flags.profile = Some(name.to_owned()))
}

#[test]
fn named_profile_ignores_all_ncloud_variables() {
    let values =
        [PROFILE_CREDENTIALS[0], PROFILE_CREDENTIALS[1], (Field::Region, "jpn"), (Field::Poll, "30s")];
    let settings =
        resolve(&named("prod"), &Environment::from_pairs(&ALL_NCLOUD), &config_with("prod", &values))
            .unwrap();
    assert_eq!(
        settings.credentials.as_ref().unwrap().static_credentials().unwrap().access_key,
        "AKIDPROFILE1"
    );
    assert_eq!(
        settings.credentials.as_ref().unwrap().static_credentials().unwrap().secret_key.expose_secret(),
        "SP"
    );
    assert_eq!(settings.service.request_path("x"), "/api/jpn-v1/x");
    assert_eq!(settings.service.endpoint.to_string(), Site::Public.base_url());
    for (key, expected) in [
        ("profile", "--profile"),
        ("site", "implied by region"),
        ("region", "profile prod in /c/cdss/config.toml"),
        ("endpoint", "implied by site"),
        ("cacert", "default"),
        ("proxy", "default"),
        ("output", "default"),
        ("poll", "profile prod in /c/cdss/config.toml"),
        ("access_key", "profile prod in /c/cdss/config.toml"),
        ("credential_process", "default"),
        ("secret_key", "profile prod in /c/cdss/config.toml"),
    ] {
        assert_eq!(origin(&settings, key), expected, "{key}");
    }
    // Missing values are defaults.
    let cdss_variables = [("CDSS_PROFILE", "prod"), ("CDSS_OUTPUT", "json"), ("CDSS_POLL", "20s")];
    let environment = Environment::from_pairs(&[&ALL_NCLOUD[..], &cdss_variables].concat());
    let settings =
        resolve(&Flags::default(), &environment, &config_with("prod", &PROFILE_CREDENTIALS)).unwrap();
    assert_eq!((settings.service.site, settings.service.region.code()), (Site::Public, "KR"));
    assert_eq!(settings.profile, Some(("prod".to_owned(), Origin::Variable("CDSS_PROFILE"))));
    assert_eq!(
        (settings.output, settings.poll_interval),
        (OutputFormat::Json, Duration::from_secs(20)),
        "CDSS_* variables apply"
    );
    assert_eq!(
        (origin(&settings, "site"), origin(&settings, "region")),
        ("default".into(), "default".into())
    );
}

#[test]
fn named_profile_takes_nothing_from_the_default_profile() {
    let mut files = config_with("prod", &[]);
    files.config.extend(
        config_with(
            DEFAULT_PROFILE,
            &[PROFILE_CREDENTIALS[0], PROFILE_CREDENTIALS[1], (Field::Region, "SGN")],
        )
        .config,
    );
    let settings = resolve(&named("prod"), &Environment::from_pairs(&ALL_NCLOUD), &files).unwrap();
    assert_eq!(settings.service.region.code(), "KR");
    let error = settings.credentials.unwrap_err();
    assert_eq!(error.to_string(), "no credentials found in profile prod in /c/cdss/config.toml");
    assert!(error.is_auth());
}

#[test]
fn incomplete_profile_never_mixes_with_the_environment() {
    for (single_key, present, missing) in [
        (PROFILE_CREDENTIALS[0], "access_key", "secret_key"),
        (PROFILE_CREDENTIALS[1], "secret_key", "access_key"),
    ] {
        let environment = Environment::from_pairs(&ALL_NCLOUD);
        let error = resolve(&named("prod"), &environment, &config_with("prod", &[single_key]))
            .unwrap()
            .credentials
            .unwrap_err();
        let origin = format!("profile prod in {CONFIG}");
        assert_eq!(
            error.to_string(),
            format!("incomplete credentials: {present} is set but {missing} is not ({origin})")
        );
        assert!(error.is_auth());
        // One key in the default profile and the other in the environment are not combined.
        let default = config_with(DEFAULT_PROFILE, &[single_key]);
        for variable in CREDENTIALS {
            let credentials = resolve(&Flags::default(), &Environment::from_pairs(&[variable]), &default)
                .unwrap()
                .credentials;
            assert!(
                matches!(credentials, Err(SettingsError::IncompleteCredentials { origin: None, .. })),
                "{credentials:?}"
            );
        }
        let whole = resolve(&Flags::default(), &Environment::from_pairs(&CREDENTIALS), &default).unwrap();
        assert_eq!(whole.credentials.unwrap().static_credentials().unwrap().access_key, "AKIDEXAMPLE1");
    }
    for (key, name) in [(Field::AccessKey, "access_key"), (Field::SecretKey, "secret_key")] {
        let other = PROFILE_CREDENTIALS.into_iter().find(|(other, _)| *other != key).unwrap();
        let files = config_with(DEFAULT_PROFILE, &[(key, ""), other]);
        let error =
            resolve(&Flags::default(), &Environment::default(), &files).unwrap().credentials.unwrap_err();
        assert_eq!(error.to_string(), format!("{name} is set but empty (profile default in {CONFIG})"));
    }
}

#[test]
fn environment_precedes_default_profile_and_its_endpoint() {
    let values = [
        (Field::Region, "SGN"),
        (Field::Endpoint, "https://example.com"),
        (Field::Cacert, ABSOLUTE),
        (Field::Proxy, "http://user:word@proxy:3128"),
        (Field::Output, "json"),
        (Field::Poll, "20s"),
    ];
    let files = config_with(DEFAULT_PROFILE, &[&PROFILE_CREDENTIALS[..], &values].concat());
    let at =
        |pairs: &[(&str, &str)]| resolve(&Flags::default(), &Environment::from_pairs(pairs), &files).unwrap();
    let from_profile = at(&[]);
    assert_eq!(from_profile.profile, Some(("default".to_owned(), Origin::File(CONFIG.into()))));
    assert_eq!(
        from_profile.credentials.as_ref().unwrap().static_credentials().unwrap().access_key,
        "AKIDPROFILE1"
    );
    assert_eq!(from_profile.service.endpoint.to_string(), "https://example.com");
    assert_eq!(from_profile.service.region.code(), "SGN");
    assert_eq!(from_profile.cacert, Some(ABSOLUTE.into()));
    assert_eq!(from_profile.proxy.as_ref().unwrap().url().host_str(), Some("proxy"));
    assert!(!format!("{:?}", from_profile.summary).contains("word"), "{:?}", from_profile.summary);
    let from_environment = at(&CREDENTIALS);
    assert_eq!(from_environment.profile, None);
    assert_eq!(
        from_environment.credentials.as_ref().unwrap().static_credentials().unwrap().access_key,
        "AKIDEXAMPLE1"
    );
    assert_eq!(from_environment.service.endpoint.to_string(), Site::Public.base_url());
    assert_eq!(from_environment.service.region.code(), "KR");
    assert!(from_environment.cacert.is_none() && from_environment.proxy.is_none());
    for settings in [from_profile, from_environment] {
        assert_eq!((settings.output, settings.poll_interval), (OutputFormat::Json, Duration::from_secs(20)));
    }
    let mixed = at(&[("NCLOUD_REGION", "JPN"), ("CDSS_POLL", "30s"), ("CDSS_OUTPUT", "table")]);
    assert_eq!(mixed.service.region.code(), "JPN");
    assert_eq!((mixed.output, mixed.poll_interval), (OutputFormat::Table, Duration::from_secs(30)));
}

#[test]
fn default_profile_of_cdss_precedes_that_of_ncloud() {
    let ncloud = "[DEFAULT]\nncloud_access_key_id=AKIDVENDOR01\nncloud_secret_access_key=SV\n\
                  ncloud_api_url=https://ncloud.apigw.gov-ntruss.com\n\
                  [project]\nncloud_access_key_id=AKIDVENDOR02\nncloud_secret_access_key=SV\n";
    let at = |files: &ProfileFiles, pairs: &[(&str, &str)]| {
        resolve(&Flags::default(), &Environment::from_pairs(pairs), files)
    };
    let both = with_ncloud(config_with(DEFAULT_PROFILE, &PROFILE_CREDENTIALS), ncloud);
    let settings = at(&both, &[("NCLOUD_PROFILE", "project")]).unwrap();
    assert_eq!(settings.credentials.unwrap().static_credentials().unwrap().access_key, "AKIDPROFILE1");
    assert_eq!(
        settings.warnings,
        [format!("NCLOUD_PROFILE=project is ignored: profile default in {CONFIG} takes precedence")]
    );
    for quiet in [&[][..], &[("CDSS_PROFILE", "default"), ("NCLOUD_PROFILE", "project")]] {
        assert_eq!(at(&both, quiet).unwrap().warnings, Vec::<String>::new(), "{quiet:?}");
    }
    let ncloud = with_ncloud(ProfileFiles::default(), ncloud);
    let settings = at(&ncloud, &[]).unwrap();
    assert_eq!(
        settings.credentials.as_ref().unwrap().static_credentials().unwrap().access_key,
        "AKIDVENDOR01"
    );
    assert_eq!(settings.service.site, Site::Gov);
    assert_eq!(settings.profile, Some(("DEFAULT".to_owned(), Origin::File(NCLOUD.into()))));
    assert_eq!(origin(&settings, "site"), format!("implied by endpoint of profile DEFAULT in {NCLOUD}"));
    let settings = at(&ncloud, &[("NCLOUD_PROFILE", "project")]).unwrap();
    assert_eq!(settings.credentials.unwrap().static_credentials().unwrap().access_key, "AKIDVENDOR02");
    assert_eq!(settings.service.site, Site::Public);
    assert_eq!(settings.profile, Some(("project".to_owned(), Origin::Variable("NCLOUD_PROFILE"))));
    let error = at(&ncloud, &[("NCLOUD_PROFILE", "missing")]).unwrap_err();
    assert_eq!(error.to_string(), format!("profile `missing` not found in {NCLOUD}"));
    assert_eq!(
        at(&both, &CREDENTIALS).unwrap().credentials.unwrap().static_credentials().unwrap().access_key,
        "AKIDEXAMPLE1",
        "the environment takes precedence"
    );
}

#[test]
fn profile_is_found_in_either_file_but_not_in_both() {
    let section = "[project]\nncloud_access_key_id=AKIDVENDOR02\nncloud_secret_access_key=SV\n";
    let at = |files: &ProfileFiles| resolve(&named("project"), &Environment::from_pairs(&ALL_NCLOUD), files);
    let ncloud = with_ncloud(config_with("prod", &PROFILE_CREDENTIALS), section);
    assert_eq!(
        at(&ncloud).unwrap().credentials.unwrap().static_credentials().unwrap().access_key,
        "AKIDVENDOR02"
    );
    let error = at(&with_ncloud(config_with("project", &PROFILE_CREDENTIALS), section)).unwrap_err();
    assert_eq!(error.to_string(), format!("profile `project` is defined twice: in {CONFIG} and in {NCLOUD}"));
    assert!(error.is_not_found());
    let error = at(&config_with("prod", &PROFILE_CREDENTIALS)).unwrap_err();
    assert_eq!(error.to_string(), format!("profile `project` not found in {CONFIG} or {NCLOUD}"));
    assert!(error.is_not_found());
}

#[test]
fn ncloud_file_error_matters_only_if_the_file_is_needed() {
    let insecure = || SettingsError::InsecurePermissions { file: NCLOUD.into(), access: "write to" };
    let mut files = config_with("prod", &PROFILE_CREDENTIALS);
    files.ncloud = Err(insecure());
    assert!(resolve(&named("prod"), &Environment::default(), &files).is_ok());
    assert!(resolve(&Flags::default(), &Environment::from_pairs(&CREDENTIALS), &files).is_ok());
    for flags in [named("project"), Flags::default()] {
        assert_eq!(resolve(&flags, &Environment::default(), &files).unwrap_err(), insecure());
    }
    let mut readable =
        with_ncloud(config_with("prod", &PROFILE_CREDENTIALS), "[project]\nncloud_access_key_id=A\n");
    readable.ncloud_warning = Some("too open".to_owned());
    let warning = |name| resolve(&named(name), &Environment::default(), &readable).unwrap().warnings.pop();
    assert_eq!(warning("project").as_deref(), Some("too open"));
    assert_eq!(warning("prod"), None);
}

#[test]
fn credentials_are_only_sent_to_their_own_endpoint() {
    const ELSEWHERE: (&str, &str) = ("CDSS_ENDPOINT", "https://example.com");
    const GATEWAY: (&str, &str) = ("NCLOUD_API_GW", "https://ncloud.example.com");
    const NCP: (&str, &str) = ("CDSS_ENDPOINT", "https://clouddatastreamingservice.apigw.gov-ntruss.com");
    const DERIVED: &str = "https://clouddatastreamingservice.example.com";
    const WITH_ENDPOINT: [(Field, &str); 3] =
        [PROFILE_CREDENTIALS[0], PROFILE_CREDENTIALS[1], (Field::Endpoint, "https://profile.example.com")];
    let flag = "https://flag.example.com";
    // Whether the profile is named, its values, the flag, the environment, and the endpoint; None is an error.
    for (is_named, values, flag, variables, expected_endpoint) in [
        (true, &PROFILE_CREDENTIALS[..], None, &[ELSEWHERE][..], None),
        (true, &PROFILE_CREDENTIALS, None, &[NCP], None),
        (true, &PROFILE_CREDENTIALS, None, &[GATEWAY], Some(Site::Public.base_url())),
        (true, &PROFILE_CREDENTIALS, Some(flag), &[ELSEWHERE], Some(flag)),
        (true, &WITH_ENDPOINT, None, &[ELSEWHERE], Some("https://profile.example.com")),
        (true, &WITH_ENDPOINT, Some(flag), &[ELSEWHERE], Some(flag)),
        (false, &PROFILE_CREDENTIALS, None, &[ELSEWHERE], None),
        (false, &PROFILE_CREDENTIALS, None, &[GATEWAY], None),
        (false, &PROFILE_CREDENTIALS, None, &[NCP], Some(NCP.1)),
        (false, &PROFILE_CREDENTIALS, Some(flag), &[ELSEWHERE], Some(flag)),
        (false, &WITH_ENDPOINT, None, &[], Some("https://profile.example.com")),
        (false, &WITH_ENDPOINT, None, &[ELSEWHERE], None),
        (false, &WITH_ENDPOINT, None, &[NCP], Some(NCP.1)),
        (false, &[], None, &[ELSEWHERE, CREDENTIALS[0], CREDENTIALS[1]], Some("https://example.com")),
        (
            false,
            &[],
            None,
            &[ELSEWHERE, GATEWAY, CREDENTIALS[0], CREDENTIALS[1]],
            Some("https://example.com"),
        ),
        (false, &[], None, &[GATEWAY, CREDENTIALS[0], CREDENTIALS[1]], Some(DERIVED)),
        (
            false,
            &PROFILE_CREDENTIALS,
            None,
            &[ELSEWHERE, CREDENTIALS[0], CREDENTIALS[1]],
            Some("https://example.com"),
        ),
    ] {
        let name = if is_named { "prod" } else { DEFAULT_PROFILE };
        let flags = flags(|flags| {
            flags.profile = is_named.then(|| "prod".to_owned());
            flags.endpoint = flag.map(str::to_owned);
        });
        let outcome = resolve(&flags, &Environment::from_pairs(variables), &config_with(name, values));
        let description = format!("{is_named} {values:?} {flag:?} {variables:?}: {outcome:?}");
        match (outcome, expected_endpoint) {
            (Ok(settings), Some(expected)) => {
                assert_eq!(settings.service.endpoint.to_string(), expected, "{description}");
            }
            (Err(error), None) => {
                assert!(matches!(error, SettingsError::EndpointConflict { .. }), "{description}");
                assert!(!error.is_auth() && !error.is_not_found());
            }
            _ => panic!("{description}"),
        }
    }
}

#[test]
fn conflicting_site_and_endpoint_of_one_level_are_rejected() {
    let gov = "https://clouddatastreamingservice.apigw.gov-ntruss.com";
    let gateway = ("NCLOUD_API_GW", "https://ncloud.apigw.gov-ntruss.com");
    assert_eq!(
        resolve_environment(&[("NCLOUD_SITE", "public"), gateway]).unwrap_err().to_string(),
        "NCLOUD_API_GW: this endpoint belongs to site gov, but NCLOUD_SITE is public"
    );
    let agreed = resolve_environment(&[("NCLOUD_SITE", "gov"), gateway]).unwrap();
    assert_eq!(agreed.service.endpoint.to_string(), gov);
    let environment = Environment::from_pairs(&[("NCLOUD_API_GW", "https://ncloud.apigw.ntruss.com")]);
    let flag = flags(|flags| flags.site = Some("gov".to_owned()));
    let settings = resolve(&flag, &environment, &ProfileFiles::default()).unwrap();
    assert_eq!((settings.service.site, settings.service.endpoint.to_string().as_str()), (Site::Gov, gov));
    let custom =
        resolve_environment(&[("CDSS_ENDPOINT", "https://example.com"), ("NCLOUD_SITE", "gov")]).unwrap();
    assert_eq!((custom.service.site, custom.service.region.code()), (Site::Gov, "KR"));
    assert_eq!(custom.service.endpoint.to_string(), "https://example.com");
}

#[test]
fn invalid_profile_values_name_the_profile() {
    for (key, value, text) in [
        (
            Field::Region,
            "MARS",
            "region of profile prod in FILE: site public has no region MARS; it has KR, ",
        ),
        (Field::Region, "", "region in profile prod in FILE is empty"),
        (Field::Site, "private", "site of profile prod in FILE: unknown site `private`"),
        (Field::Endpoint, "orders", "endpoint of profile prod in FILE: `orders` is not an address"),
        (Field::Cacert, "own.pem", "cacert of profile prod in FILE: `own.pem` is not an absolute path"),
        (Field::Proxy, "proxy", "proxy of profile prod in FILE: not a valid proxy address"),
        (Field::Output, "yaml", "output of profile prod in FILE: unsupported output format `yaml`"),
        (Field::Poll, "15", "poll of profile prod in FILE: invalid duration `15`;"),
    ] {
        let files = config_with("prod", &[PROFILE_CREDENTIALS[0], PROFILE_CREDENTIALS[1], (key, value)]);
        let error = resolve(&named("prod"), &Environment::default(), &files).unwrap_err();
        assert!(error.to_string().starts_with(&text.replace("FILE", CONFIG)), "{error}");
    }
}
