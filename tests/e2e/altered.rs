//! A service that responds like the sandbox, except to some requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cdss::sandbox::{Options, Sandbox, Scenario};
use serde_json::{Value, json};

use crate::injector::network::forward;
use crate::injector::{Injector, Step, http};
use crate::support::{Home, Run, serve};

pub(crate) struct Altered {
    pub(crate) sandbox: Sandbox,
    injector: Injector,
    pub(crate) home: Home,
}

impl Altered {
    /// Responds with what `instead` returns, if anything. The sandbox does not see that request.
    pub(crate) fn new(instead: impl Fn(&str) -> Option<String> + Send + Sync + Clone + 'static) -> Self {
        Self::serving(move |request, port| {
            instead(request).map_or_else(|| forward(request, port), String::into_bytes)
        })
    }

    /// Lets `edit` change the `result` of every response to a request that contains `path`.
    pub(crate) fn editing(
        path: &'static str,
        edit: impl Fn(&mut Value) + Send + Sync + Clone + 'static,
    ) -> Self {
        Self::serving(move |request, port| {
            let answer = forward(request, port);
            if !request.contains(path) {
                return answer;
            }
            let text = String::from_utf8(answer).expect("the sandbox answers in UTF-8");
            let (_, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
            let mut body: Value = serde_json::from_str(body).expect("the sandbox answers in JSON");
            edit(&mut body["result"]);
            answers(&body).into_bytes()
        })
    }

    fn serving(answer: impl Fn(&str, u16) -> Vec<u8> + Send + Sync + Clone + 'static) -> Self {
        Self::serving_with(Options::default(), answer)
    }

    /// Responds with what `answer` returns for a request and the port of a sandbox with these options.
    pub(crate) fn serving_with(
        options: Options,
        answer: impl Fn(&str, u16) -> Vec<u8> + Send + Sync + Clone + 'static,
    ) -> Self {
        let sandbox = serve(options);
        let port = sandbox.port();
        let injector = Injector::start(move |_| {
            let answer = answer.clone();
            let reply = move |request: &str| answer(request, port);
            vec![Step::Read, Step::Respond(Box::new(reply)), Step::Fin]
        });
        Self { sandbox, injector, home: Home::empty() }
    }

    /// Lets `edit` change the body of every response, beginning with the response to the first start. It also
    /// receives the request.
    pub(crate) fn editing_after_start(scenario: Scenario, edit: fn(&str, &mut Value)) -> Self {
        let started = Arc::new(AtomicBool::new(false));
        Self::serving_with(Options { scenario, ..Options::default() }, move |request, port| {
            let answer = forward(request, port);
            started.fetch_or(request.contains("/rollingUpgrade "), Ordering::SeqCst);
            let text = String::from_utf8_lossy(&answer).into_owned();
            let body = text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
            match body {
                Some(mut body) if started.load(Ordering::SeqCst) => {
                    edit(request, &mut body);
                    answers(&body).into_bytes()
                }
                _ => answer,
            }
        })
    }

    pub(crate) fn url(&self) -> String {
        self.injector.url()
    }

    pub(crate) fn json(&self, line: &str) -> (Run, Value) {
        let run = self.home.run_at(&self.url(), &format!("{line} -o json"));
        let document = run.document();
        (run, document)
    }
}

pub(crate) fn answers(body: &Value) -> String {
    http("200 OK", "Content-Type: application/json\r\n", &body.to_string())
}

pub(crate) fn success(result: &Value) -> String {
    answers(&json!({ "code": 0, "message": "SUCCESS", "requestId": "r-null", "result": result }))
}
