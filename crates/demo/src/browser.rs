//! HTTP as people's browsers and the operators' programs speak it, to one address on this machine and no other.

use basis::Fault;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

/// No page of the product is near it.
const LARGEST: usize = 8 << 20;

/// Labels everything that the simulation sends.
const SIMULATED: &str = "x-otklik-simulated";

/// An answer that arrived whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Result<Value, Fault> {
        serde_json::from_str(&self.body).map_err(|e| trouble(format!("the answer is not JSON: {e}")))
    }
}

pub fn trouble(what: String) -> Fault {
    Fault::internal("simulation", what)
}

/// A browser or an API client.
#[derive(Debug, Clone)]
pub struct Browser {
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Browser {
    /// # Errors
    /// When the address is not on this machine.
    pub fn new(base_url: &str) -> Result<Self, Fault> {
        let url = url::Url::parse(base_url).map_err(|e| trouble(format!("{base_url}: {e}")))?;
        let local = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        if !local || url.scheme() != "http" {
            return Err(Fault::refused(
                "not_loopback",
                format!("Simulated people visit only this machine, not {base_url}."),
            ));
        }
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(32).build(HttpConnector::new());
        Ok(Self { base: base_url.trim_end_matches('/').to_owned(), client })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, Fault> {
        let mut request =
            Request::builder().method(method).uri(format!("{}{path}", self.base)).header(SIMULATED, "1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).map_err(|e| trouble(format!("{path}: {e}")))?;
        let answer = self.client.request(request).await.map_err(|e| trouble(format!("{path}: {e}")))?;
        let (head, body) = answer.into_parts();
        let body =
            Limited::new(body, LARGEST).collect().await.map_err(|e| trouble(format!("{path}: {e}")))?;
        Ok(Answer {
            status: head.status,
            location: head.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).map(str::to_owned),
            body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        })
    }

    /// Follows a link as a person at a browser without scripts does. Where it leads outside is not visited.
    pub async fn visit(&self, path: &str, agent: &Agent) -> Result<Answer, Fault> {
        self.send(Method::GET, path, &agent.headers(), Bytes::new()).await
    }

    /// Presses the button of a form.
    pub async fn press(&self, path: &str, agent: &Agent, body: String) -> Result<Answer, Fault> {
        let mut headers = agent.headers();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        self.send(Method::POST, path, &headers, body).await
    }

    /// What a mail program posts for its own unsubscribe button (RFC 8058): no cookies, no languages, no page.
    pub async fn one_click(&self, path: &str) -> Result<Answer, Fault> {
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("user-agent", "MailProgram/1.0")];
        self.send(Method::POST, path, &headers, "List-Unsubscribe=One-Click").await
    }

    /// What a link scanner does before anybody has seen the letter.
    pub async fn scan(&self, path: &str, head_first: bool, agent: &str) -> Result<Answer, Fault> {
        let headers = [("user-agent", agent), ("accept", "*/*")];
        if head_first {
            self.send(Method::HEAD, path, &headers, Bytes::new()).await?;
        }
        self.send(Method::GET, path, &headers, Bytes::new()).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Result<Value, Fault> {
        let bearer = format!("Bearer {token}");
        let answer = self.send(Method::GET, path, &[("authorization", &bearer)], Bytes::new()).await?;
        checked(path, &answer)?.json()
    }

    /// Posts JSON as somebody with a token; the answer is not judged.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Result<Answer, Fault> {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.send(Method::POST, path, &headers, body.to_string()).await
    }

    /// Changes something as somebody with a token; the answer is not judged.
    pub async fn patch(&self, path: &str, token: &str, body: &Value) -> Result<Answer, Fault> {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.send(Method::PATCH, path, &headers, body.to_string()).await
    }

    /// Uploads a file as a form with one field, `file`.
    pub async fn upload(&self, path: &str, token: &str, name: &str, content: &str) -> Result<Value, Fault> {
        const BOUNDARY: &str = "otklik-simulated-4f1b9c";
        let bearer = format!("Bearer {token}");
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv; charset=utf-8\r\n\r\n{content}\r\n--{BOUNDARY}--\r\n"
        );
        let headers = [("authorization", bearer.as_str()), ("content-type", kind.as_str())];
        let answer = self.send(Method::POST, path, &headers, body).await?;
        checked(path, &answer)?.json()
    }
}

/// # Errors
/// When the product answered with anything but success.
pub fn checked<'a>(path: &str, answer: &'a Answer) -> Result<&'a Answer, Fault> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let short: String = answer.body.chars().take(300).collect();
    Err(trouble(format!("{path}: {} {short}", answer.status)))
}

/// Somebody's browser and language.
#[derive(Debug, Clone, Copy)]
pub struct Agent {
    pub program: &'static str,
    pub languages: &'static str,
}

/// Browsers of the autumn of 2024.
const PROGRAMS: [&str; 6] = [
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
    "Opera/9.80 (Android; Opera Mini/78.0.2254/191.319; U; uk) Presto/2.12.423 Version/12.16",
];

impl Agent {
    pub fn pick(program: usize, ukrainian: bool) -> Self {
        let languages =
            if ukrainian { "uk-UA,uk;q=0.9,ru;q=0.7,en;q=0.5" } else { "ru-UA,ru;q=0.9,uk;q=0.8,en;q=0.5" };
        Self { program: PROGRAMS[program % PROGRAMS.len()], languages }
    }

    fn headers(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("user-agent", self.program),
            ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            ("accept-language", self.languages),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-mode", "navigate"),
            ("upgrade-insecure-requests", "1"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_visited() {
        assert!(Browser::new("http://127.0.0.1:8080/").is_ok());
        assert!(Browser::new("http://[::1]:8080").is_ok());
        assert!(Browser::new("http://localhost:1").is_ok());
        for address in [
            "http://shop.example",
            "http://127.0.0.1.shop.example",
            "https://127.0.0.1",
            "http://10.0.0.1",
            "x",
        ] {
            assert!(Browser::new(address).is_err(), "{address}");
        }
    }
}
