//! The regions, and the operation of another service that lists them.

use serde_json::{Value, json};

use super::message::Response;

/// A region: its code, its name, and its path prefix. They all serve the same account.
pub(super) struct Region {
    code: &'static str,
    name: &'static str,
    pub(super) prefix: &'static str,
}

pub(super) const REGIONS: [Region; 4] = [
    Region { code: "KR", name: "Korea", prefix: "/api/v1/" },
    Region { code: "SGN", name: "Singapore", prefix: "/api/sgn-v1/" },
    Region { code: "JPN", name: "Japan", prefix: "/api/jpn-v1/" },
    Region { code: "KRS", name: "Korea South", prefix: "/api/krs-v1/" },
];

/// The path of the region list in the server service. NAVER's Terraform provider reads it before anything else, at the same
/// address, and signs it under the header of signature version 1.
pub(super) const LIST_PATH: &str = "/vserver/v2/getRegionList";

/// Returns the region list. It is a whole response, because the server service has its own envelope. NAVER's Go SDK can
/// parse it only with a space before the inner object.
pub(super) fn list() -> Response {
    let regions = REGIONS.map(|region| json!({ "regionCode": region.code, "regionName": region.name }));
    let body = json!({
        "getRegionListResponse": {
            "returnCode": "0",
            "returnMessage": "success",
            "totalRows": regions.len(),
            "regionList": Value::from_iter(regions),
        },
    });
    Response { is_spaced: true, ..Response::new(200, body) }
}
