//! A network between client and service that injects faults.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::{Step, http};

/// A fault in one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The connection closes before or after the service received the request.
    Cut {
        delivered: bool,
    },
    Reset {
        delivered: bool,
    },
    /// Only part of the response arrives.
    Half,
    /// The response is not HTTP.
    Garbage {
        delivered: bool,
    },
    /// An HTML page with this status.
    Page {
        status: u16,
        delivered: bool,
    },
    /// The gateway's error body. The second number is its error code.
    Gateway {
        status: u16,
        code: u16,
        delivered: bool,
    },
    Redirect {
        status: u16,
        delivered: bool,
    },
    /// Success with an empty body.
    Empty,
    /// The service's refusal with this status. If the request was delivered, this contradicts what the service did.
    Refusal {
        status: u16,
        delivered: bool,
    },
    /// No response for longer than any timeout.
    Hang {
        delivered: bool,
    },
}

/// Returns the steps for a connection with a fault. `port` is the port of the service.
pub(crate) fn steps(fault: Fault, request: &str, port: u16) -> Vec<Step> {
    let delivered = !matches!(
        fault,
        Fault::Cut { delivered: false }
            | Fault::Reset { delivered: false }
            | Fault::Garbage { delivered: false }
            | Fault::Page { delivered: false, .. }
            | Fault::Gateway { delivered: false, .. }
            | Fault::Redirect { delivered: false, .. }
            | Fault::Refusal { delivered: false, .. }
            | Fault::Hang { delivered: false }
    );
    let response = if delivered { forward(request, port) } else { Vec::new() };
    let send = |text: String| vec![Step::Send(text.into_bytes()), Step::Fin];
    match fault {
        Fault::None => vec![Step::Send(response), Step::Fin],
        Fault::Cut { .. } => vec![Step::Fin],
        Fault::Reset { .. } => vec![Step::Rst],
        Fault::Half => vec![Step::Send(response[..response.len() * 3 / 4].to_vec()), Step::Fin],
        Fault::Garbage { .. } => send("\u{0}\u{1}not HTTP at all\r\n\r\n".to_owned()),
        Fault::Page { status, .. } => send(http(&format!("{status} X"), "", "<html><body>Bad gateway")),
        Fault::Gateway { status, code, .. } => {
            let body =
                format!(r#"{{"error":{{"errorCode":"{code}","message":"as the network would have it"}}}}"#);
            send(http(&format!("{status} X"), "", &body))
        }
        Fault::Redirect { status, .. } => {
            send(http(&format!("{status} X"), "location: http://127.0.0.1:9/\r\n", ""))
        }
        Fault::Empty => send(http("200 OK", "", "")),
        Fault::Refusal { status, .. } => {
            let body = r#"{"code":7,"message":"no","result":null,"requestId":"r"}"#;
            send(http(&format!("{status} X"), "", body))
        }
        Fault::Hang { .. } => vec![Step::Hang],
    }
}

/// Forwards a request to the service and returns the response. The connection closes afterwards.
pub(crate) fn forward(request: &str, port: u16) -> Vec<u8> {
    let mut response = Vec::new();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the service is there");
    let request = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    let passed = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_end(&mut response));
    passed.expect("the service responds");
    response
}
