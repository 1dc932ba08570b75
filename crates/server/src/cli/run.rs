//! `serve` and `demo`.

use std::net::{IpAddr, SocketAddr};

use basis::Fault;
use clap::Args;

use super::Where;
use crate::{exit, play, serve};

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    place: Where,
    /// Where the cabinet and the API listen.
    #[arg(long, env = "OTKLIK_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: String,
    /// The address that letters link to; needed before anybody outside of this machine is written to.
    #[arg(long, env = "OTKLIK_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Where bounces, replies and mailto unsubscribes arrive by SMTP.
    #[arg(long, env = "OTKLIK_INBOUND_SMTP", value_name = "ADDR")]
    inbound_smtp: Option<SocketAddr>,
    /// The same by LMTP, behind a mail server of one's own.
    #[arg(long, env = "OTKLIK_INBOUND_LMTP", value_name = "ADDR")]
    inbound_lmtp: Option<SocketAddr>,
    /// Proxies whose X-Forwarded-For is believed.
    #[arg(long, env = "OTKLIK_TRUSTED_PROXIES", value_delimiter = ',', value_name = "IP")]
    trusted_proxies: Vec<IpAddr>,
}

impl Serve {
    pub async fn run(self) -> Result<(), Fault> {
        if let Some(url) = &self.public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(Fault::invalid("public_url", "--public-url starts with http:// or https://"));
        }
        let place = serve::Place {
            public_url: self.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned()),
            trusted_proxies: self.trusted_proxies,
            ..self.place.place()
        };
        let app = serve::open(&place).await?;
        let listen = serve::Listen {
            http: self.listen,
            smtp: self.inbound_smtp,
            lmtp: self.inbound_lmtp,
            workers: true,
        };
        let server = serve::start(&app, &listen).await?;
        exit::say(&format!("otklik: http://{}", server.address));
        if !access::any_administrator(&app).await? {
            let link = access::new_setup_link(&app).await?;
            exit::say(&format!("otklik: make the first administrator within a day at {link}"));
        }
        server.wait().await;
        Ok(())
    }
}

#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    place: Where,
    #[arg(long, env = "OTKLIK_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: String,
    /// The same seed plays the same people.
    #[arg(long, env = "OTKLIK_SEED", default_value_t = 1)]
    seed: u64,
    /// Play to the end without a page and print the final funnel.
    #[arg(long)]
    headless: bool,
    /// With --headless: the funnel as JSON.
    #[arg(long)]
    json: bool,
    /// An empty simulated workspace whose people wait: import, write and call by hand.
    #[arg(long, conflicts_with = "headless")]
    by_hand: bool,
}

impl Demo {
    pub async fn run(self) -> Result<(), Fault> {
        let wanted = play::Wanted {
            place: self.place.place(),
            listen: self.listen,
            seed: self.seed,
            by_hand: self.by_hand,
        };
        if self.headless { play::headless(&wanted, self.json).await } else { play::open(&wanted).await }
    }
}
