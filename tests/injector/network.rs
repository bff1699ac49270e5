//! A network between a client and a service that fails as it is told.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::{Step, http};

/// What becomes of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The connection ends before the service saw the request, or after.
    Cut {
        delivered: bool,
    },
    Reset {
        delivered: bool,
    },
    /// Only a part of the service's answer arrives.
    Half,
    /// Other bytes than HTTP.
    Garbage {
        delivered: bool,
    },
    /// A web page under this status.
    Page {
        status: u16,
        delivered: bool,
    },
    /// The gateway's own body; the second number is its code.
    Gateway {
        status: u16,
        code: u16,
        delivered: bool,
    },
    Redirect {
        status: u16,
        delivered: bool,
    },
    /// Success without content.
    Empty,
    /// The service's own refusal under this status. One that was delivered contradicts what the service did.
    Refusal {
        status: u16,
        delivered: bool,
    },
    /// No answer for longer than anybody waits.
    Hang {
        delivered: bool,
    },
}

/// Returns what happens on a connection whose request is met by a fault; `port` is where the service is.
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
    let answer = if delivered { forward(request, port) } else { Vec::new() };
    let send = |text: String| vec![Step::Send(text.into_bytes()), Step::Fin];
    match fault {
        Fault::None => vec![Step::Send(answer), Step::Fin],
        Fault::Cut { .. } => vec![Step::Fin],
        Fault::Reset { .. } => vec![Step::Rst],
        Fault::Half => vec![Step::Send(answer[..answer.len() * 3 / 4].to_vec()), Step::Fin],
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

/// Passes a request on to the service and returns the answer, after which the connection closes.
pub(crate) fn forward(request: &str, port: u16) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the service is there");
    let request = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    let passed = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_end(&mut answer));
    passed.expect("the service answers");
    answer
}
